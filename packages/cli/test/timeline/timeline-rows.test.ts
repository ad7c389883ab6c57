import type { HistoryEvent } from '@dtfx/core/provider'
import { describe, expect, it, test } from 'vitest'
import { paintFor } from '../../src/format/paint.js'
import { TimelineLines } from '../../src/timeline/timeline-lines.js'
import { timelineRows } from '../../src/timeline/timeline-rows.js'
import { orderFlow, orderHub } from '../order-hub.js'

const at = (ms: number): string => new Date(Date.parse('2030-01-01T00:00:00Z') + ms).toISOString()
const view = { paint: paintFor(false), full: false, screenWidth: undefined, nowMs: undefined }
const lines = (events: readonly HistoryEvent[], nowMs?: number): string[] => new TimelineLines({ ...view, nowMs }).whole(timelineRows(events)).trimEnd().split('\n')

describe('a history that was really made', () => {
  it('with retries, an event and a child', async () => {
    await using hub = await orderHub()
    const order = await hub.client.start(orderFlow, { id: 'o', failures: 2, approval: true }, { instanceId: 'o' })
    await hub.advance('10s')
    await order.raiseEvent('Approved', { by: 'me' })
    await hub.advance('10s')
    expect(lines(await hub.history('o'))).toEqual([
      '     AT  EVENT               NAME         TOOK  DETAIL',
      '  +0 ms  started             OrderFlow          {"id":"o","failures":2,"approval":true}',
      '  +0 ms  activity scheduled  Charge',
      '  +0 ms  activity failed     Charge       0 ms  Error: gateway busy',
      '  +0 ms  timer set           1.0 s              before Charge is tried again',
      ' +1.0 s  timer fired                     1.0 s',
      ' +1.0 s  activity scheduled  Charge             attempt 2',
      ' +1.0 s  activity failed     Charge       0 ms  Error: gateway busy',
      ' +1.0 s  timer set           1.0 s              before Charge is tried again',
      ' +2.0 s  timer fired                     1.0 s',
      ' +2.0 s  activity scheduled  Charge             attempt 3',
      ' +2.0 s  activity completed  Charge       0 ms  attempt 3, "receipt-o"',
      '+10.0 s  event received      Approved           {"by":"me"}',
      '+10.0 s  child started       Ship               o-ship',
      '+12.0 s  child completed     Ship        2.0 s  "shipped receipt-o"',
      '+12.0 s  ended               Completed  12.0 s  "shipped receipt-o"',
    ])
  })

  it('with what is still open', async () => {
    await using hub = await orderHub()
    await hub.client.start(orderFlow, { id: 'p' }, { instanceId: 'p' })
    await hub.advance('1s')
    expect(lines(await hub.history('p'), Date.parse(at(1_000))).at(-1)).toBe('+0 ms  child started       Ship       1.0 s …  open, p-ship')
    expect(lines(await hub.history('p-ship'), Date.parse(at(1_000)))).toEqual([
      '   AT  EVENT      NAME   TOOK  DETAIL',
      '+0 ms  started    Ship         child of p, "receipt-p"',
      '+0 ms  timer set  2.0 s        open',
    ])
  })

  it('of a later generation', async () => {
    await using hub = await orderHub()
    const order = await hub.client.start(orderFlow, { id: 'g', rounds: 3 }, { instanceId: 'g' })
    await hub.advance('10s')
    expect((await order.state())?.status).toBe('Completed')
    expect(timelineRows(await hub.history('g'))[0]).toEqual({ type: 'ExecutionStarted', at: at(4_000), sinceStartMs: 0, name: 'OrderFlow', generation: 2, payload: '{"id":"g","rounds":1}' })
  })
})

const event = (type: string, ms: number, more: object = {}): HistoryEvent => ({ type, eventId: -1, timestamp: at(ms), ...more }) as HistoryEvent
const turn = (ms: number, ...events: HistoryEvent[]): HistoryEvent[] => [event('OrchestratorStarted', ms), ...events, event('OrchestratorCompleted', ms)]

