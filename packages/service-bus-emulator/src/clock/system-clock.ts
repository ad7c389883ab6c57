/**
 * The real clock, and the end of a turn of the event loop. The only file of the package that touches timers and the time of day.
 * Invariant: no timer keeps the process alive, and none fires early because its delay is longer than a timer of Node can be.
 */
import type { CancelTimer, Clock } from './clock.js'

/** Node turns longer delays into 1 ms. */
const longestDelayMs = 2 ** 31 - 1

class SystemClock implements Clock {
  nowMs(): number {
    return Date.now()
  }

  after(delayMs: number, action: () => void): CancelTimer {
    let timer: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      if (leftMs <= longestDelayMs) timer = setTimeout(action, Math.max(0, leftMs))
      else timer = setTimeout(() => arm(leftMs - longestDelayMs), longestDelayMs)
      timer.unref()
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  }
}

export const systemClock: Clock = new SystemClock()

/** Runs `action` once the I/O of this turn of the event loop has been handled. */
export function afterTurn(action: () => void): void {
  setImmediate(action)
}
