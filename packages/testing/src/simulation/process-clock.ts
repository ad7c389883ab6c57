/**
 * The clock of a simulated process: the store's with a constant error. Its timers end with the process, and wait while it stands still; they are counted, so that one that is left over is seen.
 * Time that runs backwards is not simulated.
 */
import { ticksFromMs, type CancelTimer, type Clock, type Ticks } from '@dtfx/core/provider'
import type { ProcessGate } from './process-gate.js'

export class ProcessClock implements Clock {
  /** Timers that have neither fired nor were cancelled. */
  timers = 0

  constructor(
    readonly base: Clock,
    readonly skewMs: number,
    readonly gate: Pick<ProcessGate, 'isDead' | 'enter'>,
  ) {}

  nowMs(): number {
    return this.base.nowMs() + this.skewMs
  }

  nowTicks(): Ticks {
    return ticksFromMs(this.nowMs())
  }

  monotonicMs(): number {
    return this.base.monotonicMs()
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    let isOpen = true
    this.timers++
    const close = (): boolean => {
      if (!isOpen) return false
      isOpen = false
      this.timers--
      return true
    }
    const cancel = this.base.setTimer(delayMs, () => void this.gate.enter().then(() => close() && fire()))
    return () => void (close() && cancel())
  }
}
