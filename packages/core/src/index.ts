/** Public API of `@dtfx/core`: authoring, worker, client, configuration and errors. Storage providers import `@dtfx/core/provider` instead. */
export {
  declareActivity,
  declareOrchestration,
  defineActivity,
  defineEvent,
  defineOrchestration,
  type ActivityDeclaration,
  type ActivityDefinition,
  type ActivityOptions,
  type AnyActivity,
  type AnyOrchestration,
  type EventDefinition,
  type OrchestrationDeclaration,
  type OrchestrationDefinition,
  type OrchestrationOptions,
} from './authoring/definitions.js'
export type { ActivityContext } from './authoring/activity-context.js'
export type { ContextLogger } from './authoring/context-logger.js'
export { fromGenerator } from './authoring/from-generator.js'
export {
  defineProperty,
  type ActivityMiddleware,
  type ActivityMiddlewareContext,
  type ActivityOutcome,
  type OrchestrationMiddleware,
  type OrchestrationMiddlewareContext,
  type OrchestrationOutcome,
  type Properties,
  type PropertyKeyOf,
} from './authoring/middleware.js'
export type {
  ActivityCallOptions,
  ContinuedAsNew,
  DurableEventWait,
  DurableTask,
  DurableTimer,
  MapOptions,
  OrchestrationContext,
  SubOrchestrationCallOptions,
} from './authoring/orchestration-context.js'
export type { StandardSchema } from './authoring/schema.js'
export type { ResultOptions } from './client/await-result.js'
export type { BulkOptions, BulkReasonOptions, BulkReport, BulkTreeOptions } from './client/bulk-operations.js'
export type { HistoryFile } from './client/history-file.js'
export type { PurgeOptions, RestartOptions, TerminateOptions } from './client/instance-commands.js'
export type { InstancePage, InstanceQuery, QueryFilter, QueryOptions } from './client/instance-query.js'
export type { OrchestrationHandle, StateOptions } from './client/orchestration-handle.js'
export type { OrchestrationState } from './client/orchestration-state.js'
export type { ReusePolicy, StartOptions } from './client/start-options.js'
export { TaskHubClient, type StartItem, type TaskHubClientOptions } from './client/task-hub-client.js'
export type { ConfigOverrides } from './config/config-overrides.js'
export { loadOrchestrationService } from './config/load-orchestration-service.js'
export type { OrchestrationServiceConfig } from './config/orchestration-config.js'
export type { CodecConfig, PayloadConfig } from './config/payload-config.js'
export { withPayloads, type PayloadOptions } from './config/with-payloads.js'
export type { Duration } from './base/duration.js'
export { systemClock, type Clock } from './base/clock.js'
export { DurableError, type ErrorDetails } from './errors/durable-error.js'
export type { FailureDetails } from './errors/failure-details.js'
export { errorCodes, type ErrorCode } from './errors/registry.js'
export {
  NonDeterminismError,
  NonRetryableError,
  OrchestrationFailedError,
  OrchestrationTerminatedError,
  RemoteError,
  RetryAfterError,
  SubOrchestrationFailedError,
  TaskCanceledError,
  TaskFailedError,
  TaskTimeoutError,
  WaitTimeoutError,
} from './errors/user-errors.js'
export type { DeterminismMode } from './engine/determinism.js'
export type { OrchestratorAction } from './model/actions.js'
export type { HistoryEvent } from './model/events.js'
export type { InstanceState, OrchestrationStatus, Tags } from './model/instance.js'
export type { RetryPolicy } from './model/retry-policy.js'
export type { Host, OrchestrationService } from './provider/orchestration-service.js'
export { jsonConverter, type DataConverter, type Wire } from './serialization/data-converter.js'
export { aes256GcmCodec, type Aes256GcmOptions } from './serialization/payload-aes.js'
export type { PayloadCodec } from './serialization/payload-codec.js'
export { gzipCodec, type GzipOptions } from './serialization/payload-gzip.js'
export { consoleLogger, noLogger, type Logger, type LogFields, type LogLevel } from './telemetry/logger.js'
export { logEvents } from './telemetry/log-events.js'
export { consoleMetrics, metricNames, noMetrics, type MetricName, type Metrics } from './telemetry/metrics.js'
export { consoleTracer, noTracer, type Span, type SpanOptions, type Tracer } from './telemetry/tracer.js'
export { TaskHubWorker, type WorkerStopReport } from './worker/task-hub-worker.js'
export type { TaskHubWorkerOptions } from './worker/worker-options.js'
export { watchdogExitCode } from './worker/watchdog.js'
export type { VersionMatch } from './worker/versioning.js'
