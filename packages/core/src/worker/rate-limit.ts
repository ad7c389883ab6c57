/** A bound on starts per second: a token bucket that holds one second's worth. */
import { sleep, type Clock } from '../base/clock.js'

/** A function to wait for before each start. */
export function rateLimit(perSecond: number, clock: Clock): (signal: AbortSignal) => Promise<void> {
  const intervalMs = 1000 / perSecond
  let nextMs = clock.monotonicMs() - 1000
  return async (signal) => {
    const now = clock.monotonicMs()
    nextMs = Math.max(nextMs, now - 1000) + intervalMs
    const waitMs = nextMs - now
    if (waitMs > 0) await sleep(clock, waitMs, signal)
  }
}
