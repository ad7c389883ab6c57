import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rewindHistory } from '../../src/engine/rewind.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { executionCompleted, parent, rewound, startEvent, turn } from '../worker/inbox.js'
import { at, childCreated, childFailed, completed, failed, fired, raised, taskScheduled, timerCreated } from './history-events.js'
import { codeOf, endOf, instanceOf, resultOf, shown, type TestInstance } from './test-instance.js'

const rewind = (history: readonly HistoryEvent[]) => rewindHistory(history, { executionId: 'e2' })

/** Events in short: `TaskScheduled 0`. */
function brief(events: readonly HistoryEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'OrchestratorStarted' || event.type === 'OrchestratorCompleted') return []
    if (event.type === 'TimerFired') return [`TimerFired ${event.timerId}`]
    return [`${event.type}${'taskScheduledId' in event ? ` ${event.taskScheduledId}` : event.eventId >= 0 ? ` ${event.eventId}` : ''}`]
  })
}

describe('rewindHistory', () => {
  it('takes out the failed activity and the end, and renames the execution', () => {
    const { events, children, abandoned } = rewind([...turn(0, startEvent('e1', { parent }), taskScheduled(0, 'A')), ...turn(1, completed(0, 1), taskScheduled(1, 'B')), ...turn(2, failed(1), executionCompleted('Failed', 2))])
    expect(brief(events)).toEqual(['ExecutionStarted', 'TaskScheduled 0', 'TaskCompleted 0'])
    expect(events.find(({ type }) => type === 'ExecutionStarted')).toMatchObject({ instance: { instanceId: 'order-1', executionId: 'e2' }, parent })
    expect([children, abandoned]).toEqual([[], []])
  })
  it('names the new execution of a parent that was rewound', () => {
    const { events } = rewindHistory([...turn(0, startEvent('e1', { parent }), executionCompleted('Failed', 0))], { executionId: 'e2', rewind: { ...rewound(), parentExecutionId: 'pe2' } })
    expect(events[1]).toMatchObject({ parent: { instance: { instanceId: 'p', executionId: 'pe2' } } })
  })
  it('keeps the execution id that the first execution had, and what a parent asked for in the meantime', () => {
    const asked = (messageId: string, parentExecutionId: string): HistoryEvent => ({ ...rewound(), messageId, parentExecutionId })
    const history = [...turn(0, startEvent('e1', { parent, messageId: 'm' }), taskScheduled(0, 'A')), ...turn(1, asked('r1', 'pe2')), ...turn(2, failed(0), executionCompleted('Failed', 1))]
    const once = rewind(history).events
    expect(once.find(({ type }) => type === 'ExecutionStarted')).toMatchObject({ seedExecutionId: 'e1', messageId: 'r1', parent: { instance: { instanceId: 'p', executionId: 'pe2' } } })
    expect(brief(once)).toEqual(['ExecutionStarted'])
    const twice = rewindHistory([...once, ...turn(3, executionCompleted('Failed', 0))], { executionId: 'e3', rewind: { ...rewound(), messageId: 'r2', parentExecutionId: 'pe3' } }).events
    const state = new RuntimeState('order-1', [...twice, asked('r3', 'pe4')])
    expect(twice.find(({ type }) => type === 'ExecutionStarted')).toMatchObject({ seedExecutionId: 'e1', instance: { executionId: 'e3' }, messageId: 'r2' })
    expect(state.start).toMatchObject({ messageId: 'r3', parent: { instance: { executionId: 'pe4' } } })
  })
  it('without any failed task only the end is taken out', () => {
    expect(brief(rewind([...turn(0, startEvent('e1'), taskScheduled(0, 'A')), ...turn(1, completed(0), executionCompleted('Failed', 1))]).events)).toEqual(['ExecutionStarted', 'TaskScheduled 0', 'TaskCompleted 0'])
  })
  it('takes out all siblings that failed, and what the code did about it', () => {
    const history = [...turn(0, startEvent('e1'), taskScheduled(0, 'A'), taskScheduled(1, 'B'), taskScheduled(2, 'C')), ...turn(1, failed(0)), ...turn(2, completed(2), failed(1), taskScheduled(3, 'Undo')), ...turn(3, completed(3), executionCompleted('Failed', 4))]
    expect(brief(rewind(history).events)).toEqual(['ExecutionStarted', 'TaskScheduled 2', 'TaskCompleted 2'])
  })
  it('keeps failures that the code had handled and gone on from', () => {
    const history = [...turn(0, startEvent('e1'), taskScheduled(0, 'A')), ...turn(1, failed(0), taskScheduled(1, 'Instead')), ...turn(2, completed(1), taskScheduled(2, 'B')), ...turn(3, failed(2), executionCompleted('Failed', 3))]
    expect(brief(rewind(history).events)).toEqual(['ExecutionStarted', 'TaskScheduled 0', 'TaskFailed 0', 'TaskScheduled 1', 'TaskCompleted 1'])
  })
  it('keeps events from outside and answers that came with the failure', () => {
    const history = [...turn(0, startEvent('e1'), taskScheduled(0, 'A'), taskScheduled(1, 'B'), timerCreated(2, at(1))), ...turn(1, raised('Go'), completed(0), fired(2), failed(1), executionCompleted('Failed', 3))]
    expect(brief(rewind(history).events)).toEqual(['ExecutionStarted', 'TaskScheduled 0', 'TimerCreated 2', 'EventRaised', 'TaskCompleted 0', 'TimerFired 2'])
  })
  it('what was still open is scheduled anew: its answer was dropped while the instance was over', () => {
    const history = [...turn(0, startEvent('e1'), taskScheduled(0, 'Slow'), taskScheduled(1, 'B'), childCreated(2, 'C', 'kid')), ...turn(1, failed(1), executionCompleted('Failed', 3))]
    const { events, abandoned } = rewind(history)
    expect(brief(events)).toEqual(['ExecutionStarted'])
    expect(abandoned).toMatchObject([{ instanceId: 'kid' }])
  })
  it('a failed child stays open and is rewound itself', () => {
    const { events, children } = rewind([...turn(0, startEvent('e1'), childCreated(0, 'C', 'kid')), ...turn(1, childFailed(0), executionCompleted('Failed', 1))])
    expect(brief(events)).toEqual(['ExecutionStarted', 'SubOrchestrationInstanceCreated 0'])
    expect(children).toMatchObject([{ instanceId: 'kid' }])
  })
  it.each(['DTFX_ORCHESTRATION_TERMINATED', 'DTFX_CHILD_ID_IN_USE'])('a child that ended by %s is started anew', (code) => {
    const { events, children } = rewind([...turn(0, startEvent('e1'), childCreated(0, 'C', 'kid')), ...turn(1, childFailed(0, 'x', { properties: { code } }), executionCompleted('Failed', 1))])
    expect(brief(events)).toEqual(['ExecutionStarted'])
    expect(children).toEqual([])
  })
})

