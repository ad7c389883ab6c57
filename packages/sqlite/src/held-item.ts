/**
 * What all work items share: they are held until they are settled or lost.
 * Invariant: an item leaves `held` once and never comes back; the file is checked as well, by the owner of the row, whenever something of the item is written.
 */
import { LockLostError, ticksFromMs, type Ticks } from '@dtfx/core/provider'
import type { Held, Holder } from './holder.js'

export abstract class HeldItem implements Held {
  readonly isSuspect: boolean = false
  deadlineMs: number
  #status: 'held' | 'settled' | 'lost' = 'held'
  #lost: AbortController | undefined
  readonly #lockedUntilMs: number

  constructor(readonly port: Holder) {
    this.deadlineMs = port.hub.clock.monotonicMs() + port.hub.settings.lockTimeout
    this.#lockedUntilMs = port.lease.expiresMs
    port.items.add(this)
  }

  get isHeld(): boolean {
    return this.#status === 'held'
  }

  get isLost(): boolean {
    return this.#status === 'lost'
  }

  get lockedUntil(): Ticks {
    return ticksFromMs(this.#lockedUntilMs)
  }

  get lost(): AbortSignal {
    if (this.#lost === undefined) {
      this.#lost = new AbortController()
      if (this.isLost) this.#lost.abort(this.lockLost())
    }
    return this.#lost.signal
  }

  /** The lock of an item is that of its worker; only an item that is renewed keeps it. @throws LockLostError */
  async renewLock(): Promise<Ticks> {
    if (!this.isHeld) throw this.lockLost()
    const { port } = this
    await port.lease.keep()
    if (!this.isHeld) throw this.lockLost()
    this.deadlineMs = port.hub.clock.monotonicMs() + port.hub.settings.lockTimeout
    return ticksFromMs(port.lease.expiresMs)
  }

  lose(): void {
    if (!this.isHeld) return
    this.#status = 'lost'
    this.port.items.delete(this)
    this.ended()
    this.#lost?.abort(this.lockLost())
    this.port.itemEnded()
  }

  /** Ends the item in order. */
  settled(): void {
    if (!this.isHeld) return
    this.#status = 'settled'
    this.port.items.delete(this)
    this.ended()
    this.port.itemEnded()
  }

  lockLost(): LockLostError {
    return new LockLostError(this.describe())
  }

  abstract giveUp(): Promise<void>
  /** Leaves the lists it is in. */
  protected abstract ended(): void
  /** What the lock is on, for messages. */
  protected abstract describe(): string
}
