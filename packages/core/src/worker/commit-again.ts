/**
 * A commit whose result is unknown, or that failed for a passing reason, is asked for again with the same checkpoint: the provider that finds the checkpoint's id stored answers
 * `committed`, so "my own write" is never taken for a lost race. Bounded; while it lasts, the lock is renewed as for any turn.
 */
import { backoffMs } from '../base/backoff.js'
import { sleep } from '../base/clock.js'
import { DurableError } from '../errors/durable-error.js'
import type { Checkpoint } from '../provider/checkpoint.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { CommitResult, OrchestrationWorkItem } from '../provider/work-items.js'

const maxAttempts = 5
const delays = { firstMs: 50, maxMs: 2_000 }

/** Whether a write may be repeated: it failed for a passing reason, or nobody knows. */
export function isRepeatable(error: unknown): boolean {
  return DurableError.is(error, 'DTFX_AMBIGUOUS') || DurableError.is(error, 'DTFX_TRANSIENT')
}

/** @throws the last error, when it is another one or attempts are used up */
export async function commitAgain(host: OrchestrationService['host'], item: OrchestrationWorkItem, checkpoint: Checkpoint, failure: unknown): Promise<CommitResult> {
  let error = failure
  for (let attempt = 1; attempt < maxAttempts; attempt++) {
    if (!isRepeatable(error)) throw error
    await sleep(host.clock, backoffMs(delays, attempt, host.random), item.lost)
    try {
      return await item.complete(checkpoint)
    } catch (next) {
      error = next
    }
  }
  throw error
}
