/**
 * The history event model: one interface for each of DTFx's event types, their union and their numbers (wire contract, append only).
 * Events are immutable plain data. `extra` keeps members that a newer or other writer added, so that they survive our rewriting them.
 * Payload members (`input`, `result`, `data`, `reason` …) are text as stored, never parsed values; an absent member is .NET's null.
 */
import type { Ticks } from '../base/ticks.js'
import type { FailureDetails } from '../errors/failure-details.js'
import type { InstanceState, InstanceId, OrchestrationInstance, OrchestrationStatus, ParentInstance, Tags, TraceContext } from './instance.js'

export const eventTypeNumbers = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionFailed: 2,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  ContinueAsNew: 16,
  GenericEvent: 17,
  HistoryState: 18,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
  ExecutionRewound: 21,
} as const

/** Names of the event types. `ExecutionFailed` is reserved in .NET and never written. */
export type EventTypeName = keyof typeof eventTypeNumbers

export interface EventBase {
  /** Id of the action that produced the event; −1 for events from outside and for markers. */
  readonly eventId: number
  readonly timestamp: Ticks
  /** As .NET persists it; we neither read nor change it. */
  readonly isPlayed?: boolean | undefined
  /** Unknown members by their wire name, kept as read. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

export interface ExecutionStartedEvent extends EventBase {
  readonly type: 'ExecutionStarted'
  readonly instance: OrchestrationInstance
  readonly parent?: ParentInstance | undefined
  readonly name: string
  readonly version?: string | undefined
  readonly input?: string | undefined
  readonly tags?: Tags | undefined
  readonly correlation?: string | undefined
  readonly parentTraceContext?: TraceContext | undefined
  readonly scheduledStartTime?: Ticks | undefined
  readonly generation?: number | undefined
  readonly generateNewTrace?: boolean | undefined
  /** Id of the message that carried it: what a completion to the parent answers. */
  readonly messageId?: string | undefined
  /** Ours: after a rewind, the execution id it began with. What the code draws follows from it, and is the same as before. */
  readonly seedExecutionId?: string | undefined
}

export interface ExecutionCompletedEvent extends EventBase {
  readonly type: 'ExecutionCompleted'
  readonly status: OrchestrationStatus
  readonly result?: string | undefined
  readonly failure?: FailureDetails | undefined
}

/** Ends a generation; `result` is the input of the next one. */
export interface ContinueAsNewEvent extends EventBase {
  readonly type: 'ContinueAsNew'
  readonly status: OrchestrationStatus
  readonly result?: string | undefined
  readonly failure?: FailureDetails | undefined
}

export interface ExecutionTerminatedEvent extends EventBase {
  readonly type: 'ExecutionTerminated'
  /** Reason. */
  readonly input?: string | undefined
  /** Ours: terminate the open children as well. Travels as an extra member that .NET ignores. */
  readonly recursive?: boolean | undefined
}

export interface TaskScheduledEvent extends EventBase {
  readonly type: 'TaskScheduled'
  readonly name: string
  readonly version?: string | undefined
  /** JSON array of the arguments. Absent in stored histories (only the message carries it). */
  readonly input?: string | undefined
  readonly parentTraceContext?: TraceContext | undefined
  readonly tags?: Tags | undefined
  /** Id of the message that carried it; a completion with another `replyTo` is dropped. Absent when .NET scheduled it. */
  readonly messageId?: string | undefined
}

export interface TaskCompletedEvent extends EventBase {
  readonly type: 'TaskCompleted'
  readonly taskScheduledId: number
  readonly result?: string | undefined
}

export interface TaskFailedEvent extends EventBase {
  readonly type: 'TaskFailed'
  readonly taskScheduledId: number
  readonly reason?: string | undefined
  readonly details?: string | undefined
  readonly failure?: FailureDetails | undefined
}

export interface SubOrchestrationInstanceCreatedEvent extends EventBase {
  readonly type: 'SubOrchestrationInstanceCreated'
  readonly name: string
  readonly version?: string | undefined
  readonly instanceId: InstanceId
  readonly input?: string | undefined
  readonly clientSpanId?: string | undefined
  readonly tags?: Tags | undefined
  readonly messageId?: string | undefined
}

