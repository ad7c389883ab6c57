/**
 * Requests that may be sent twice without harm are sent again when they fail for a passing reason: with back-off, jitter, and the wait that the service asks for. Bounded in number and time.
 * Invariant: nothing conditional passes here; whoever may have lost a race has to look, not to try again.
 */
import { backoffMs, sleep, type BackoffPolicy, type Clock, type Random } from '@dtfx/core/provider'
import { outcomeOf, providerError, retryAfterMs } from './storage-error.js'

export interface RepeatHost {
  readonly clock: Clock
  readonly random: Random
}

/** Tries of one request, the first included. */
export const maxTries = 5
/** A service that asks for more is asked again later, by whoever wanted it. */
const maxRetryAfterMs = 30_000
const policy: BackoffPolicy = { firstMs: 100, factor: 3, maxMs: 10_000, jitter: 0.2 }

/**
 * Sends until it succeeds, fails for good, or `maxTries` are used up. Errors of the SDK that say "not there" or "condition not met" pass as they are, because callers tell them apart.
 * @throws TransientError, AmbiguousCommitError, PermanentError, or the SDK's error of outcome `missing` or `conflict`
 */
export async function repeat<T>(what: string, { clock, random }: RepeatHost, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await send()
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      const outcome = outcomeOf(error)
      if (outcome === 'missing' || outcome === 'conflict') throw error
      if (outcome === 'invalid' || tried >= maxTries) throw providerError(what, error)
      const waitMs = Math.max(backoffMs(policy, tried, random), Math.min(retryAfterMs(error) ?? 0, maxRetryAfterMs))
      await sleep(clock, waitMs, signal)
    }
  }
}

/** Sends once. @throws TransientError, AmbiguousCommitError, PermanentError, or the SDK's error of outcome `missing` or `conflict` */
export async function once<T>(what: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const outcome = outcomeOf(error)
    if (outcome === 'missing' || outcome === 'conflict') throw error
    throw providerError(what, error)
  }
}
