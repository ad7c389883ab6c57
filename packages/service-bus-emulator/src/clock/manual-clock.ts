/**
 * A clock that stands still until a test moves it. Timers run inside `advance`, in the order of their time, those of equal time in the order they were set.
 * Invariant: while a timer runs, `nowMs` is its time.
 */
import type { CancelTimer, Clock } from './clock.js'
import { systemClock } from './system-clock.js'

interface Timer {
  readonly dueMs: number
  readonly action: () => void
}

export class ManualClock implements Clock {
  #nowMs: number
  /** Sorted by time; equal times in the order of setting. */
  readonly #timers: Timer[] = []

  /** Starts at the real time unless told otherwise: clients compare times of the broker with their own. */
  constructor(startMs: number = systemClock.nowMs()) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, action: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), action }
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timers[middle]!.dueMs <= timer.dueMs) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** Moves the time on and runs everything that became due, also what is set meanwhile. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (let first = this.#timers[0]; first !== undefined && first.dueMs <= untilMs; first = this.#timers[0]) {
      this.#timers.shift()
      this.#nowMs = Math.max(this.#nowMs, first.dueMs)
      first.action()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }
}
