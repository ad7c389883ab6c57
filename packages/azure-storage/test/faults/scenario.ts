/** An orchestration that makes every kind of request: an event with the start, activities one after the other and side by side, a status, a next generation, a timer, a child, and payloads that a queue does not take. */
import { createHash, randomUUID } from 'node:crypto'
import { defineActivity, defineEvent, defineOrchestration, type AnyActivity, type AnyOrchestration } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'

/** One run of an activity: with what, for whom, and what it answered. */
export interface ActivityRun {
  readonly instanceId: string
  readonly taskId: number
  readonly name: string
  readonly input: string
  readonly nonce: string
}

/** A result as an orchestration hands it on. */
export type Result = Pick<ActivityRun, 'name' | 'input' | 'nonce'>

interface Generation {
  readonly results: readonly Result[]
  readonly ballast?: string | undefined
}

export interface Scenario {
  readonly orchestrations: readonly AnyOrchestration[]
  readonly activities: readonly AnyActivity[]
}

/** Base64 that no compression makes small, the same in every process. More than a queue message takes, and more than a column. */
export const largeText = Buffer.concat(Array.from({ length: 1_700 }, (_, index) => createHash('sha256').update(String(index)).digest())).toString('base64')
export const goEvent = defineEvent<string>('Go')
/** Of all results, in order. */
export const expectedCalls: readonly string[] = ['Work first', 'Work second', 'Work a', 'Work b', 'Work c', 'Work go!', 'Work child', 'Large big']

export interface ScenarioOptions {
  /** How long one of the activities takes: longer than half of a lock, so that it is renewed. */
  readonly slowMs?: number | undefined
}

export function scenario(record: (run: ActivityRun) => void, { slowMs = 0 }: ScenarioOptions = {}): Scenario {
  const run = ({ instanceId, taskId, name }: { instanceId: string; taskId: number; name: string }, input: string): Result => {
    const nonce = randomUUID()
    record({ instanceId, taskId, name, input, nonce })
    return { name, input, nonce }
  }
  const work = defineActivity('Work', async (ctx, input: string) => {
    if (input === 'b' && slowMs > 0) await sleep(systemClock, slowMs)
    return run(ctx, input)
  })
  const large = defineActivity('Large', (ctx, input: string) => ({ ...run(ctx, input), ballast: largeText }))
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, input))
  const flow = defineOrchestration('Flow', async (ctx, { results, ballast }: Generation) => {
    if (results.length === 0) {
      if (ballast !== largeText) throw new Error('the input is not what was sent')
      const go = await ctx.waitForExternalEvent(goEvent)
      const first = [await ctx.callActivity(work, 'first'), await ctx.callActivity(work, 'second')]
      ctx.setCustomStatus('half')
      const second = await Promise.all(['a', 'b', 'c'].map((input) => ctx.callActivity(work, input)))
      return ctx.continueAsNew({ results: [...first, ...second, await ctx.callActivity(work, go)] })
    }
    await ctx.createTimer('1s')
    const ofChild = await ctx.callSubOrchestration(child, 'child')
    const { ballast: back, ...big } = await ctx.callActivity(large, 'big')
    if (back !== largeText) throw new Error('the large result is not what the activity gave')
    return [...results, ofChild, big]
  })
  return { orchestrations: [flow, child], activities: [work, large] }
}

/** What is wrong with the results, against the log of what ran; empty: nothing. */
export function problemsOfResults(output: unknown, runs: readonly ActivityRun[]): string[] {
  const results = Array.isArray(output) ? (output as readonly Result[]) : []
  const calls = results.map(({ name, input }) => `${name} ${input}`)
  const wrong = calls.join() === expectedCalls.join() ? [] : [`results of ${calls.join()}`]
  const foreign = results.filter(({ name, input, nonce }) => !runs.some((run) => run.nonce === nonce && run.name === name && run.input === input))
  return [...wrong, ...foreign.map(({ name, input, nonce }) => `${name} ${input} has ${nonce}, which no run of it gave`)]
}
