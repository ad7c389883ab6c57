/** What commits tell, and what the dispatcher makes of it: our messages of several events, .NET's of one. */
import type { HistoryEvent, InstanceState } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import { decodeBody } from '../../src/messages/bus-message.js'
import { nothingStored, type StoredSession } from '../../src/sessions/session-state.js'
import { trackedBatch, trackedMessage, type TrackedBatch } from '../../src/tracking/tracked-batch.js'
import { trackingMessages } from '../../src/tracking/tracking-messages.js'

const timestamp = '2026-01-01T00:00:00.000Z'
const state: InstanceState = { instanceId: 'i', executionId: 'e', name: 'Flow', status: 'Running', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp, input: '"in"' }

/** Of a state, as .NET has it too. */
const shown = { instanceId: 'i', executionId: 'e', name: 'Flow', status: 'Running', input: '"in"' }

function eventOf(index: number, result = `"${index}"`): HistoryEvent {
  return { type: 'TaskCompleted', eventId: -1, timestamp, taskScheduledId: index, result }
}

function stored(events: readonly HistoryEvent[], from: number, more: Partial<StoredSession> = {}): StoredSession {
  return { ...nothingStored, state, events, sequence: 3, checkpointId: 'c', consumedIds: { deleted: ['d'], pending: ['p'] }, tracking: { from }, ...more }
}

function told(session: StoredSession): TrackedBatch[] {
  return trackingMessages('i', session).map(({ body }) => {
    const read = decodeBody(body)
    if ('problem' in read) throw new Error(read.problem)
    return trackedMessage(read.message)
  })
}

describe('tracking messages', () => {
  it('one message has the state, the commit and all events from the place on', () => {
    const events = [0, 1, 2, 3].map((index) => eventOf(index))
    const [only, ...others] = told(stored(events, 1))
    expect(others).toEqual([])
    expect(only?.events).toEqual([1, 2, 3].map((index) => ({ executionId: 'e', index, event: eventOf(index) })))
    expect(only?.states).toMatchObject([{ state: shown, commit: { sequence: 3, eventCount: 4, consumedIds: { deleted: ['d'], pending: ['p'] } } }])
  })

  it('a state without new events is told, too', () => {
    expect(told(stored([eventOf(0)], 1)).map(({ events, states }) => [events.length, states.length])).toEqual([[0, 1]])
  })

  it('nothing to be told: no message', () => {
    expect(trackingMessages('i', stored([], 0, { tracking: undefined }))).toEqual([])
    expect(trackingMessages('i', stored([], 0, { state: undefined }))).toEqual([])
  })

  it('events that are large go ahead in parts, and only the last part has the state', () => {
    const events = [0, 1, 2, 3].map((index) => eventOf(index, `"${'x'.repeat(600_000)}"`))
    const messages = told(stored(events, 0))
    expect(messages.map((each) => each.events.map(({ index }) => index))).toEqual([[0], [1], [2], [3]])
    expect(messages.map(({ states }) => states.length)).toEqual([0, 0, 0, 1])
    expect(trackedBatch(messages).events.map(({ event }) => event)).toEqual(events)
    const bodies = trackingMessages('i', stored(events, 0)).map(({ body }) => body)
    expect(bodies.map((body) => body.includes('\\"in\\"'))).toEqual([false, false, false, true])
  })

  it('an execution that has continued as new is told before, as an end that is no commit', () => {
    const ended: InstanceState = { ...state, executionId: 'before', status: 'ContinuedAsNew' }
    const [first, second] = told(stored([eventOf(0)], 0, { tracking: { from: 0, ended } }))
    expect(first).toMatchObject({ events: [], states: [{ state: { executionId: 'before', status: 'ContinuedAsNew' }, commit: undefined }] })
    expect(second?.states[0]?.commit?.sequence).toBe(3)
  })

  it("messages of .NET: one event each, by its number, and a state that is no commit of ours", () => {
    const instance = { instanceId: 'i', executionId: 'e' }
    const event = trackedMessage({ instance, event: eventOf(7), extra: { SequenceNumber: 7 } })
    const whole = trackedMessage({ instance, event: { type: 'HistoryState', eventId: -1, timestamp, state }, extra: { SequenceNumber: 12 } })
    expect(trackedBatch([event, whole])).toEqual({ events: [{ executionId: 'e', index: 7, event: eventOf(7) }], states: [{ state, commit: undefined }] })
  })

  it('of commits the latest counts, and is the last, whatever comes behind it', () => {
    const of = (executionId: string, sequence: number): TrackedBatch => ({ events: [], states: [{ state: { ...state, executionId }, commit: { sequence, eventCount: 0, consumedIds: { deleted: [], pending: [] } } }] })
    const sequences = (...messages: readonly TrackedBatch[]): unknown[] => trackedBatch(messages).states.map((each) => [each.state.executionId, each.commit?.sequence])
    expect(sequences(of('a', 2), of('a', 3), of('a', 2))).toEqual([['a', 3]])
    expect(sequences(of('b', 4), of('a', 2), of('a', 3))).toEqual([['a', 3], ['b', 4]])
  })

  it('of each execution the last state without a number counts, in the order in which they came', () => {
    const of = (executionId: string, status: InstanceState['status']): TrackedBatch => ({ events: [], states: [{ state: { ...state, executionId, status } }] })
    const { states } = trackedBatch([of('a', 'Running'), of('b', 'Running'), of('a', 'Completed')])
    expect(states.map((each) => [each.state.executionId, each.state.status])).toEqual([['b', 'Running'], ['a', 'Completed']])
  })
})
