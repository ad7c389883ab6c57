/**
 * Keeps the locks of long work alive. One sweep timer for all slots of a dispatcher: watching an item is an assignment and costs no look at the clock, because most work ends long before its lock.
 *
 * Invariants:
 * 1. A sweep comes at least four times per lock period, and renews every item of which less than half of the period is left.
 * 2. When the lock of an item is lost, because the store says so or because its time ran out while renewing failed, its watcher is told exactly once, and the item is forgotten.
 */
import type { CancelTimer, Clock } from '../base/clock.js'
import { msFromTicks, type Ticks } from '../base/ticks.js'
import { DurableError } from '../errors/durable-error.js'

export interface Renewable {
  readonly lockedUntil: Ticks | undefined
  renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }>
}

/** Long-lived: one per kind of work, not one per item. */
export interface RenewalWatcher<Item extends Renewable> {
  /** The lock cannot be kept: stop the work, write nothing more. */
  lost(slot: number, item: Item, error: unknown): void
  /** Nobody waits for the result any more. */
  instanceGone?(slot: number, item: Item): void
}

const shortestSweepMs = 20

export class LockRenewer<Item extends Renewable> {
  readonly #clock: Clock
  readonly #watcher: RenewalWatcher<Item>
  /** By slot: the item in progress. */
  readonly #items: (Item | undefined)[] = []
  /** By slot: the end of the lock of its item where a renewal moved it. */
  readonly #movedTo: (Ticks | undefined)[] = []
  readonly #renewing = new Set<Item>()
  #cancel: CancelTimer | undefined
  #periodMs = 0

  constructor(clock: Clock, watcher: RenewalWatcher<Item>) {
    this.#clock = clock
    this.#watcher = watcher
  }

  watch(slot: number, item: Item): void {
    if (this.#periodMs === 0 && !this.#learnPeriod(item)) return
    this.#items[slot] = item
    this.#movedTo[slot] = undefined
    if (this.#cancel === undefined) this.#arm()
  }

  unwatch(slot: number): void {
    this.#items[slot] = undefined
  }

  stop(): void {
    this.#items.length = 0
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** False: locks of this provider do not end by themselves. */
  #learnPeriod({ lockedUntil }: Item): boolean {
    if (lockedUntil === undefined) return false
    this.#periodMs = Math.max(4 * shortestSweepMs, msFromTicks(lockedUntil) - this.#clock.nowMs())
    return true
  }

  #arm(): void {
    this.#cancel = this.#clock.setTimer(this.#periodMs / 4, this.#sweep, { keepAlive: false })
  }

  readonly #sweep = (): void => {
    this.#cancel = undefined
    const halfwayMs = this.#clock.nowMs() + this.#periodMs / 2
    let isBusy = false
    for (const [slot, item] of this.#items.entries()) {
      if (item === undefined) continue
      isBusy = true
      const lockedUntil = this.#movedTo[slot] ?? item.lockedUntil
      if (lockedUntil !== undefined && msFromTicks(lockedUntil) <= halfwayMs && !this.#renewing.has(item)) void this.#renew(slot, item)
    }
    if (isBusy) this.#arm()
  }

  /** A renewal that failed for another reason is tried again by the next sweep, as long as the lock lasts. */
  #isLost(slot: number, item: Item, error: unknown): boolean {
    if (DurableError.is(error, 'DTFX_LOCK_LOST')) return true
    const lockedUntil = this.#movedTo[slot] ?? item.lockedUntil
    return lockedUntil !== undefined && msFromTicks(lockedUntil) <= this.#clock.nowMs()
  }

  async #renew(slot: number, item: Item): Promise<void> {
    this.#renewing.add(item)
    try {
      const { lockedUntil, instanceGone } = await item.renew()
      if (this.#items[slot] !== item) return
      if (instanceGone === true) this.#watcher.instanceGone?.(slot, item)
      this.#movedTo[slot] = lockedUntil
    } catch (error) {
      if (this.#items[slot] !== item || !this.#isLost(slot, item, error)) return
      this.#items[slot] = undefined
      this.#watcher.lost(slot, item, error)
    } finally {
      this.#renewing.delete(item)
    }
  }
}
