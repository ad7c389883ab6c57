/** Orchestrations of all kinds for the crash test. Every result is a nonce that one run of one activity gave, and every orchestration hands on all it got. */
import { randomUUID } from 'node:crypto'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import type { ActivityRun, Result, Scenario } from '../faults/scenario.js'

export const tickEvent = defineEvent<number>('Tick')
export const ticks = 6

/** What an instance of each kind has to have in its output: `name input` of each result, without an order where the order is drawn. */
export const kinds = {
  /** Branches on the order in which activities come to their end. */
  Race: ['Work 0', 'Work 1', 'Work 2', 'Work after'],
  /** Counts events. */
  Count: Array.from({ length: ticks }, (_, index) => `Work tick ${index}`),
  FanOut: ['Work 0', 'Work 1', 'Work 2', 'Work 3', 'Work 4'],
  Family: ['Work left', 'Work right', 'Work parent'],
  Generations: ['Work generation 0', 'Work generation 1', 'Work generation 2'],
  Timers: ['Work before', 'Work after'],
} as const

export type Kind = keyof typeof kinds

interface Carried {
  readonly generation: number
  readonly results: readonly Result[]
}

export function crashProgram(record: (run: ActivityRun) => void): Scenario {
  const work = defineActivity('Work', async ({ instanceId, taskId, name }, { input, takesMs }: { input: string; takesMs: number }): Promise<Result> => {
    await sleep(systemClock, takesMs)
    const nonce = randomUUID()
    record({ instanceId, taskId, name, input, nonce })
    return { name, input, nonce }
  })
  const race = defineOrchestration('Race', async (ctx) => {
    const open = new Map([0, 1, 2].map((each) => [each, ctx.callActivity(work, { input: String(each), takesMs: Math.floor(ctx.random() * 300) }).then((result) => ({ each, result }))]))
    const results: Result[] = []
    while (open.size > 0) {
      const { each, result } = await Promise.race(open.values())
      open.delete(each)
      results.push(result)
      // Which task comes next depends on who was first.
      if (results.length === 1) await ctx.createTimer((each + 1) * 50)
    }
    return [...results, await ctx.callActivity(work, { input: 'after', takesMs: 0 })]
  })
  const count = defineOrchestration('Count', async (ctx) => {
    const results: Result[] = []
    while (results.length < ticks) results.push(await ctx.callActivity(work, { input: `tick ${await ctx.waitForExternalEvent(tickEvent)}`, takesMs: 20 }))
    return results
  })
  const fanOut = defineOrchestration('FanOut', (ctx) => Promise.all([0, 1, 2, 3, 4].map((each) => ctx.callActivity(work, { input: String(each), takesMs: 100 * each }))))
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, { input, takesMs: 50 }))
  const family = defineOrchestration('Family', async (ctx) => {
    const children = await Promise.all(['left', 'right'].map((input) => ctx.callSubOrchestration(child, input)))
    return [...children, await ctx.callActivity(work, { input: 'parent', takesMs: 0 })]
  })
  const generations = defineOrchestration('Generations', async (ctx, { generation, results }: Carried) => {
    const all = [...results, await ctx.callActivity(work, { input: `generation ${generation}`, takesMs: 50 })]
    return generation === 2 ? all : ctx.continueAsNew({ generation: generation + 1, results: all })
  })
  const timers = defineOrchestration('Timers', async (ctx) => {
    const before = await ctx.callActivity(work, { input: 'before', takesMs: 0 })
    await Promise.race([ctx.createTimer('1s'), ctx.waitForExternalEvent('Never')])
    return [before, await ctx.callActivity(work, { input: 'after', takesMs: 0 })]
  })
  return { orchestrations: [race, count, fanOut, child, family, generations, timers], activities: [work] }
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
