/** THE contract: what a storage provider implements. Small on purpose; everything above it is the same for every store. */
import type { Clock } from '../base/clock.js'
import type { Random } from '../base/random.js'
import type { DataConverter } from '../serialization/data-converter.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { Tracer } from '../telemetry/tracer.js'
import type { Capabilities } from './capabilities.js'
import type { ClientPort } from './client-port.js'
import type { HistoryPort, PurgePort, QuarantinePort, QueryPort, ScalePort } from './store-ports.js'
import type { WorkerPort, WorkerSpec } from './worker-port.js'

/** Services of the process, injected; every member has a default. */
export interface Host {
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly logger?: Logger | undefined
  readonly metrics?: Metrics | undefined
  readonly tracer?: Tracer | undefined
}

export interface OrchestrationService {
  /** Short name for messages: `memory`, `sqlite`, `azure-storage`. */
  readonly name: string
  readonly capabilities: Capabilities
  /** Where its task hub is, for people who are about to change it; without secrets: `task hub 'Orders' of account 'acme'`, a file. */
  readonly location?: string | undefined
  /** The host it was created with, defaults filled in: worker and client use the same. */
  readonly host: Required<{ [K in keyof Host]: NonNullable<Host[K]> }>
  /** How payloads become text; set with `withPayloads`. Absent: the default JSON converter. */
  readonly converter?: DataConverter | undefined
  /** Set by `withPayloads` where payloads are encrypted: ids that follow from payloads are keyed with it. Never changes. */
  readonly digestKey?: Uint8Array | undefined
  readonly client: ClientPort
  readonly query?: QueryPort | undefined
  readonly history?: HistoryPort | undefined
  readonly purge?: PurgePort | undefined
  readonly quarantine?: QuarantinePort | undefined
  readonly scale?: ScalePort | undefined
  /** Creates what the task hub needs; existing parts stay. Idempotent; client and worker each call it, so remember that it is done. */
  createHub(): Promise<void>
  /** Whether the task hub is there: what tells a wrong name from an empty hub. Absent: the provider cannot say. */
  readonly hubExists?: (() => Promise<boolean>) | undefined
  /** Deletes the task hub with everything in it. Idempotent. */
  deleteHub(): Promise<void>
  startWorker(spec: WorkerSpec): Promise<WorkerPort>
  /** Ends workers, timers and connections. Idempotent. */
  close(): Promise<void>
}

/** The function every provider package exports under the name `createOrchestrationService`; loadOrchestrationService calls it. */
export type OrchestrationServiceFactory<Options = Record<string, unknown>> = (options: Options, host?: Host) => OrchestrationService
