/**
 * Frozen copies of what is stored: nobody outside can change what the store holds, and what it hands out cannot be changed by whoever gets it.
 * An object that is frozen already is taken as it is, so that an event that was delivered and comes back in a checkpoint is not copied again.
 */
import type { HistoryEvent, InstanceState, TaskMessage } from '@dtfx/core/provider'

/** Members that can be objects, by event type; `extra` can be one on every type. */
const nestedMembers: Readonly<Record<HistoryEvent['type'], readonly string[]>> = {
  ExecutionStarted: ['instance', 'parent', 'tags', 'parentTraceContext'],
  ExecutionCompleted: ['failure'],
  ContinueAsNew: ['failure'],
  ExecutionTerminated: [],
  TaskScheduled: ['parentTraceContext', 'tags'],
  TaskCompleted: [],
  TaskFailed: ['failure'],
  SubOrchestrationInstanceCreated: ['tags'],
  SubOrchestrationInstanceCompleted: [],
  SubOrchestrationInstanceFailed: ['failure'],
  TimerCreated: [],
  TimerFired: [],
  OrchestratorStarted: [],
  OrchestratorCompleted: [],
  EventSent: [],
  EventRaised: ['parentTraceContext'],
  GenericEvent: [],
  HistoryState: ['state'],
  ExecutionSuspended: [],
  ExecutionResumed: [],
  ExecutionRewound: ['parentTraceContext'],
}

export function frozenEvent(event: HistoryEvent): HistoryEvent {
  if (Object.isFrozen(event)) return event
  const nested = nestedMembers[event.type] as readonly string[] | undefined
  if (nested === undefined) return frozen(event)
  const copy: HistoryEvent = { ...event }
  for (const key of nested) freezeMember(copy as unknown as Record<string, unknown>, key)
  if (copy.extra !== undefined) freezeMember(copy as unknown as Record<string, unknown>, 'extra')
  return Object.freeze(copy)
}

export function frozenMessage(message: TaskMessage): TaskMessage {
  if (Object.isFrozen(message)) return message
  return Object.freeze({
    event: frozenEvent(message.event),
    instance: frozen(message.instance),
    ...(message.orchestrationTags === undefined ? undefined : { orchestrationTags: frozen(message.orchestrationTags) }),
    ...(message.extra === undefined ? undefined : { extra: frozen(message.extra) }),
  })
}

export function frozenState(state: InstanceState): InstanceState {
  if (Object.isFrozen(state)) return state
  const copy: InstanceState = { ...state }
  const members = copy as unknown as Record<string, unknown>
  freezeMember(members, 'tags')
  freezeMember(members, 'parent')
  freezeMember(members, 'failure')
  return Object.freeze(copy)
}

/** The state without `input` and `output`. */
export function withoutPayloads(state: InstanceState): InstanceState {
  const { input: _input, output: _output, ...rest } = state
  return rest
}

function freezeMember(members: Record<string, unknown>, key: string): void {
  const value = members[key]
  if (typeof value === 'object' && value !== null) members[key] = frozen(value)
}

function frozen<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value
  const copy = (Array.isArray(value) ? value.slice() : { ...value }) as Record<string, unknown>
  for (const key of Object.keys(copy)) freezeMember(copy, key)
  return Object.freeze(copy) as T
}
