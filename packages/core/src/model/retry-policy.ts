/** Retry policy as given by users, and its checked form in milliseconds. The algorithm is in engine/retries.ts. */
import { durationMs, type Duration } from '../base/duration.js'
import { dtfxError } from '../errors/durable-error.js'
import type { FailureDetails } from '../errors/failure-details.js'

export interface RetryPolicy {
  /** Calls in all, the first included; ≥ 1. */
  readonly maxAttempts: number
  /** Delay before the second call. Default `'1s'`. */
  readonly firstDelay?: Duration | undefined
  /** Factor from one delay to the next, ≥ 1. Default 1. */
  readonly backoff?: number | undefined
  /** Upper bound of a delay. Default: none. */
  readonly maxDelay?: Duration | undefined
  /** No attempt starts later than this after the first one. Default: none. */
  readonly timeout?: Duration | undefined
  /** Share of a delay that is drawn deterministically, 0 to 1. Default 0 (delays as .NET computes them). */
  readonly jitter?: number | undefined
  /** False ends the retries. Runs in the orchestration: it must be deterministic. Default: always true. An exception counts as false. */
  readonly retryIf?: ((failure: FailureDetails, attempt: number) => boolean) | undefined
}

export interface CheckedRetryPolicy {
  readonly maxAttempts: number
  readonly firstDelayMs: number
  readonly backoff: number
  readonly maxDelayMs: number
  readonly timeoutMs: number
  readonly jitter: number
  readonly retryIf: ((failure: FailureDetails, attempt: number) => boolean) | undefined
}

/** @throws DTFX_INVALID_OPTION, DTFX_INVALID_DURATION */
export function checkRetryPolicy(policy: RetryPolicy): CheckedRetryPolicy {
  const refuse = (problem: string): never => {
    throw dtfxError('DTFX_INVALID_OPTION', { what: 'retry', problem })
  }
  const { maxAttempts, backoff = 1, jitter = 0 } = policy
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) refuse(`maxAttempts is ${maxAttempts}; give a whole number ≥ 1`)
  if (!(backoff >= 1) || !Number.isFinite(backoff)) refuse(`backoff is ${backoff}; give a number ≥ 1`)
  if (!(jitter >= 0 && jitter <= 1)) refuse(`jitter is ${jitter}; give a number from 0 to 1`)
  if (policy.retryIf !== undefined && typeof policy.retryIf !== 'function') refuse('retryIf is not a function')
  return {
    maxAttempts,
    firstDelayMs: Math.max(1, durationMs(policy.firstDelay ?? '1s', 'retry.firstDelay')),
    backoff,
    maxDelayMs: policy.maxDelay === undefined ? Number.POSITIVE_INFINITY : Math.max(1, durationMs(policy.maxDelay, 'retry.maxDelay')),
    timeoutMs: policy.timeout === undefined ? Number.POSITIVE_INFINITY : durationMs(policy.timeout, 'retry.timeout'),
    jitter,
    retryIf: policy.retryIf,
  }
}
