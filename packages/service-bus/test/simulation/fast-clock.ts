/** The time of one run, for its broker and its processes alike: twenty seconds of it go by in a second. So back-off, polls and deferrals cost little, and everybody measures with the same measure. */
import { systemClock, ticksFromMs, type CancelTimer, type Clock, type Ticks } from '@dtfx/core/provider'
import type { Clock as BrokerClock } from '@dtfx/service-bus-emulator'

const haste = 20

export class FastClock implements Clock, BrokerClock {
  readonly #startMs = systemClock.nowMs()
  readonly #startMonotonicMs = systemClock.monotonicMs()

  nowMs(): number {
    return Math.floor(this.#startMs + this.monotonicMs())
  }

  nowTicks(): Ticks {
    return ticksFromMs(this.nowMs())
  }

  monotonicMs(): number {
    return (systemClock.monotonicMs() - this.#startMonotonicMs) * haste
  }

  setTimer(delayMs: number, fire: () => void, options?: { keepAlive?: boolean }): CancelTimer {
    return systemClock.setTimer(delayMs / haste, fire, options)
  }

  after(delayMs: number, action: () => void): CancelTimer {
    return this.setTimer(delayMs, action, { keepAlive: false })
  }
}
