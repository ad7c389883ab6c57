import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { at, childCreated, completed, eventSent, started, taskScheduled, timerCreated, turnEnd, turnStart } from './history-events.js'
import { codeOf, failureOf, instanceOf, shown, type OrchestrationFunction } from './test-instance.js'

const replay = async (run: OrchestrationFunction, ...events: readonly HistoryEvent[]) => instanceOf(run).replay([turnStart(0), started('orderFlow'), ...events])

const calls: Record<string, readonly [(ctx: OrchestrationContext) => unknown, string]> = {
  activity: [(ctx) => ctx.callActivity('Charge'), "activity 'Charge'"],
  timer: [(ctx) => ctx.createTimer('5s'), `a timer until ${at(5)}`],
  child: [(ctx) => ctx.callSubOrchestration('Ship', 1, { instanceId: 'kid' }), "sub-orchestration 'Ship' (kid)"],
  event: [(ctx) => ctx.sendEvent('other', 'Ready'), "event 'Ready' sent to other"],
  nothing: [() => undefined, 'nothing: it has not scheduled anything under this id'],
}
const records: Record<string, readonly [HistoryEvent, string]> = {
  activity: [taskScheduled(0, 'Bill'), "activity 'Bill'"],
  timer: [timerCreated(0, at(7)), `a timer until ${at(7)}`],
  child: [childCreated(0, 'Pack', 'kid'), "sub-orchestration 'Pack' (kid)"],
  event: [eventSent(0, 'Done', 'other'), "event 'Done' sent to other"],
}

describe('every kind of mismatch is reported', () => {
  const pairs = Object.keys(records).flatMap((record) => Object.keys(calls).map((call) => [record, call] as const)).filter(([record, call]) => !(record === 'timer' && call === 'timer'))

  it.each(pairs)('history recorded %s, the code did %s', async (record, call) => {
    const [event, recordedText] = records[record] as (typeof records)[string]
    const [make, doneText] = calls[call] as (typeof calls)[string]
    const turn = await replay(async (ctx) => {
      make(ctx)
      await ctx.waitForExternalEvent('x')
    }, event)
    expect(codeOf(turn)).toBe('DTFX_NONDETERMINISTIC')
    const { errorMessage, isNonRetriable } = failureOf(turn)
    expect(errorMessage).toContain("Orchestration 'orderFlow' (order-1) does not do what its history says it did.")
    expect(errorMessage).toContain('at action        #0')
    expect(errorMessage).toContain(`history recorded ${recordedText}`)
    expect(errorMessage).toContain(`the code did     ${doneText}`)
    expect(errorMessage).toContain('ctx.patched')
    expect(isNonRetriable).toBe(true)
    expect(turn.actions).toHaveLength(1)
  })
})

describe('the report', () => {
  it('has the line of the call', async () => {
    const turn = await replay(async (ctx) => {
      await helper(ctx)
    }, taskScheduled(0, 'Bill'))
    expect(failureOf(turn).errorMessage).toMatch(/called at {8}.*helper.*nondeterminism-report\.test\.ts:\d+/)
    async function helper(ctx: OrchestrationContext): Promise<void> {
      await ctx.callActivity('Charge')
    }
  })

  it('has the line also after an await, and of the first call of a retried one', async () => {
    const turn = await replay(
      async (ctx) => {
        await ctx.callActivity('First')
        await ctx.callActivity('Charge', 1, { retry: { maxAttempts: 3 } })
      },
      taskScheduled(0, 'First'), turnEnd(), turnStart(1), completed(0), taskScheduled(1, 'Bill'),
    )
    expect(failureOf(turn).errorMessage).toMatch(/at action {8}#1\n[\s\S]*called at {8}.*nondeterminism-report\.test\.ts:\d+/)
  })

  it('shows what else the code scheduled, up to three', async () => {
    const turn = await replay(async (ctx) => Promise.all(['A', 'B', 'C', 'D', 'E'].map((name) => ctx.callActivity(name))), taskScheduled(0, 'X'))
    expect(failureOf(turn).errorMessage).toContain("also scheduled   activity 'B', activity 'C', activity 'D'\n")
  })

  it('does not touch what fits: names in another case, other versions, inputs, times and targets', async () => {
    const run: OrchestrationFunction = async (ctx) => {
      ctx.sendEvent('elsewhere', 'READY', 'new')
      return Promise.all([ctx.callActivity('CHARGE', 'new', { version: '9' }), ctx.createTimer('99s'), ctx.callSubOrchestration('SHIP', 'new', { instanceId: 'elsewhere' })])
    }
    expect(shown(await replay(run, eventSent(0, 'ready', 'x'), taskScheduled(1, 'charge'), timerCreated(2, at(1)), childCreated(3, 'ship', 'y')))).toStrictEqual([])
  })

  it('code that schedules more than the history holds is not one: the rest is new', async () => {
    const turn = await replay(async (ctx) => Promise.all([ctx.callActivity('a'), ctx.callActivity('b')]), taskScheduled(0, 'a'), turnEnd())
    expect(shown(turn)).toStrictEqual(['activity 1 b'])
  })

  it('is not made of a replay that fits: code that differs from run to run goes on where it matches', async () => {
    let runs = 0
    const turn = await replay(async (ctx) => ctx.callActivity(runs++ === 0 ? 'Charge' : 'Bill'), taskScheduled(0, 'Bill'))
    expect([runs, shown(turn)]).toStrictEqual([2, []])
  })

  it('the decision recorded twice is a mismatch', async () => {
    const turn = await replay(async (ctx) => ctx.callActivity('a'), taskScheduled(0, 'a'), taskScheduled(0, 'a'))
    expect(failureOf(turn).errorMessage).toContain('nothing: it has not scheduled anything under this id')
  })
})
