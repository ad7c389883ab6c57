import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { eventTypeNumbers, type HistoryEvent } from '../../src/model/events.js'
import { at, childCompleted, childCreated, childFailed, completed, eventSent, failed, fired, raised, resumed, started, suspended, taskScheduled, terminated, timerCreated, turnEnd, turnStart } from './history-events.js'
import { codeOf, endOf, failureOf, instanceOf, resultOf, shown, type OrchestrationFunction } from './test-instance.js'

const outside = { eventId: -1, timestamp: at(0) }

interface Row {
  readonly run: OrchestrationFunction
  /** Events of the second turn, all of them or those that matter. */
  readonly events: readonly HistoryEvent[]
  readonly expected: unknown
}

const act: OrchestrationFunction = async (ctx) => ctx.callActivity('a')
const child: OrchestrationFunction = async (ctx) => ctx.callSubOrchestration('c')
const then: OrchestrationFunction = async (ctx) => [await ctx.callActivity('a').catch((error: Error) => error.message)]

/** Every event type, once at least, as the second turn of an orchestration; the result it leads to. */
const table: Record<string, Row> = {
  'TaskCompleted with a result': { run: act, events: [completed(0, { x: 1 })], expected: { x: 1 } },
  'TaskCompleted without one': { run: async (ctx) => typeof (await ctx.callActivity('a')), events: [completed(0)], expected: 'undefined' },
  'TaskFailed with failure details': { run: then, events: [failed(0, 'no')], expected: ["Activity 'a' (#0) failed: no"] },
  'TaskFailed with reason only': { run: then, events: [{ type: 'TaskFailed', ...outside, taskScheduledId: 0, reason: 'old style' }], expected: ["Activity 'a' (#0) failed: old style"] },
  'TaskFailed with nothing': { run: async (ctx) => ctx.callActivity('a').catch(() => 'failed'), events: [{ type: 'TaskFailed', ...outside, taskScheduledId: 0 }], expected: 'failed' },
  SubOrchestrationInstanceCompleted: { run: child, events: [childCompleted(0, 'x')], expected: 'x' },
  SubOrchestrationInstanceFailed: {
    run: async (ctx) => ctx.callSubOrchestration('c', 1, { instanceId: 'kid' }).catch((error: Error) => [error.name, error.message]),
    events: [childFailed(0, 'no')],
    expected: ['SubOrchestrationFailedError', "Sub-orchestration 'c' (#0, kid) failed: no"],
  },
  TimerFired: { run: async (ctx) => ctx.createTimer(5).then(() => 'fired'), events: [fired(0)], expected: 'fired' },
  EventRaised: { run: async (ctx) => ctx.waitForExternalEvent('go'), events: [raised('go', 7)], expected: 7 },
  'GenericEvent, HistoryState, ExecutionRewound and the −100 timer change nothing': {
    run: act,
    events: [
      { type: 'GenericEvent', ...outside, data: 'whatever' },
      { type: 'HistoryState', ...outside },
      { type: 'ExecutionRewound', ...outside },
      { type: 'TimerCreated', ...outside, eventId: -100, fireAt: at(0) },
      { type: 'TimerFired', ...outside, timerId: -100, fireAt: at(0) },
      { type: 'OrchestratorCompleted', ...outside },
      completed(0, 1),
    ],
    expected: 1,
  },
  'ExecutionCompleted and ContinueAsNew change nothing': {
    run: act,
    events: [{ type: 'ExecutionCompleted', ...outside, status: 'Completed' }, { type: 'ContinueAsNew', ...outside, status: 'ContinuedAsNew' }, completed(0, 1)],
    expected: 1,
  },
  'completions of unknown tasks change nothing': { run: act, events: [completed(9), failed(9), childCompleted(9), childFailed(9), fired(9), completed(0, 1)], expected: 1 },
  'a second completion of the same task changes nothing': { run: then, events: [completed(0, 1), completed(0, 2), failed(0)], expected: [1] },
  'a resume without a suspend changes nothing': { run: act, events: [resumed(), completed(0, 1)], expected: 1 },
  'suspend and resume': { run: act, events: [suspended(), completed(0, 1), resumed()], expected: 1 },
}

describe('each event type as applied in a turn', () => {
  it.each(Object.keys(table))('%s', async (name) => {
    const { run, events, expected } = table[name] as Row
    const instance = instanceOf(run)
    await instance.begin()
    expect(resultOf(await instance.turn(...events))).toStrictEqual(expected)
  })

  it('the table covers every type', () => {
    const elsewhere = ['ExecutionStarted', 'OrchestratorStarted', 'ExecutionTerminated', 'TaskScheduled', 'SubOrchestrationInstanceCreated', 'EventSent', 'ExecutionFailed']
    const covered = new Set([...elsewhere, ...Object.values(table).flatMap(({ events }) => events.map(({ type }) => type))])
    expect(Object.keys(eventTypeNumbers).filter((type) => !covered.has(type as HistoryEvent['type']))).toStrictEqual([])
  })

  it('ExecutionTerminated ends with its reason', async () => {
    const instance = instanceOf(act)
    await instance.begin()
    expect(endOf(await instance.turn(terminated('enough')))).toStrictEqual({ type: 'Complete', id: 1, status: 'Terminated', result: 'enough', recursive: false })
  })

  it('TaskScheduled, TimerCreated, SubOrchestrationInstanceCreated and EventSent strike off what was decided', async () => {
    const everything: OrchestrationFunction = async (ctx) => {
      const open = [ctx.callActivity('a'), ctx.createTimer(1000), ctx.callSubOrchestration('c')]
      ctx.sendEvent('other', 'e')
      return Promise.all(open)
    }
    const history = [turnStart(0), started('orderFlow'), taskScheduled(0, 'a'), timerCreated(1, at(1)), childCreated(2, 'c'), eventSent(3, 'e')]
    expect(shown(await instanceOf(everything).replay(history))).toStrictEqual([])
    for (const leftOut of [2, 3, 4, 5]) {
      const rest = history.filter((_, index) => index !== leftOut)
      expect((await instanceOf(everything).replay(rest)).actions.map(({ id }) => id)).toStrictEqual([leftOut - 2])
    }
  })
})