/** Runs a worker's part by hand: activities by name, at most `turns` turns; a failing world first, then a working one after the rewind. */
async function play(instance: TestInstance, works: (name: string) => boolean): Promise<void> {
  let decided = await instance.begin()
  const open: { id: number; name: string }[] = []
  for (let turns = 0; turns < 20; turns++) {
    for (const action of decided.actions) if (action.type === 'ScheduleTask') open.push({ id: action.id, name: action.name })
    if (decided.actions.at(-1)?.type === 'Complete') return
    const next = open.shift()
    if (next === undefined) return
    decided = await instance.turn(works(next.name) ? completed(next.id, next.name) : failed(next.id))
  }
}

describe('a rewound history', () => {
  it.each([
    ['one after the other', async (ctx: never) => [await call(ctx, 'Good'), await call(ctx, 'Bad'), await call(ctx, 'Good')]],
    ['side by side', async (ctx: never) => Promise.all([call(ctx, 'Good'), call(ctx, 'Bad'), call(ctx, 'Bad')])],
    ['compensated, then failed', async (ctx: never) => call(ctx, 'Bad').catch(async () => (await call(ctx, 'Undo'), Promise.reject(new Error('undone'))))],
    ['handled once, failed later', async (ctx: never) => [await call(ctx, 'Bad').catch(() => 'handled'), await call(ctx, 'Good'), await call(ctx, 'Bad')]],
  ])('replays: %s', async (_name, run) => {
    const first = instanceOf(run as never, { modes: ['replay'] })
    await play(first, (name) => name !== 'Bad')
    const failedTurn = await first.replay()
    expect(endOf(failedTurn).status).toBe('Failed')
    const history = [...first.history, { type: 'ExecutionCompleted', eventId: 99, timestamp: at(50), status: 'Failed' } as HistoryEvent]
    const { events } = rewind(history)
    expect(new RuntimeState('order-1', events).open.size).toBe(0)
    const again = await first.replay(events)
    if (again.actions.at(-1)?.type === 'Complete') expect(codeOf(again)).not.toBe('DTFX_NONDETERMINISTIC')
    expect(shown(again)[0]).toMatch(/Bad/)
  })
  it('in which nothing failed runs to the same end', async () => {
    const instance = instanceOf(async (ctx) => call(ctx as never, 'Good'), { modes: ['replay'] })
    await play(instance, () => true)
    expect(resultOf(await instance.replay(rewind([...instance.history, executionCompleted('Failed', 9)]).events))).toBe('Good')
  })
  it('has every answer behind what it answers, and only rewound children open', () => {
    const step = fc.record({ kind: fc.constantFrom('task', 'timer', 'child'), ends: fc.constantFrom('ok', 'fails', 'never'), turns: fc.integer({ min: 1, max: 3 }) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const turns: HistoryEvent[][] = Array.from({ length: steps.length + 4 }, () => [])
        turns[0]?.push(startEvent('e1'))
        for (const [id, { kind, ends, turns: later }] of steps.entries()) {
          turns[id]?.push(kind === 'task' ? taskScheduled(id, 'A') : kind === 'timer' ? timerCreated(id, at(1)) : childCreated(id, 'C', `kid${id}`))
          if (ends === 'never') continue
          turns[id + later]?.unshift(kind === 'timer' ? fired(id) : ends === 'ok' ? { ...completed(id), ...(kind === 'child' ? { type: 'SubOrchestrationInstanceCompleted' as const } : {}) } as HistoryEvent : kind === 'task' ? failed(id) : childFailed(id))
        }
        const history = [...turns.flatMap((events, second) => turn(second, ...events)), ...turn(99, executionCompleted('Failed', 99))]
        const { events, children } = rewind(history)
        const state = new RuntimeState('order-1', events)
        expect([...state.open.keys()].sort()).toEqual(children.map(({ eventId }) => eventId).sort())
        const seen = new Set<number>()
        for (const event of events) {
          if (event.type === 'TaskScheduled' || event.type === 'TimerCreated' || event.type === 'SubOrchestrationInstanceCreated') seen.add(event.eventId)
          const answers = event.type === 'TimerFired' ? event.timerId : 'taskScheduledId' in event ? event.taskScheduledId : undefined
          if (answers !== undefined) expect(seen.has(answers)).toBe(true)
        }
        expect(brief(events).some((text) => text.startsWith('ExecutionCompleted'))).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

function call(ctx: { callActivity(name: string): Promise<unknown> }, name: string): Promise<unknown> {
  return ctx.callActivity(name)
}
