/**
 * The time of one run, for its broker and its processes alike. Twenty seconds of it go by in a second, so that pauses cost little; and much more when nobody asks for anything, because then everybody waits for time to pass: for a pause,
 * or for the lock of one who died. Whoever lives renews what it holds meanwhile. On a machine that is busy with other things it goes slower.
 */
import { systemClock, type CancelTimer, type Clock, type Ticks } from '@dtfx/core/provider'
import type { Clock as BrokerClock } from '@dtfx/service-bus-emulator'
import { VirtualClock } from '@dtfx/testing'

const tickMs = 5
/** What a tick counts at most, however late it is. */
const longestTickMs = 15
const haste = 20
const quietHaste = 400
/** Ticks without a request. */
const quietTicks = 10

/** Requests so far, and those under way; without those that only wait, or come by the clock. */
export interface Traffic {
  begun: number
  open: number
}

export class FastClock implements Clock, BrokerClock {
  readonly #time = new VirtualClock(new Date())
  #seen = 0
  #quiet = 0
  #tickedMs = systemClock.monotonicMs()
  #cancel: CancelTimer

  constructor(readonly traffic: Traffic) {
    this.#cancel = systemClock.setTimer(tickMs, () => this.#tick())
  }

  nowMs(): number {
    return this.#time.nowMs()
  }

  nowTicks(): Ticks {
    return this.#time.nowTicks()
  }

  monotonicMs(): number {
    return this.#time.monotonicMs()
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    return this.#time.setTimer(delayMs, fire)
  }

  after(delayMs: number, action: () => void): CancelTimer {
    return this.#time.setTimer(delayMs, action)
  }

  /** Time stands still from now on. */
  stop(): void {
    this.#cancel()
  }

  #tick(): void {
    const nowMs = systemClock.monotonicMs()
    const passedMs = Math.min(nowMs - this.#tickedMs, longestTickMs)
    this.#tickedMs = nowMs
    const { begun, open } = this.traffic
    this.#quiet = open > 0 || begun !== this.#seen ? 0 : this.#quiet + 1
    this.#seen = begun
    this.#cancel = systemClock.setTimer(tickMs, () => this.#tick())
    this.#time.advance(Math.round(passedMs * (this.#quiet > quietTicks ? quietHaste : haste)))
  }
}