describe('a damaged history fails the instance and says why', () => {
  const rows: Record<string, readonly [readonly HistoryEvent[], string]> = {
    'an unknown event type': [[turnStart(0), started('orderFlow'), { type: 'Surprise', ...outside } as unknown as HistoryEvent], "unknown type 'Surprise'"],
    'the reserved ExecutionFailed': [[turnStart(0), started('orderFlow'), { type: 'ExecutionFailed', ...outside } as unknown as HistoryEvent], "unknown type 'ExecutionFailed'"],
    'two starts': [[turnStart(0), started('orderFlow'), started('orderFlow')], 'it starts twice'],
    'a completion before its schedule': [[turnStart(0), started('orderFlow'), completed(0, 1), taskScheduled(0, 'a')], '#0 comes before the event that scheduled it'],
    'a timer that fires before it is created': [[turnStart(0), started('orderFlow'), fired(1), taskScheduled(0, 'a'), timerCreated(1, at(1))], '#1 comes before the event that scheduled it'],
    'a failed child before it is created': [[turnStart(0), started('orderFlow'), childFailed(2)], '#2 comes before the event that scheduled it'],
  }
  const run = async (ctx: OrchestrationContext): Promise<unknown> => Promise.all([ctx.callActivity('a'), ctx.createTimer(1000), ctx.callSubOrchestration('c')])

  it.each(Object.keys(rows))('%s', async (name) => {
    const [history, problem] = rows[name] as (typeof rows)[string]
    const turn = await instanceOf(run).replay(history)
    expect(codeOf(turn)).toBe('DTFX_HISTORY_CORRUPT')
    expect(failureOf(turn).errorMessage).toContain(problem)
    expect(failureOf(turn).errorMessage).toContain("'order-1'")
    expect(turn.actions).toHaveLength(1)
  })

  it('no start at all', async () => {
    const turn = await instanceOf(run).replay([turnStart(0), completed(0)])
    expect(codeOf(turn)).toBe('DTFX_HISTORY_CORRUPT')
    expect(failureOf(turn).errorMessage).toContain('no ExecutionStarted')
  })

  it('also in a fresh turn of a suspended execution', async () => {
    const instance = instanceOf(run)
    await instance.begin()
    expect(codeOf(await instance.turn(started('orderFlow')))).toBe('DTFX_HISTORY_CORRUPT')
  })

  it('events before the start and of other members do not disturb', async () => {
    const history: HistoryEvent[] = [turnStart(0), raised('go', 5), { ...started('orderFlow'), extra: { Unknown: 1 } }, turnEnd()]
    expect(resultOf(await instanceOf(async (ctx) => ctx.waitForExternalEvent('go')).replay(history))).toBe(5)
  })
})

describe('the order of the history decides every race', () => {
  const first: OrchestrationFunction = async (ctx) => Promise.race([ctx.callActivity('a'), ctx.callActivity('b'), ctx.createTimer(1).then(() => 'timer')])
  it.each<[HistoryEvent[], string]>([
    [[completed(0, 'a'), completed(1, 'b'), fired(2)], 'a'],
    [[completed(1, 'b'), completed(0, 'a'), fired(2)], 'b'],
    [[fired(2), completed(1, 'b'), completed(0, 'a')], 'timer'],
  ])('%#', async (events, winner) => {
    const instance = instanceOf(first)
    await instance.begin()
    expect(resultOf(await instance.turn(...events))).toBe(winner)
  })

  it('of several failures of Promise.all the first in the history surfaces', async () => {
    const instance = instanceOf(async (ctx) => Promise.all([ctx.callActivity('a'), ctx.callActivity('b')]))
    await instance.begin()
    expect(failureOf(await instance.turn(failed(1, 'second'), failed(0, 'first'))).errorMessage).toContain('second')
  })

  it('code that waited long enough sees each event alone, in one turn or in several', async () => {
    const run: OrchestrationFunction = async (ctx) => {
      const order: string[] = []
      const follow = async (name: string, hops: number): Promise<void> => {
        await ctx.callActivity(name)
        for (let i = 0; i < hops; i++) await null
        order.push(name)
      }
      await Promise.all([follow('slow', 500), follow('quick', 0)])
      return order
    }
    const together = instanceOf(run)
    await together.begin()
    const apart = instanceOf(run)
    await apart.begin()
    await apart.turn(completed(0))
    expect(resultOf(await together.turn(completed(0), completed(1)))).toStrictEqual(['slow', 'quick'])
    expect(resultOf(await apart.turn(completed(1)))).toStrictEqual(['slow', 'quick'])
  })
})
