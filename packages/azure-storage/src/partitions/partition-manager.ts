/**
 * Decides with the other workers of a task hub, over the rows of its Partitions table, who listens to which control queue, and keeps its share alive.
 * Invariants: every start has a worker id of its own, so that no two lives of a process, and no two processes, ever take each other for themselves; it can be started again after a stop.
 */
import { dtfxError, type Clock, type Logger, type Metrics, type Random } from '@dtfx/core/provider'
import type { RowDropReason } from './balance.js'
import { PartitionRun } from './partition-run.js'
import type { PartitionSettings } from './partition-settings.js'
import type { PartitionStore } from './partition-table.js'
import type { PartitionWatchdog } from './partition-watchdog.js'

/** `stopped`: the stop had to end before the partition was released. */
export type PartitionDropReason = RowDropReason | 'stopped'

export interface PartitionCallbacks {
  /** This worker owns the partition now: begin to receive. Called after the row was written. */
  listen(partition: string): void
  /**
   * The partition will move: stop to receive, and resolve when nothing of it is in progress. The lease is renewed meanwhile. `signal` aborts when the time is up, the partition was lost, or the worker ends;
   * `drop` follows in any case.
   */
  drain(partition: string, signal: AbortSignal): Promise<void>
  /** Forget the partition at once: give back what was received and not begun, evict its instances. Called once for each `listen`, before anybody else can own it, unless it was lost. */
  drop(partition: string, reason: PartitionDropReason): void
}

export interface PartitionManagerOptions {
  readonly table: PartitionStore
  readonly settings: PartitionSettings
  readonly host: { readonly clock: Clock; readonly random: Random; readonly logger: Logger; readonly metrics: Metrics }
  /** For people; each start appends an id of its own. */
  readonly workerName: string
  readonly account: string
  readonly taskHub: string
  readonly callbacks: PartitionCallbacks
  /** Sees the rows of every pass. */
  readonly watchdog?: PartitionWatchdog | undefined
}

export class PartitionManager {
  readonly #options: PartitionManagerOptions
  #run: PartitionRun | undefined
  #stopped: Promise<void> | undefined

  constructor(options: PartitionManagerOptions) {
    this.#options = options
  }

  /** As written into the rows; undefined while it does not run. */
  get workerId(): string | undefined {
    return this.#run?.workerId
  }

  /** Begins to take partitions; returns at once. @throws DTFX_WORKER_STATE if it runs, or a stop is not over */
  start(): void {
    if (this.#run !== undefined) throw dtfxError('DTFX_WORKER_STATE', { state: this.#stopped === undefined ? 'running' : 'stopping', what: 'a start of its partition manager' })
    const { workerName, host } = this.#options
    this.#run = new PartitionRun(this.#options, `${workerName}-${host.random.id().slice(0, 12)}`)
    this.#run.start()
  }

  /**
   * Drains and gives back every partition. After `deadlineMs` it aborts what is under way, drops what it still has, and rejects; 0 is how a test makes it look like a crash. Idempotent.
   * @throws DTFX_PARTITIONS_HELD
   */
  stop(deadlineMs: number): Promise<void> {
    const run = this.#run
    if (run === undefined) return Promise.resolve()
    this.#stopped ??= run.stop(deadlineMs).finally(() => {
      this.#run = undefined
      this.#stopped = undefined
    })
    return this.#stopped
  }

  /** True while it is proven that nobody else owns the partition. Ask before every receive and every commit. */
  isLeased(partition: string): boolean {
    return this.#run?.isLeased(partition) ?? false
  }

  /** When the proof ends, on the monotonic clock; undefined for a partition that is not listened to. */
  leaseDeadlineMs(partition: string): number | undefined {
    return this.#run?.leaseDeadlineMs(partition)
  }

  /** Partitions between their `listen` and their `drop`. */
  listening(): readonly string[] {
    return this.#run?.listening() ?? []
  }
}
