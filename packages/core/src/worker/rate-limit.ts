/**
 * A bound on the items a worker takes per second. Items are counted when they arrive, and nobody holds one while it waits: what this worker may not take yet, others can.
 * Invariant: in any span of time at most its length × rate items arrive, and a tenth of a second's worth more (at least one).
 */
import { sleep, type Clock } from '../base/clock.js'

type Fetch<Item> = (signal: AbortSignal) => Promise<Item>

/** `fetch` at most `perSecond` times a second: one fetch at a time, each when another item is allowed. */
export function limitRate<Item>(fetch: Fetch<Item>, perSecond: number, clock: Clock): Fetch<Item> {
  const intervalMs = 1000 / perSecond
  const burstMs = Math.max(0, perSecond / 10 - 1) * intervalMs
  let allowedMs = clock.monotonicMs()
  let last: Promise<unknown> = Promise.resolve()
  const next = async (signal: AbortSignal): Promise<Item> => {
    const waitMs = allowedMs - clock.monotonicMs()
    if (waitMs > 0) await sleep(clock, waitMs, signal)
    signal.throwIfAborted()
    const item = await fetch(signal)
    allowedMs = Math.max(allowedMs, clock.monotonicMs() - burstMs) + intervalMs
    return item
  }
  return (signal) => {
    const mine = last.then(() => next(signal))
    last = mine.catch(() => {})
    return mine
  }
}
