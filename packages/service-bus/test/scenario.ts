/** An orchestration that makes every kind of request: an event, activities one after the other and side by side, a next generation, a timer, a child, and, on demand, payloads that no message takes. Activities answer with a nonce that they have logged. */
import { createHash, randomUUID } from 'node:crypto'
import { defineActivity, defineEvent, defineOrchestration, type AnyActivity, type AnyOrchestration, type HistoryEvent } from '@dtfx/core'

/** One run of an activity: for whom, with what, and what it answered. */
export interface ActivityRun {
  readonly instanceId: string
  readonly input: string
  readonly nonce: string
}

interface Generation {
  readonly results: readonly Result[]
  readonly isLarge: boolean
}

export type Result = Pick<ActivityRun, 'input' | 'nonce'>

export interface Scenario {
  readonly orchestrations: readonly AnyOrchestration[]
  readonly activities: readonly AnyActivity[]
}

/** Hexadecimal digits of hashes: half of it is what no compression takes away; more than a message and a table cell hold. */
export const largeText = Array.from({ length: 8_000 }, (_, index) => createHash('sha256').update(String(index)).digest('hex')).join('')
export const goEvent = defineEvent<string>('Go')
const inputs = ['first', 'second', 'a', 'b', 'c', 'go!', 'child', 'last']

export function scenario(record: (run: ActivityRun) => void): Scenario {
  const work = defineActivity('Work', (ctx, { input, ballast }: { input: string; ballast?: string }) => {
    const nonce = randomUUID()
    record({ instanceId: ctx.instanceId, input, nonce })
    return ballast === undefined ? { input, nonce } : { input, nonce, ballast }
  })
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, { input }))
  const flow = defineOrchestration('Flow', async (ctx, { results, isLarge }: Generation) => {
    const call = async (input: string): Promise<Result> => ctx.callActivity(work, { input })
    if (results.length === 0) {
      const go = await ctx.waitForExternalEvent(goEvent)
      const first = [await call('first'), await call('second')]
      const second = await Promise.all(['a', 'b', 'c'].map(call))
      return ctx.continueAsNew({ results: [...first, ...second, await call(go)], isLarge })
    }
    await ctx.createTimer(50)
    const ofChild = (await ctx.callSubOrchestration(child, 'child')) as Result
    const { ballast, ...last } = (await ctx.callActivity(work, isLarge ? { input: 'last', ballast: largeText } : { input: 'last' })) as Result & { ballast?: string }
    if (isLarge && ballast !== largeText) throw new Error('the large result is not what was sent')
    return [...results, ofChild, last]
  })
  return { orchestrations: [flow, child], activities: [work] }
}

/** What is wrong with the output of an instance and its history, against the log of what ran; empty: nothing. */
export function problemsOf(output: unknown, history: readonly HistoryEvent[], runs: readonly ActivityRun[]): string[] {
  const results = Array.isArray(output) ? (output as readonly Result[]) : []
  const problems = results.map(({ input }) => input).join() === inputs.join() ? [] : [`results of ${JSON.stringify(output)}`]
  for (const { input, nonce } of results) if (!runs.some((run) => run.nonce === nonce && run.input === input)) problems.push(`'${input}' has ${nonce}, which no run of it gave`)
  const completions = history.filter(({ type }) => type === 'ExecutionCompleted').length
  if (completions !== 1) problems.push(`${completions} ends in the history`)
  const answers = history.flatMap((event) => ('taskScheduledId' in event ? [event.taskScheduledId] : []))
  if (new Set(answers).size !== answers.length) problems.push(`a task is answered twice: ${answers.join()}`)
  return problems
}
