/**
 * Time as an injected service: tests drive it, everything else uses {@link systemClock}.
 * The originals are captured when the module loads, so that fake timers and the deterministic globals of the engine never reach the framework itself.
 */
import { ticksFromMs, type Ticks } from './ticks.js'

const realNow = Date.now
const realSetTimeout = setTimeout
const realClearTimeout = clearTimeout
const realPerformanceNow = performance.now.bind(performance)

/** Cancels a timer set with {@link Clock.setTimer}; a no-op once it has fired. */
export type CancelTimer = () => void

export interface Clock {
  /** Wall-clock milliseconds since the epoch. May jump. */
  nowMs(): number
  /** Wall-clock time as stored in histories. */
  nowTicks(): Ticks
  /** Milliseconds that never go back, for leases and latencies. */
  monotonicMs(): number
  /** Calls `fire` once, at least `delayMs` from now (delays above 2^31−1 ms are waited for in hops). `keepAlive: false` lets the process exit meanwhile. */
  setTimer(delayMs: number, fire: () => void, options?: { keepAlive?: boolean }): CancelTimer
}

const maxHopMs = 2 ** 31 - 1

/** The text of the last millisecond asked for: a busy worker asks many times within one. */
const last = { ms: Number.NaN, ticks: '' }

function nowTicks(): Ticks {
  const ms = realNow()
  if (ms !== last.ms) {
    last.ms = ms
    last.ticks = ticksFromMs(ms)
  }
  return last.ticks
}

export const systemClock: Clock = {
  nowMs: () => realNow(),
  nowTicks,
  monotonicMs: () => realPerformanceNow(),
  setTimer(delayMs, fire, options) {
    let handle: NodeJS.Timeout
    const arm = (restMs: number): void => {
      const hopMs = Math.min(restMs, maxHopMs)
      handle = realSetTimeout(() => (restMs > hopMs ? arm(restMs - hopMs) : fire()), hopMs)
      if (options?.keepAlive === false) handle.unref()
    }
    arm(Math.max(0, delayMs))
    return () => realClearTimeout(handle)
  },
}

/** Resolves after `delayMs` on `clock`, or at once (never rejects) when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.setTimer(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
