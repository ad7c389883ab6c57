/**
 * When a worker may own partitions: while its app has the lease of the hub. Joins the app lease with the partition manager.
 * Invariant: partitions are given back before the lease is.
 */
import type { AppLease } from './app-lease.js'
import type { PartitionManager } from './partition-manager.js'

export interface PartitionOwnershipParts {
  readonly manager: PartitionManager
  readonly lease: (events: { readonly acquired: () => void; readonly lost: () => Promise<void> }) => AppLease
  /** How long partitions may take to be given back when the lease is lost. */
  readonly lostDeadlineMs: number
}

export class PartitionOwnership {
  readonly #manager: PartitionManager
  readonly #lease: AppLease
  #deadlineMs: number

  constructor({ manager, lease, lostDeadlineMs }: PartitionOwnershipParts) {
    this.#manager = manager
    this.#deadlineMs = lostDeadlineMs
    this.#lease = lease({ acquired: () => manager.start(), lost: () => manager.stop(this.#deadlineMs) })
  }

  start(): void {
    this.#lease.start()
  }

  /** @throws DTFX_PARTITIONS_HELD */
  stop(deadlineMs: number): Promise<void> {
    this.#deadlineMs = deadlineMs
    return this.#lease.stop()
  }

  isLeased(partition: string): boolean {
    return this.#manager.isLeased(partition)
  }
}
