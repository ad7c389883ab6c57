/**
 * Which members of events, messages and states are payloads, and a map over exactly those: what codecs transform, and nothing else.
 * Names, ids, tags, versions, times, error types and patch markers are no payloads: stores, queries and people need them in clear.
 * Invariant: an object in which nothing changes is returned itself, so that a map over plain data allocates nothing.
 */
import type { FailureDetails } from '../errors/failure-details.js'
import { patchMarkerPrefix, type HistoryEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { TaskMessage } from '../model/message.js'

export interface PayloadMap {
  text(text: string): string
  /** JSON-safe extras of a failure. */
  properties(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
}

/** Payload members per event type, failures and states apart. A new event type does not compile until it has its line. */
const eventMembers: { readonly [Type in HistoryEvent['type']]: readonly string[] } = {
  ExecutionStarted: ['input'],
  ExecutionCompleted: ['result'],
  ContinueAsNew: ['result'],
  ExecutionTerminated: ['input'],
  TaskScheduled: ['input'],
  TaskCompleted: ['result'],
  TaskFailed: ['reason', 'details'],
  SubOrchestrationInstanceCreated: ['input'],
  SubOrchestrationInstanceCompleted: ['result'],
  SubOrchestrationInstanceFailed: ['reason', 'details'],
  TimerCreated: [],
  TimerFired: [],
  OrchestratorStarted: [],
  OrchestratorCompleted: [],
  EventSent: ['input'],
  EventRaised: ['input'],
  GenericEvent: ['data'],
  HistoryState: [],
  ExecutionSuspended: ['reason'],
  ExecutionResumed: ['reason'],
  ExecutionRewound: ['reason'],
}
const stateMembers = ['input', 'output', 'customStatus'] as const
const failureMembers = ['errorMessage', 'stackTrace'] as const

export function mapEvent(event: HistoryEvent, map: PayloadMap): HistoryEvent {
  if (event.type === 'GenericEvent' && event.data?.startsWith(patchMarkerPrefix) === true) return event
  let mapped = mapTexts(event, eventMembers[event.type] ?? [], map)
  if ('failure' in mapped && mapped.failure !== undefined) {
    const failure = mapFailure(mapped.failure, map)
    if (failure !== mapped.failure) mapped = { ...mapped, failure }
  }
  if (mapped.type === 'HistoryState' && mapped.state !== undefined) {
    const state = mapState(mapped.state, map)
    if (state !== mapped.state) mapped = { ...mapped, state }
  }
  return mapped
}

export function mapMessage(message: TaskMessage, map: PayloadMap): TaskMessage {
  const event = mapEvent(message.event, map)
  return event === message.event ? message : { ...message, event }
}

export function mapState(state: InstanceState, map: PayloadMap): InstanceState {
  const mapped = mapTexts(state, stateMembers, map)
  if (mapped.failure === undefined) return mapped
  const failure = mapFailure(mapped.failure, map)
  return failure === mapped.failure ? mapped : { ...mapped, failure }
}

export function mapFailure(failure: FailureDetails, map: PayloadMap): FailureDetails {
  let mapped = mapTexts(failure, failureMembers, map)
  if (mapped.properties !== undefined) {
    const properties = map.properties(mapped.properties)
    if (properties !== mapped.properties) mapped = { ...mapped, properties }
  }
  if (mapped.innerFailure !== undefined) {
    const innerFailure = mapFailure(mapped.innerFailure, map)
    if (innerFailure !== mapped.innerFailure) mapped = { ...mapped, innerFailure }
  }
  return mapped
}

function mapTexts<T extends object>(subject: T, members: readonly string[], map: PayloadMap): T {
  let copy: Record<string, unknown> | undefined
  for (const member of members) {
    const text = (subject as Readonly<Record<string, unknown>>)[member]
    if (typeof text !== 'string') continue
    const mapped = map.text(text)
    if (mapped === text) continue
    copy ??= { ...subject } as Record<string, unknown>
    copy[member] = mapped
  }
  return (copy as T | undefined) ?? subject
}