describe('retries', () => {
  it('of calls with one name are told apart from a call that only comes after a timer', () => {
    const rows = timelineRows([
      ...turn(0, event('TaskScheduled', 0, { eventId: 0, name: 'A' }), event('TaskScheduled', 0, { eventId: 1, name: 'B' })),
      ...turn(5, event('TaskFailed', 5, { taskScheduledId: 0, reason: 'no' }), event('TimerCreated', 5, { eventId: 2, fireAt: at(10) })),
      ...turn(10, event('TimerFired', 5, { timerId: 2, fireAt: at(10) }), event('TaskScheduled', 10, { eventId: 3, name: 'C' }), event('TaskScheduled', 10, { eventId: 4, name: 'A' }), event('TaskScheduled', 10, { eventId: 5, name: 'A' })),
    ])
    expect(rows.filter(({ type }) => type === 'TaskScheduled').map(({ name, attempt }) => [name, attempt])).toEqual([['A', undefined], ['B', undefined], ['C', undefined], ['A', 2], ['A', undefined]])
    expect(rows.find(({ type }) => type === 'TimerCreated')?.retryOf).toBe('A')
    expect(rows.find(({ type }) => type === 'TaskFailed')?.failure?.errorMessage).toBe('no')
  })

  it('are none where the timer was set in another turn than the one of the failure', () => {
    const rows = timelineRows([
      ...turn(0, event('TaskScheduled', 0, { eventId: 0, name: 'A' })),
      ...turn(5, event('TaskFailed', 5, { taskScheduledId: 0 })),
      ...turn(8, event('EventRaised', 8, { name: 'Go' }), event('TimerCreated', 8, { eventId: 1, fireAt: at(10) })),
      ...turn(10, event('TimerFired', 8, { timerId: 1, fireAt: at(10) }), event('TaskScheduled', 10, { eventId: 2, name: 'A' })),
    ])
    expect(rows.filter(({ attempt, retryOf }) => attempt !== undefined || retryOf !== undefined)).toEqual([])
  })

  it('are at most one for each timer that fired', () => {
    const rows = timelineRows([
      ...turn(0, event('TaskScheduled', 0, { eventId: 0, name: 'A' }), event('TaskScheduled', 0, { eventId: 1, name: 'B' })),
      ...turn(5, event('TaskFailed', 5, { taskScheduledId: 0 }), event('TaskFailed', 5, { taskScheduledId: 1 }), event('TimerCreated', 5, { eventId: 2, fireAt: at(10) })),
      ...turn(10, event('TimerFired', 5, { timerId: 2, fireAt: at(10) }), event('TaskScheduled', 10, { eventId: 3, name: 'A' }), event('TaskScheduled', 10, { eventId: 4, name: 'B' })),
    ])
    expect(rows.filter(({ attempt }) => attempt !== undefined).map(({ name }) => name)).toEqual(['A'])
  })

  it('of two calls that failed in one turn each find their timer', () => {
    const rows = timelineRows([
      ...turn(0, event('TaskScheduled', 0, { eventId: 0, name: 'A' }), event('TaskScheduled', 0, { eventId: 1, name: 'B' })),
      ...turn(5, event('TaskFailed', 5, { taskScheduledId: 0 }), event('TaskFailed', 5, { taskScheduledId: 1 }), event('TimerCreated', 5, { eventId: 2, fireAt: at(10) }), event('TimerCreated', 5, { eventId: 3, fireAt: at(20) })),
      ...turn(10, event('TimerFired', 5, { timerId: 2, fireAt: at(10) }), event('TaskScheduled', 10, { eventId: 4, name: 'A' })),
      ...turn(20, event('TimerFired', 5, { timerId: 3, fireAt: at(20) }), event('TaskScheduled', 20, { eventId: 5, name: 'B' })),
    ])
    expect(rows.filter(({ type }) => type === 'TimerCreated').map(({ retryOf }) => retryOf)).toEqual(['A', 'B'])
    expect(rows.filter(({ attempt }) => attempt === 2)).toHaveLength(2)
  })
})

test('every kind of event has its line', () => {
  const events = [
    event('ExecutionStarted', 0, { name: 'Flow', instance: { instanceId: 'f' }, parent: { name: 'P', instance: { instanceId: 'p' }, taskScheduleId: 1 } }),
    event('ExecutionSuspended', 1, { reason: 'lunch' }),
    event('ExecutionResumed', 2, { reason: 'back' }),
    event('EventSent', 3, { eventId: 1, instanceId: 'other', name: 'Ping', input: '1' }),
    event('GenericEvent', 4, { data: 'dtfx:patch:new-tax' }),
    event('GenericEvent', 4, { data: 'note' }),
    event('TimerCreated', 5, { eventId: -100, fireAt: at(5) }),
    event('TimerFired', 5, { timerId: -100, fireAt: at(5) }),
    event('ExecutionRewound', 6, { reason: 'again' }),
    event('SubOrchestrationInstanceFailed', 7, { taskScheduledId: 9, failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false } }),
    event('ExecutionTerminated', 8, { input: 'enough' }),
    event('ContinueAsNew', 9, { status: 'ContinuedAsNew', result: '2' }),
    event('HistoryState', 9),
  ]
  expect(lines(events)).toEqual([
    '   AT  EVENT             NAME            TOOK  DETAIL',
    '+0 ms  started           Flow                  child of p',
    '+1 ms  suspended                               lunch',
    '+2 ms  resumed                                 back',
    '+3 ms  event sent        Ping                  other, 1',
    '+4 ms  patch             new-tax',
    '+4 ms  marker                                  note',
    '+6 ms  rewound                                 again',
    '+7 ms  child failed                            E: m',
    '+8 ms  terminate                               enough',
    '+9 ms  continued as new  ContinuedAsNew  9 ms  2',
  ])
})

test('a long timeline loses its middle, unless all is asked for', () => {
  const rows = timelineRows(Array.from({ length: 250 }, (_, i) => event('EventRaised', i, { name: `E${i}` })))
  const cut = new TimelineLines(view).whole(rows).trimEnd().split('\n')
  expect(cut).toHaveLength(102)
  expect(cut[51]).toBe('… 150 more; --full shows all')
  expect(new TimelineLines({ ...view, full: true }).whole(rows).trimEnd().split('\n')).toHaveLength(251)
})

test('no history, no rows', () => expect(timelineRows([])).toEqual([]))
