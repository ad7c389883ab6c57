import { describe, expect, expectTypeOf, it } from 'vitest'
import { defineActivity, defineOrchestration, type OrchestrationContext } from '@dtfx/core'
import { replayHistory, runOrchestration } from '@dtfx/testing'
import type { HistoryEvent } from '@dtfx/core/provider'

const hello = defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`)
const bye = defineActivity('Bye', async (_ctx, name: string) => `Bye ${name}!`)
const activities = [hello, bye]
const flow = defineOrchestration('Flow', async (ctx, name: string) => {
  ctx.setCustomStatus('half')
  return [await ctx.callActivity(hello, name), await ctx.callActivity(bye, name)].join(' ')
})

async function recorded(): Promise<readonly HistoryEvent[]> {
  return (await runOrchestration(flow, { input: 'you', activities })).history
}

/** The history up to the end of its n-th turn. */
function turns(history: readonly HistoryEvent[], count: number): HistoryEvent[] {
  let seen = 0
  return history.filter(({ type }) => (type === 'OrchestratorCompleted' ? seen++ : seen) < count)
}

describe('replayHistory', () => {
  it('returns the outcome of unchanged code, typed', async () => {
    const outcome = await replayHistory(flow, await recorded())
    expectTypeOf(outcome.output).toEqualTypeOf<string | undefined>()
    expect(outcome).toEqual({ status: 'Completed', output: 'Hello you! Bye you!', failure: undefined, customStatus: 'half' })
  })

  it('takes every form of export', async () => {
    const history = await recorded()
    for (const exported of [{ history }, { events: history }, JSON.stringify(history), JSON.stringify({ history })]) {
      expect((await replayHistory([flow], exported)).status).toBe('Completed')
    }
  })

  it('replays histories that are not finished', async () => {
    const history = await recorded()
    for (const count of [1, 2]) expect(await replayHistory(flow, turns(history, count))).toMatchObject({ status: 'Running', output: undefined, customStatus: 'half' })
    const suspended: HistoryEvent[] = [...turns(history, 1), { type: 'OrchestratorStarted', eventId: -1, timestamp: '2030-01-01T00:00:00Z' }, { type: 'ExecutionSuspended', eventId: -1, timestamp: '2030-01-01T00:00:00Z' }]
    expect((await replayHistory(flow, suspended)).status).toBe('Suspended')
  })

  it.each([
    ['another activity', async (ctx, name) => [await ctx.callActivity(bye, name), await ctx.callActivity(bye, name)].join(' '), /history recorded activity 'Hello'[^]*the code did {5}activity 'Bye'/],
    ['a timer before', async (ctx, name) => (await ctx.createTimer('1s'), ctx.callActivity(hello, name)), /a timer until/],
    ['one call less', async (ctx, name) => ctx.callActivity(hello, name), /#1/],
    ['one call more at the end', async (ctx, name) => [await ctx.callActivity(hello, name), await ctx.callActivity(bye, name), await ctx.callActivity(bye, name)].join(' '), /recorded nothing more[^]*#2 activity 'Bye'/],
    ['a call nobody awaits', async (ctx, name) => (await ctx.callActivity(hello, name), await ctx.callActivity(bye, name), void ctx.callActivity(bye, name), 'end'), /recorded nothing more/],
    ['another end', async (ctx, name) => (await ctx.callActivity(hello, name), await ctx.callActivity(bye, name), Promise.reject(new Error('oh'))), /recorded the end as Completed[^]*Failed: oh/],
    ['no end', async (ctx, name) => (await ctx.callActivity(hello, name), await ctx.callActivity(bye, name), ctx.waitForExternalEvent<string>('never')), /the end as Completed[^]*still waits/],
  ] satisfies [string, (ctx: OrchestrationContext<string>, name: string) => Promise<string>, RegExp][])('reports %s', async (_, run, report) => {
    const changed = defineOrchestration<string, string>('Flow', run)
    await expect(replayHistory(changed, await recorded())).rejects.toMatchObject({ code: 'DTFX_NONDETERMINISTIC', message: expect.stringMatching(report) as string })
  })

  it('reports an end that history does not have', async () => {
    const changed = defineOrchestration('Flow', async (ctx, name: string) => ctx.callActivity(hello, name))
    await expect(replayHistory(changed, turns(await recorded(), 1))).resolves.toMatchObject({ status: 'Running' })
    const early = defineOrchestration('Flow', async (ctx, name: string) => (void ctx.callActivity(hello, name), 'early'))
    await expect(replayHistory(early, turns(await recorded(), 1))).rejects.toThrow(/no end: it goes on[^]*ended {3}as Completed/)
  })

  it('reports code that does more than the last turn recorded', async () => {
    const more = defineOrchestration('Flow', async (ctx, name: string) => Promise.all([ctx.callActivity(hello, name), ctx.callActivity(bye, name)]))
    await expect(replayHistory(more, turns(await recorded(), 1))).rejects.toThrow(/recorded nothing more[^]*activity 'Bye'/)
  })

  it('replays failures, continuations and terminations', async () => {
    const failing = defineOrchestration('Fails', async () => Promise.reject(new Error('oh')))
    const failed = (await runOrchestration(failing)).history
    expect(await replayHistory(failing, failed)).toMatchObject({ status: 'Failed', failure: { errorMessage: 'oh' } })
    const again = defineOrchestration('Again', async (ctx, count: number) => ctx.continueAsNew(count + 1))
    const cut = (await runOrchestration(again, { input: 0, maxGenerations: 1 })).history
    expect(await replayHistory(again, cut)).toMatchObject({ status: 'ContinuedAsNew' })
    const at = '2030-01-01T00:00:00Z'
    const terminated: HistoryEvent[] = [
      ...turns(await recorded(), 1),
      { type: 'OrchestratorStarted', eventId: -1, timestamp: at },
      { type: 'ExecutionTerminated', eventId: -1, timestamp: at, input: 'enough' },
      { type: 'ExecutionCompleted', eventId: 1, timestamp: at, status: 'Terminated', result: 'enough' },
      { type: 'OrchestratorCompleted', eventId: -1, timestamp: at },
    ]
    expect(await replayHistory(flow, terminated)).toMatchObject({ status: 'Terminated', output: undefined })
  })

  it('accepts that a generation that was committed before it ran decides everything anew', async () => {
    const at = '2030-01-01T00:00:00Z'
    const start: HistoryEvent = { type: 'ExecutionStarted', eventId: -1, timestamp: at, instance: { instanceId: 'a', executionId: 'x' }, name: 'Flow', input: '"you"', generation: 10 }
    const unexecuted: HistoryEvent[] = [{ type: 'OrchestratorStarted', eventId: -1, timestamp: at }, start, { type: 'OrchestratorCompleted', eventId: -1, timestamp: at }]
    expect((await replayHistory(flow, unexecuted)).status).toBe('Running')
    await expect(replayHistory(flow, [unexecuted[0]!, { ...start, generation: 0 } as HistoryEvent, unexecuted[2]!])).rejects.toThrow(/recorded nothing more/)
  })

  it.each([
    ['no list', { nothing: 1 }, /no list of events/],
    ['no JSON', '{', /no JSON text/],
    ['other things', [{ type: 'OrchestratorStarted' }, 5], /item 1 of the list is no event/],
    ['no start', [{ type: 'OrchestratorStarted', eventId: -1, timestamp: '2030-01-01T00:00:00Z' }], /no ExecutionStarted/],
  ])('refuses %s', async (_, exported, message) => {
    await expect(replayHistory(flow, exported as never)).rejects.toMatchObject({ code: 'DTFX_HISTORY_CORRUPT', message: expect.stringMatching(message) as string })
  })

  it('names the orchestrations it knows', async () => {
    const other = defineOrchestration('Other', async () => {})
    await expect(replayHistory(other, await recorded())).rejects.toMatchObject({ code: 'DTFX_UNKNOWN_ORCHESTRATION', message: expect.stringContaining('Registered: Other') as string })
  })
})
