/**
 * Pure back-off: the delay before the n-th repetition of something that failed.
 * Invariant: the result is between 1 ms and `maxMs`, whatever the attempt number, and never NaN.
 */
import type { Random } from './random.js'

export interface BackoffPolicy {
  /** Delay before the first repetition, in milliseconds. */
  firstMs: number
  /** Upper bound of every delay, in milliseconds. */
  maxMs: number
  /** Factor from one delay to the next. Default 2. */
  factor?: number
  /** Share of the delay that is random, 0 to 1: 0.2 spreads ±20 %. Default 0.2. */
  jitter?: number
}

/** Delay in milliseconds before repetition number `attempt` (1 = the first). */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 64)
  const base = Math.min(policy.firstMs * (policy.factor ?? 2) ** exponent, policy.maxMs)
  const spread = 1 + (random.next() * 2 - 1) * (policy.jitter ?? 0.2)
  return Math.max(1, Math.min(policy.maxMs, Math.round(base * spread)))
}
