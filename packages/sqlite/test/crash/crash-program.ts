/** Orchestrations of all kinds for the crash test. Every result is a nonce that one run of one activity gave, and every orchestration hands on all it got. */
import { randomUUID } from 'node:crypto'
import { defineActivity, defineEvent, defineOrchestration, type ActivityDefinition, type AnyActivity, type AnyOrchestration } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'

/** A run of an activity, as its log line has it. */
export interface ActivityRun {
  readonly instanceId: string
  readonly taskId: number
  readonly name: string
  readonly input: string
  readonly nonce: string
}

export type Result = Pick<ActivityRun, 'name' | 'input' | 'nonce'>

export const tickEvent = defineEvent<number>('Tick')
export const ticks = 6

const sequence = Array.from({ length: 5 }, (_, index) => `Work step ${index}`)

/** What an instance of each kind has to have in its output: `name input` of each result, without an order where the order is drawn. */
export const kinds = {
  Sequence: sequence,
  /** Branches on the order in which activities come to their end. */
  Race: ['Work 0', 'Work 1', 'Work 2', 'Work after'],
  /** Counts events. */
  Count: Array.from({ length: ticks }, (_, index) => `Work tick ${index}`),
  FanOut: Array.from({ length: 8 }, (_, index) => `Work ${index}`),
  Family: ['Work left', 'Work right', 'Work parent'],
  Generations: ['Work generation 0', 'Work generation 1', 'Work generation 2'],
  Timers: ['Work before', 'Work after'],
  Retries: ['Fragile 2'],
} as const

export type Kind = keyof typeof kinds

interface Carried {
  readonly generation: number
  readonly results: readonly Result[]
}

export interface CrashProgram {
  readonly orchestrations: AnyOrchestration[]
  readonly activities: AnyActivity[]
}

export function crashProgram(record: (run: ActivityRun) => void): CrashProgram {
  const run = ({ instanceId, taskId, name }: { instanceId: string; taskId: number; name: string }, input: string): Result => {
    const nonce = randomUUID()
    record({ instanceId, taskId, name, input, nonce })
    return { name, input, nonce }
  }
  const work = defineActivity('Work', async (ctx, { input, takesMs }: { input: string; takesMs: number }): Promise<Result> => {
    if (takesMs > 0) await sleep(systemClock, takesMs)
    return run(ctx, input)
  })
  const fragile = defineActivity('Fragile', (ctx, attempt: number): Result => {
    if (attempt < 2) throw new Error(`attempt ${attempt}`)
    return run(ctx, String(attempt))
  })
  return { orchestrations: [...sequentialKinds(work), ...parallelKinds(work), retriesOf(fragile)], activities: [work, fragile] }
}

type Work = ActivityDefinition<{ input: string; takesMs: number }, Result>

function sequentialKinds(work: Work): AnyOrchestration[] {
  const steps = defineOrchestration('Sequence', async (ctx) => {
    const results: Result[] = []
    for (let step = 0; step < sequence.length; step++) results.push(await ctx.callActivity(work, { input: `step ${step}`, takesMs: 0 }))
    return results
  })
  const count = defineOrchestration('Count', async (ctx) => {
    const results: Result[] = []
    while (results.length < ticks) results.push(await ctx.callActivity(work, { input: `tick ${await ctx.waitForExternalEvent(tickEvent)}`, takesMs: 5 }))
    return results
  })
  const generations = defineOrchestration('Generations', async (ctx, { generation, results }: Carried) => {
    const all = [...results, await ctx.callActivity(work, { input: `generation ${generation}`, takesMs: 10 })]
    return generation === 2 ? all : ctx.continueAsNew({ generation: generation + 1, results: all })
  })
  const timers = defineOrchestration('Timers', async (ctx) => {
    const before = await ctx.callActivity(work, { input: 'before', takesMs: 0 })
    await Promise.race([ctx.createTimer(300), ctx.waitForExternalEvent('Never')])
    return [before, await ctx.callActivity(work, { input: 'after', takesMs: 0 })]
  })
  return [steps, count, generations, timers]
}

function parallelKinds(work: Work): AnyOrchestration[] {
  const race = defineOrchestration('Race', async (ctx) => {
    const open = new Map([0, 1, 2].map((each) => [each, ctx.callActivity(work, { input: String(each), takesMs: Math.floor(ctx.random() * 60) }).then((result) => ({ each, result }))]))
    const results: Result[] = []
    while (open.size > 0) {
      const { each, result } = await Promise.race(open.values())
      open.delete(each)
      results.push(result)
      // Which task comes next depends on who was first.
      if (results.length === 1) await ctx.createTimer((each + 1) * 20)
    }
    return [...results, await ctx.callActivity(work, { input: 'after', takesMs: 0 })]
  })
  const fanOut = defineOrchestration('FanOut', (ctx) => Promise.all(kinds.FanOut.map((_, each) => ctx.callActivity(work, { input: String(each), takesMs: 10 * each }))))
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, { input, takesMs: 10 }))
  const family = defineOrchestration('Family', async (ctx) => {
    const children = await Promise.all(['left', 'right'].map((input) => ctx.callSubOrchestration(child, input)))
    return [...children, await ctx.callActivity(work, { input: 'parent', takesMs: 0 })]
  })
  return [race, fanOut, child, family]
}

function retriesOf(fragile: ActivityDefinition<number, Result>): AnyOrchestration {
  return defineOrchestration('Retries', async (ctx) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return [await ctx.callActivity(fragile, attempt)]
      } catch {
        await ctx.createTimer(20)
      }
    }
  })
}

/** What is wrong with the output of an instance, against the log of what ran; nonces it hands on are added to `used`. */
export function problemsOfOutput(kind: Kind, instanceId: string, output: unknown, { runs, used }: { readonly runs: ReadonlyMap<string, ActivityRun>; readonly used: Set<string> }): string[] {
  const results = Array.isArray(output) ? (output as readonly Result[]) : []
  const calls = results.map(({ name, input }) => `${name} ${input}`)
  const problems = [...calls].sort().join() === [...kinds[kind]].sort().join() ? [] : [`results of ${calls.join()}`]
  for (const { name, input, nonce } of results) {
    const run = runs.get(nonce)
    if (used.has(nonce)) problems.push(`${input} has a result that somebody else has too`)
    used.add(nonce)
    if (run === undefined) problems.push(`${input} has a result that no run gave`)
    else if (run.name !== name || run.input !== input || (kind !== 'Family' && run.instanceId !== instanceId)) problems.push(`${input} has the result of ${run.input} of ${run.instanceId}`)
  }
  return problems.map((problem) => `${instanceId}: ${problem}`)
}
