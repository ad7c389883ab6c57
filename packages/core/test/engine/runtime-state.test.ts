import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fireAndForgetTag, type RuntimeState } from '../../src/engine/runtime-state.js'
import { splitTimerId, type HistoryEvent } from '../../src/model/events.js'
import { executionCompleted, fold, startEvent, turn } from '../worker/inbox.js'
import { at, childCreated, childFailed, completed, failed, fired, patchMarker, raised, resumed, suspended, taskScheduled, terminated, timerCreated, turnStart } from './history-events.js'

const corrupt = (...events: readonly HistoryEvent[]) => expect(() => fold(...events))

describe('RuntimeState', () => {
  it('knows start, status, open tasks, the next id and how many events there are', () => {
    const state = fold(...turn(0, startEvent('e1'), taskScheduled(0, 'A'), timerCreated(1, at(5)), childCreated(2, 'C', 'kid')), ...turn(1, completed(0)))
    expect([...state.open.keys()]).toEqual([1, 2])
    expect(state).toMatchObject({ executionId: 'e1', status: 'Running', isFinal: false, nextEventId: 3, count: 9 })
    expect(state.openChildren.map(({ instanceId }) => instanceId)).toEqual(['kid'])
  })
  it('of nothing is running and has no execution', () => {
    expect(fold()).toMatchObject({ executionId: '', status: 'Running', nextEventId: 0, count: 0 })
  })
  it('does not wait for children that nobody waits for, nor for split timers', () => {
    const state = fold(startEvent('e1'), { ...childCreated(0, 'C'), tags: { [fireAndForgetTag]: '' } } as HistoryEvent, timerCreated(splitTimerId, at(5)))
    expect(state.open.size).toBe(0)
    expect(state.nextEventId).toBe(1)
  })
  it.each(['Completed', 'Failed', 'Terminated'] as const)('%s is final: nothing that follows changes it', (status) => {
    const state = fold(startEvent('e1'), executionCompleted(status), suspended(), resumed(), executionCompleted('Completed'))
    expect(state).toMatchObject({ status, isFinal: true })
  })
  it('terminated wins over a continue-as-new, not the other way round', () => {
    const next: HistoryEvent = { type: 'ContinueAsNew', eventId: 1, timestamp: at(1), status: 'ContinuedAsNew' }
    expect(fold(startEvent('e1'), next, executionCompleted('Terminated')).status).toBe('Terminated')
    expect(fold(startEvent('e1'), executionCompleted('Terminated'), next).status).toBe('Terminated')
    expect(fold(startEvent('e1'), next, executionCompleted('Completed')).status).toBe('ContinuedAsNew')
  })
  it('is suspended until it is resumed', () => {
    expect(fold(startEvent('e1'), suspended()).status).toBe('Suspended')
    expect(fold(startEvent('e1'), suspended(), resumed()).status).toBe('Running')
  })
  it('tolerates what .NET tolerates: completions of nothing, split timers that fire, events it has no use for', () => {
    expect(fold(startEvent('e1'), completed(7), failed(8), childFailed(9), fired(splitTimerId), raised('x'), patchMarker('p'), terminated())).toMatchObject({ status: 'Running', nextEventId: 0 })
  })
  it('refuses damage that replay would misread', () => {
    corrupt(startEvent('e1'), startEvent('e2')).toThrow(/starts twice/)
    corrupt(startEvent('e1'), { type: 'Surprise', eventId: -1, timestamp: at(0) } as never).toThrow(/unknown type 'Surprise'/)
    corrupt(startEvent('e1'), { type: 'toString', eventId: -1, timestamp: at(0) } as never).toThrow(/unknown type/)
    corrupt(startEvent('e1'), completed(0), taskScheduled(0, 'A')).toThrow(/completes #0 before it schedules it/)
    corrupt(startEvent('e1'), fired(3), timerCreated(3, at(5))).toThrow(/completes #3 before/)
    corrupt(startEvent('e1'), taskScheduled(0, 'A'), timerCreated(0, at(5))).toThrow(/schedules #0 twice/)
  })
  it('an id that is free again may be scheduled again: .NET rewinds so', () => {
    expect([...fold(startEvent('e1'), taskScheduled(0, 'A'), completed(0), taskScheduled(1, 'B'), completed(1), taskScheduled(0, 'A')).open.keys()]).toEqual([0])
  })
  it('applied event by event is the same as at once', () => {
    const any = fc.oneof(
      fc.nat(5).map((id) => completed(id)),
      fc.nat(5).map((id) => taskScheduled(id, 'A')),
      fc.nat(5).map((id) => timerCreated(id, at(1))),
      fc.nat(5).map((id) => fired(id)),
      fc.constantFrom(suspended(), resumed(), turnStart(1), raised('x'), executionCompleted('Failed')),
    )
    const outcome = (make: () => RuntimeState) => {
      try {
        return make()
      } catch (error) {
        return (error as Error).message
      }
    }
    fc.assert(
      fc.property(fc.array(any, { maxLength: 15 }), (events) => {
        const stepwise = outcome(() => {
          const state = fold()
          for (const event of events) state.apply(event)
          return state
        })
        expect(stepwise).toEqual(outcome(() => fold(...events)))
      }),
    )
  })
  it('holds open exactly what was scheduled and not answered since', () => {
    const id = fc.nat(6)
    const event = fc.oneof(
      id.map((n) => taskScheduled(n, 'A')),
      id.map((n) => timerCreated(n, at(n))),
      id.map((n) => childCreated(n, 'C')),
      id.map((n) => completed(n)),
      id.map((n) => fired(n)),
      id.map((n) => childFailed(n)),
    )
    fc.assert(
      fc.property(fc.array(event), (drawn) => {
        const state = fold(startEvent('e1'))
        const open = new Set<number>()
        const used = new Set<number>()
        for (const each of drawn) {
          const answered = 'taskScheduledId' in each ? each.taskScheduledId : each.type === 'TimerFired' ? each.timerId : undefined
          if (answered === undefined && used.has(each.eventId)) continue
          used.add(answered ?? each.eventId)
          if (answered === undefined) open.add(each.eventId)
          else open.delete(answered)
          state.apply(each)
          expect(new Set(state.open.keys())).toEqual(open)
        }
      }),
    )
  })
})