export interface SubOrchestrationInstanceCompletedEvent extends EventBase {
  readonly type: 'SubOrchestrationInstanceCompleted'
  readonly taskScheduledId: number
  readonly result?: string | undefined
}

export interface SubOrchestrationInstanceFailedEvent extends EventBase {
  readonly type: 'SubOrchestrationInstanceFailed'
  readonly taskScheduledId: number
  readonly reason?: string | undefined
  readonly details?: string | undefined
  readonly failure?: FailureDetails | undefined
}

export interface TimerCreatedEvent extends EventBase {
  readonly type: 'TimerCreated'
  readonly fireAt: Ticks
  readonly messageId?: string | undefined
}

export interface TimerFiredEvent extends EventBase {
  readonly type: 'TimerFired'
  readonly timerId: number
  readonly fireAt: Ticks
}

export interface OrchestratorStartedEvent extends EventBase {
  readonly type: 'OrchestratorStarted'
}

export interface OrchestratorCompletedEvent extends EventBase {
  readonly type: 'OrchestratorCompleted'
}

export interface EventSentEvent extends EventBase {
  readonly type: 'EventSent'
  readonly instanceId: InstanceId
  readonly name: string
  readonly input?: string | undefined
}

export interface EventRaisedEvent extends EventBase {
  readonly type: 'EventRaised'
  readonly name: string
  readonly input?: string | undefined
  readonly parentTraceContext?: TraceContext | undefined
}

/** .NET ignores it on replay. Ours carry patch markers: `data` = `dtfx:patch:<id>`. */
export interface GenericEvent extends EventBase {
  readonly type: 'GenericEvent'
  readonly data?: string | undefined
}

/** Written to the tracking queue of Service Bus; never part of a replayed history. */
export interface HistoryStateEvent extends EventBase {
  readonly type: 'HistoryState'
  readonly state?: InstanceState | undefined
}

export interface ExecutionSuspendedEvent extends EventBase {
  readonly type: 'ExecutionSuspended'
  readonly reason?: string | undefined
}

export interface ExecutionResumedEvent extends EventBase {
  readonly type: 'ExecutionResumed'
  readonly reason?: string | undefined
}

/** In the history of an execution that had not failed: its parent was rewound, and waits anew. */
export interface ExecutionRewoundEvent extends EventBase {
  readonly type: 'ExecutionRewound'
  readonly reason?: string | undefined
  readonly parentExecutionId?: string | undefined
  readonly instanceId?: InstanceId | undefined
  readonly parentTraceContext?: TraceContext | undefined
  /** Ours, from a parent: id of the message that carried it. What the child answers from now on; an answer to what came before is late. */
  readonly messageId?: string | undefined
  /** Ours, from a parent: what the child's answer named so far, by which a child knows that it is meant. */
  readonly previousMessageId?: string | undefined
}

export type HistoryEvent =
  | ExecutionStartedEvent
  | ExecutionCompletedEvent
  | ContinueAsNewEvent
  | ExecutionTerminatedEvent
  | TaskScheduledEvent
  | TaskCompletedEvent
  | TaskFailedEvent
  | SubOrchestrationInstanceCreatedEvent
  | SubOrchestrationInstanceCompletedEvent
  | SubOrchestrationInstanceFailedEvent
  | TimerCreatedEvent
  | TimerFiredEvent
  | OrchestratorStartedEvent
  | OrchestratorCompletedEvent
  | EventSentEvent
  | EventRaisedEvent
  | GenericEvent
  | HistoryStateEvent
  | ExecutionSuspendedEvent
  | ExecutionResumedEvent
  | ExecutionRewoundEvent

export type HistoryEventOf<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { type: Type }>

/** Event id of the split timer .NET and we use to wake an instance whose turn was cut; replay ignores it. */
export const splitTimerId = -100

/** Prefix of the `data` of a patch marker. */
export const patchMarkerPrefix = 'dtfx:patch:'
