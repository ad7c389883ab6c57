/**
 * A clock that stands still until a test moves it.
 * Invariants: time never goes back; timers fire in the order of their due times and, at the same time, of their insertion, each at its own time; a timer set by a
 * firing timer takes part in the same advance if it is due. Nothing fires by itself, not even a timer of 0 ms: `fireDue` or an advance does it.
 */
import { durationMs, dtfxError, ticksFromMs, type CancelTimer, type Clock, type Duration, type Ticks } from '@dtfx/core/provider'
import { TimerHeap } from './timer-heap.js'

/** Where virtual clocks start unless told otherwise: a time that no test mistakes for now. */
export const virtualClockStart: Ticks = '2030-01-01T00:00:00.000Z'

export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap<() => void>()
  readonly #startMs: number
  #nowMs: number
  #sleepers = 0
  /** Called whenever the number of {@link sleepers} changed. */
  onSleepersChanged: (() => void) | undefined

  /** @throws DTFX_INVALID_TIME */
  constructor(startAt: Ticks | Date = virtualClockStart) {
    const ms = typeof startAt === 'string' ? Date.parse(startAt) : startAt.getTime()
    if (Number.isNaN(ms)) throw dtfxError('DTFX_INVALID_TIME', { what: 'start of the virtual clock', value: String(startAt) })
    this.#startMs = ms
    this.#nowMs = ms
  }

  nowMs(): number {
    return this.#nowMs
  }

  nowTicks(): Ticks {
    return ticksFromMs(this.#nowMs)
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const entry = this.#timers.add(this.#nowMs + Math.max(0, Math.ceil(delayMs)), fire)
    return () => this.#timers.cancel(entry)
  }

  /** Timers that wait to fire. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Promises of {@link sleep} that are open: what a test hub does not wait for before it moves the clock. */
  get sleepers(): number {
    return this.#sleepers
  }

  /** When the next timer is due, in milliseconds since the epoch; undefined when none is set. */
  nextTimerMs(): number | undefined {
    return this.#timers.peek()?.dueMs
  }

  /** Moves the clock by `duration` and fires what becomes due on the way. @throws DTFX_INVALID_DURATION */
  advance(duration: Duration): void {
    this.advanceTo(this.#nowMs + Math.ceil(durationMs(duration, 'advance')))
  }

  /** Moves the clock to a time in milliseconds since the epoch (an earlier one moves nothing) and fires what becomes due on the way. */
  advanceTo(targetMs: number): void {
    for (;;) {
      const timer = this.#timers.takeDue(targetMs)
      if (timer === undefined) break
      if (timer.dueMs > this.#nowMs) this.#nowMs = timer.dueMs
      timer.value()
    }
    if (targetMs > this.#nowMs) this.#nowMs = targetMs
  }

  /** Fires what is due now. Returns how many timers fired. */
  fireDue(): number {
    let fired = 0
    for (let timer = this.#timers.takeDue(this.#nowMs); timer !== undefined; timer = this.#timers.takeDue(this.#nowMs)) {
      fired++
      timer.value()
    }
    return fired
  }

  /** For activities under test: waits `duration` of virtual time; resolves at once, never rejects, when `signal` aborts. A test hub counts an activity that sleeps here as idle. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    const delayMs = durationMs(duration, 'sleep')
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        signal?.removeEventListener('abort', done)
        this.#sleepers--
        this.onSleepersChanged?.()
        resolve()
      }
      const cancel = this.setTimer(delayMs, done)
      signal?.addEventListener('abort', done, { once: true })
      this.#sleepers++
      this.onSleepersChanged?.()
    })
  }
}
