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
  /** What could not be given back in time. */
  #problem: unknown

  constructor({ manager, lease, lostDeadlineMs }: PartitionOwnershipParts) {
    this.#manager = manager
    this.#deadlineMs = lostDeadlineMs
    this.#lease = lease({ acquired: () => manager.start(), lost: () => this.#giveBack() })
  }

  start(): void {
    this.#lease.start()
  }

  /** @throws DTFX_PARTITIONS_HELD */
  async stop(deadlineMs: number): Promise<void> {
    this.#deadlineMs = deadlineMs
    this.#problem = undefined
    await this.#lease.stop()
    if (this.#problem !== undefined) throw this.#problem
  }

  isLeased(partition: string): boolean {
    return this.#manager.isLeased(partition)
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#manager.stop(this.#deadlineMs)
    } catch (error) {
      this.#problem = error
    }
  }
}
