/**
 * Keeps the locks of long work alive: one timer for all items of a worker, set for the earliest renewal due. An item is renewed when half of its remaining lock time has passed.
 * Invariant: when an item cannot be renewed its watcher is told exactly once, and the item is forgotten.
 */
import type { CancelTimer, Clock } from '../base/clock.js'
import { msFromTicks, type Ticks } from '../base/ticks.js'

export interface Renewable {
  readonly lockedUntil: Ticks | undefined
  renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }>
}

export interface RenewalWatcher {
  /** The lock cannot be kept: stop the work, write nothing more. */
  lost(error: unknown): void
  /** Nobody waits for the result any more. */
  instanceGone?(): void
}

interface Entry {
  readonly watcher: RenewalWatcher
  dueMs: number
}

export class LockRenewer {
  readonly #entries = new Map<Renewable, Entry>()
  #cancel: CancelTimer | undefined
  #timerDueMs = Number.POSITIVE_INFINITY

  constructor(readonly clock: Clock) {}

  watch(item: Renewable, watcher: RenewalWatcher): void {
    if (item.lockedUntil === undefined) return
    const dueMs = this.#due(item.lockedUntil)
    this.#entries.set(item, { watcher, dueMs })
    this.#armFor(dueMs)
  }

  /** The timer stays armed: finding nothing to renew costs less than setting it anew for every item. */
  unwatch(item: Renewable): void {
    this.#entries.delete(item)
  }

  stop(): void {
    this.#entries.clear()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #due(lockedUntil: Ticks): number {
    const now = this.clock.nowMs()
    return now + Math.max(0, (msFromTicks(lockedUntil) - now) / 2)
  }

  #armFor(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return
    this.#cancel?.()
    this.#timerDueMs = dueMs
    this.#cancel = this.clock.setTimer(Math.max(minWaitMs, dueMs - this.clock.nowMs()), this.#fire, { keepAlive: false })
  }

  readonly #fire = (): void => {
    this.#cancel = undefined
    this.#timerDueMs = Number.POSITIVE_INFINITY
    const now = this.clock.nowMs()
    for (const [item, entry] of this.#entries) {
      if (entry.dueMs <= now) void this.#renew(item, entry)
      else this.#armFor(entry.dueMs)
    }
  }

  async #renew(item: Renewable, entry: Entry): Promise<void> {
    entry.dueMs = Number.POSITIVE_INFINITY
    try {
      const { lockedUntil, instanceGone } = await item.renew()
      if (this.#entries.get(item) !== entry) return
      if (instanceGone === true) entry.watcher.instanceGone?.()
      if (lockedUntil === undefined) return
      entry.dueMs = this.#due(lockedUntil)
      this.#armFor(entry.dueMs)
    } catch (error) {
      if (this.#entries.get(item) !== entry) return
      this.#entries.delete(item)
      entry.watcher.lost(error)
    }
  }
}

/** Renewals closer together than this are made in one go. */
const minWaitMs = 50
