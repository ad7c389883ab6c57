/** The end of life of messages that have one. Who is told decides what that means in the state the message is in by then. */
import type { CancelTimer, Clock } from '../clock/clock.js'
import type { StoredMessage } from './message.js'

export class Expiry {
  readonly #timers = new Map<StoredMessage, CancelTimer>()

  constructor(
    readonly clock: Clock,
    readonly expired: (message: StoredMessage) => void,
  ) {}

  watch(message: StoredMessage): void {
    if (message.expiresAtMs === Number.POSITIVE_INFINITY) return
    this.forget(message)
    const cancel = this.clock.after(message.expiresAtMs - this.clock.nowMs(), () => {
      this.#timers.delete(message)
      this.expired(message)
    })
    this.#timers.set(message, cancel)
  }

  forget(message: StoredMessage): void {
    if (this.#timers.size === 0) return
    this.#timers.get(message)?.()
    this.#timers.delete(message)
  }

  clear(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }
}
