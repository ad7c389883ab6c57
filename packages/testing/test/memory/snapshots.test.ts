import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from '@dtfx/core/provider'
import { frozenEvent, frozenMessage, frozenState, withoutPayloads } from '../../src/memory/snapshots.js'
import { now, stateOf } from './memory-hub.js'

const event: HistoryEvent = {
  type: 'ExecutionStarted',
  eventId: -1,
  timestamp: now,
  instance: { instanceId: 'a', executionId: 'x' },
  name: 'Flow',
  parent: { name: 'Parent', instance: { instanceId: 'p' }, taskScheduleId: 1 },
  tags: { colour: 'red' },
  extra: { nested: { list: [{ deep: 1 }] } },
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen)
}

describe('snapshots', () => {
  it('copies and freezes events down to the last member', () => {
    const copy = frozenEvent(event)
    expect(copy).toEqual(event)
    expect(copy).not.toBe(event)
    expect(isDeeplyFrozen(copy)).toBe(true)
    expect(Object.isFrozen(event)).toBe(false)
    expect(Object.isFrozen(event.extra)).toBe(false)
    expect(frozenEvent(copy)).toBe(copy)
  })

  it('keeps events of types it does not know', () => {
    const foreign = { type: 'FromTheFuture', eventId: 3, timestamp: now, body: { a: [1] } } as unknown as HistoryEvent
    const copy = frozenEvent(foreign)
    expect(copy).toEqual(foreign)
    expect(isDeeplyFrozen(copy)).toBe(true)
  })

  it('copies messages and states', () => {
    const message = { event, instance: { instanceId: 'a' }, orchestrationTags: { a: 'b' }, extra: { x: 1 } }
    const copy = frozenMessage(message)
    expect(copy).toEqual(message)
    expect(isDeeplyFrozen(copy)).toBe(true)
    expect(frozenMessage(copy)).toBe(copy)
    const state = stateOf('a', { tags: { a: 'b' }, failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false, innerFailure: { errorType: 'I', errorMessage: 'n', isNonRetriable: true } } })
    expect(frozenState(state)).toEqual(state)
    expect(isDeeplyFrozen(frozenState(state))).toBe(true)
    expect(withoutPayloads(stateOf('a', { input: '1', output: '2' }))).toEqual(stateOf('a'))
  })
})
