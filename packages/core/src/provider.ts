/** Entry `@dtfx/core/provider`: the contract for storage providers, the data model, and what providers share. */
export type { Capabilities, CommitDiscipline } from './provider/capabilities.js'
export type { Checkpoint, OutboundMessage } from './provider/checkpoint.js'
export { activityAnswer } from './provider/activity-answer.js'
export type { ClientPort, CreatePolicy, CreateRequest, CreateResult } from './provider/client-port.js'
export { delegateService } from './provider/delegate-service.js'
export { LocalActivities, type LocalActivitiesOptions } from './provider/local-activities/local-activities.js'
export { LocalActivity } from './provider/local-activities/local-activity.js'
export type { ActivityAnswer, AnswerSettlement, LocalBackup } from './provider/local-activities/local-backup.js'
export { LocalCompletion } from './provider/local-activities/local-completion.js'
export type { ActivitySlot, ActivitySlots, LocalReservation } from './provider/local-activities/local-reservation.js'
export { LocalWork, type LocalOwner } from './provider/local-activities/local-work.js'
export type { Host, OrchestrationService, OrchestrationServiceFactory } from './provider/orchestration-service.js'
export { pendingState, startMessages } from './provider/pending-state.js'
export { resolveHost } from './provider/host.js'
export { parseSettings, setting, type OptionsOf, type Setting, type SettingsOf, type SettingsSchema } from './provider/settings.js'
export type { HistoryPort, PurgePort, QuarantinePort, QuarantinedMessage, QueryPort, ScaleMetrics, ScalePort } from './provider/store-ports.js'
export type {
  ActivityWorkItem,
  CommitResult,
  ConsumedIds,
  Delivered,
  InstanceSnapshot,
  InstanceVersion,
  OrchestrationWorkItem,
  Receipt,
  Settlement,
} from './provider/work-items.js'
export type { NameAndVersion, StopReport, WorkerPort, WorkerSpec } from './provider/worker-port.js'

export type {
  ContinueAsNewEvent,
  EventBase,
  EventRaisedEvent,
  EventSentEvent,
  EventTypeName,
  ExecutionCompletedEvent,
  ExecutionResumedEvent,
  ExecutionRewoundEvent,
  ExecutionStartedEvent,
  ExecutionSuspendedEvent,
  ExecutionTerminatedEvent,
  GenericEvent,
  HistoryEvent,
  HistoryEventOf,
  HistoryStateEvent,
  OrchestratorCompletedEvent,
  OrchestratorStartedEvent,
  SubOrchestrationInstanceCompletedEvent,
  SubOrchestrationInstanceCreatedEvent,
  SubOrchestrationInstanceFailedEvent,
  TaskCompletedEvent,
  TaskFailedEvent,
  TaskScheduledEvent,
  TimerCreatedEvent,
  TimerFiredEvent,
} from './model/events.js'
export { eventTypeNumbers, patchMarkerPrefix, splitTimerId } from './model/events.js'
export type { FinalStatus, InstanceId, InstanceState, OrchestrationInstance, OrchestrationStatus, ParentInstance, Tags, TraceContext } from './model/instance.js'
export { isFinal, statusNumbers } from './model/instance.js'
export { replyMessageId, type MessageId, type TaskMessage } from './model/message.js'
export type { InstanceFilter, Page, PageRequest } from './model/query.js'

export { backoffMs, type BackoffPolicy } from './base/backoff.js'
export { sleep, systemClock, type CancelTimer, type Clock } from './base/clock.js'
export { deferred, type Deferred } from './base/deferred.js'
export { limits } from './base/limits.js'
export { seededRandom, seedFromText, systemRandom, type Random } from './base/random.js'
export { addMs, compareTicks, dueMsFromTicks, laterTicks, maxTicks, msFromTicks, normalizeTicks, ticksFromMs, type Ticks } from './base/ticks.js'
export { durationMs, type Duration } from './base/duration.js'

export { DurableError, dtfxError, type ErrorDetails } from './errors/durable-error.js'
export { failureFromError, failureText, type FailureDetails } from './errors/failure-details.js'
export { AmbiguousCommitError, LockLostError, PermanentError, StaleError, TransientError } from './errors/provider-errors.js'
export type { ErrorCode } from './errors/registry.js'

export { logEvents, type LogEvent } from './telemetry/log-events.js'
export type { Logger, LogFields, LogLevel } from './telemetry/logger.js'
export type { Metrics, MetricName } from './telemetry/metrics.js'
export type { Span, SpanOptions, Tracer } from './telemetry/tracer.js'

export { decodeEvent, decodeHistory, encodeEvent, encodeHistory, eventFromWire, eventToWire, historyFromWire } from './serialization/wire-history.js'
export type { WireFlavour } from './serialization/wire-flavour.js'
export { parseWire, wireText, type WireObject } from './serialization/wire-json.js'
export { dateFromWire, dateToWire } from './serialization/wire-date.js'
export { decodeMessage, encodeMessage, messageFromWire, messageToWire } from './serialization/wire-message.js'
export { stateFromWire, stateToWire } from './serialization/wire-state.js'
export * as wireParts from './serialization/wire-parts.js'
