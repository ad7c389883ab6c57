/** When an activity that touches files is tried again: for errors that pass (a busy file, too many open ones, a network drive), not for those that stay. */
import type { FailureDetails, RetryPolicy } from '@dtfx/core'

const passingCodes: ReadonlySet<unknown> = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EIO', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ESTALE', 'ETIMEDOUT'])

export const ioRetry: RetryPolicy = {
  maxAttempts: 4,
  firstDelay: '200ms',
  backoff: 2,
  retryIf: isPassing,
}

/** The framework keeps `error.code` of what an activity threw. */
export function isPassing(failure: FailureDetails): boolean {
  return passingCodes.has(failure.properties?.['code'])
}
