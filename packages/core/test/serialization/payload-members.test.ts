import { describe, expect, it } from 'vitest'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import { eventTypeNumbers, type HistoryEvent } from '../../src/model/events.js'
import type { InstanceState } from '../../src/model/instance.js'
import { mapEvent, mapMessage, mapState, type PayloadMap } from '../../src/serialization/payload-members.js'

/** Marks every payload it is given. */
const marking: PayloadMap = { text: (text) => `<${text}>`, properties: (properties) => ({ marked: properties }) }
const identity: PayloadMap = { text: (text) => text, properties: (properties) => properties }

const base = { eventId: 3, timestamp: '2030-01-01T00:00:00Z', extra: { other: 'plain' } }
const failure: FailureDetails = {
  errorType: 'TypeError',
  errorMessage: 'm',
  stackTrace: 's',
  isNonRetriable: true,
  properties: { code: 'X' },
  innerFailure: { errorType: 'Error', errorMessage: 'inner', isNonRetriable: false },
}
const markedFailure = { ...failure, errorMessage: '<m>', stackTrace: '<s>', properties: { marked: { code: 'X' } }, innerFailure: { errorType: 'Error', errorMessage: '<inner>', isNonRetriable: false } }
const state: InstanceState = {
  instanceId: 'i',
  executionId: 'e',
  name: 'n',
  version: 'v',
  status: 'Failed',
  input: 'in',
  output: 'out',
  customStatus: 'cs',
  failure,
  tags: { a: 'b' },
  parent: { name: 'p', instance: { instanceId: 'p' }, taskScheduleId: 1, version: 'v' },
  generation: 0,
  createdAt: '2030-01-01T00:00:00Z',
  lastUpdatedAt: '2030-01-01T00:00:00Z',
}
const markedState = { ...state, input: '<in>', output: '<out>', customStatus: '<cs>', failure: markedFailure }
const trace = { traceParent: '00-a-b-01' }

/** Every event with all its members, and what of it is payload. */
const events: readonly [HistoryEvent, object][] = [
  [{ ...base, type: 'ExecutionStarted', instance: { instanceId: 'i', executionId: 'e' }, name: 'n', version: 'v', input: 'x', tags: { a: 'b' }, correlation: 'c', parentTraceContext: trace, messageId: 'm', seedExecutionId: 's', generation: 0 }, { input: '<x>' }],
  [{ ...base, type: 'ExecutionCompleted', status: 'Failed', result: 'x', failure }, { result: '<x>', failure: markedFailure }],
  [{ ...base, type: 'ContinueAsNew', status: 'ContinuedAsNew', result: 'x', failure }, { result: '<x>', failure: markedFailure }],
  [{ ...base, type: 'ExecutionTerminated', input: 'x', recursive: true }, { input: '<x>' }],
  [{ ...base, type: 'TaskScheduled', name: 'n', version: 'v', input: 'x', tags: { a: 'b' }, messageId: 'm' }, { input: '<x>' }],
  [{ ...base, type: 'TaskCompleted', taskScheduledId: 0, result: 'x' }, { result: '<x>' }],
  [{ ...base, type: 'TaskFailed', taskScheduledId: 0, reason: 'x', details: 'y', failure }, { reason: '<x>', details: '<y>', failure: markedFailure }],
  [{ ...base, type: 'SubOrchestrationInstanceCreated', name: 'n', version: 'v', instanceId: 'c', input: 'x', tags: { a: 'b' } }, { input: '<x>' }],
  [{ ...base, type: 'SubOrchestrationInstanceCompleted', taskScheduledId: 0, result: 'x' }, { result: '<x>' }],
  [{ ...base, type: 'SubOrchestrationInstanceFailed', taskScheduledId: 0, reason: 'x', details: 'y', failure }, { reason: '<x>', details: '<y>', failure: markedFailure }],
  [{ ...base, type: 'TimerCreated', fireAt: '2030-01-01T00:00:00Z', messageId: 'm' }, {}],
  [{ ...base, type: 'TimerFired', timerId: 1, fireAt: '2030-01-01T00:00:00Z' }, {}],
  [{ ...base, type: 'OrchestratorStarted' }, {}],
  [{ ...base, type: 'OrchestratorCompleted' }, {}],
  [{ ...base, type: 'EventSent', instanceId: 'c', name: 'n', input: 'x' }, { input: '<x>' }],
  [{ ...base, type: 'EventRaised', name: 'n', input: 'x', parentTraceContext: trace }, { input: '<x>' }],
  [{ ...base, type: 'GenericEvent', data: 'x' }, { data: '<x>' }],
  [{ ...base, type: 'GenericEvent', data: 'dtfx:patch:p1' }, {}],
  [{ ...base, type: 'HistoryState', state }, { state: markedState }],
  [{ ...base, type: 'ExecutionSuspended', reason: 'x' }, { reason: '<x>' }],
  [{ ...base, type: 'ExecutionResumed', reason: 'x' }, { reason: '<x>' }],
  [{ ...base, type: 'ExecutionRewound', reason: 'x', instanceId: 'i', parentExecutionId: 'e', messageId: 'm', previousMessageId: 'p' }, { reason: '<x>' }],
]

describe('payload members', () => {
  it.each(events.map(([event, marked]) => [event.type, event, marked] as const))('of %s', (_, event, marked) => {
    expect(mapEvent(event, marking)).toEqual({ ...event, ...marked })
    expect(mapEvent(event, identity)).toBe(event)
  })

  it('are known for every event type', () => {
    expect(new Set(events.map(([event]) => event.type))).toEqual(new Set(Object.keys(eventTypeNumbers).filter((each) => each !== 'ExecutionFailed')))
  })

  it('of states', () => {
    expect(mapState(state, marking)).toEqual(markedState)
    expect(mapState(state, identity)).toBe(state)
  })

  it('of messages are those of their event', () => {
    const message = { event: { ...base, type: 'EventRaised', name: 'n', input: 'x' }, instance: { instanceId: 'i' }, orchestrationTags: { a: 'b' } } as const
    expect(mapMessage(message, marking)).toEqual({ ...message, event: { ...message.event, input: '<x>' } })
    expect(mapMessage(message, identity)).toBe(message)
  })

  it('that are absent stay absent', () => {
    const bare: HistoryEvent = { ...base, type: 'TaskFailed', taskScheduledId: 0, reason: undefined }
    expect(mapEvent(bare, marking)).toBe(bare)
  })
})
