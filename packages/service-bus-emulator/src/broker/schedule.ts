/** Messages that are not to be seen yet. One timer, for the earliest, serves them all; equal times keep the order of sending. */
import type { CancelTimer, Clock } from '../clock/clock.js'
import type { StoredMessage } from './message.js'

export class Schedule {
  /** Sorted by time, then by sequence number. */
  readonly #messages: StoredMessage[] = []
  #cancelTimer: CancelTimer | undefined

  constructor(
    readonly clock: Clock,
    readonly due: (message: StoredMessage) => void,
  ) {}

  get length(): number {
    return this.#messages.length
  }

  add(message: StoredMessage): void {
    const place = this.#messages.findLastIndex((other) => dueMsOf(other) <= dueMsOf(message)) + 1
    this.#messages.splice(place, 0, message)
    if (place === 0) this.#arm()
  }

  remove(message: StoredMessage): void {
    const place = this.#messages.indexOf(message)
    if (place < 0) return
    this.#messages.splice(place, 1)
    if (place === 0) this.#arm()
  }

  clear(): void {
    this.#messages.length = 0
    this.#arm()
  }

  #arm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const first = this.#messages[0]
    if (first !== undefined) this.#cancelTimer = this.clock.after(dueMsOf(first) - this.clock.nowMs(), () => this.#release())
  }

  #release(): void {
    const nowMs = this.clock.nowMs()
    for (let first = this.#messages[0]; first !== undefined && dueMsOf(first) <= nowMs; first = this.#messages[0]) {
      this.#messages.shift()
      this.due(first)
    }
    this.#arm()
  }
}

const dueMsOf = (message: StoredMessage): number => message.scheduledForMs ?? 0
