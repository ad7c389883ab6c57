/**
 * Retry and timeout of a call, inside the orchestration, on durable timers: deterministic, and invisible to the activity.
 *
 * The ids are those of .NET's RetryInterceptor, so that its histories replay: every failing attempt takes one id for the call and one for a timer, and after the last
 * attempt comes a timer due at once (core: "the extra timer"). A delay is at least one millisecond, whatever the jitter.
 */
import { seededRandom, seedFromText } from '../base/random.js'
import { durationMs, type Duration } from '../base/duration.js'
import { FailureError, TaskTimeoutError } from '../errors/user-errors.js'
import { failureFromError, type FailureDetails } from '../errors/failure-details.js'
import { checkRetryPolicy, type CheckedRetryPolicy, type RetryPolicy } from '../model/retry-policy.js'
import { label, noop, type Execution, type OpenTask } from './execution.js'
import { createImmediateTimer, createTimer } from './timers.js'

export interface PolicyCall {
  readonly what: 'Activity' | 'Sub-orchestration'
  readonly name: string
  readonly call: () => OpenTask
  readonly retry: RetryPolicy | undefined
  readonly timeout: Duration | undefined
}

/** The promise of a call with retry, timeout or both. Errors in the policies are thrown here, before any id is taken. */
export function withPolicies(x: Execution, request: PolicyCall): Promise<unknown> {
  const policy = request.retry === undefined ? undefined : checkRetryPolicy(request.retry)
  const timeoutMs = request.timeout === undefined ? undefined : durationMs(request.timeout, 'timeout')
  const first = request.call()
  const abandoned = { value: false }
  let result = policy === undefined ? first.promise : attempts(x, policy, { first, again: request.call }, abandoned)
  if (timeoutMs !== undefined) {
    const timer = createTimer(x, timeoutMs)
    const timedOut = timer.then(() => {
      abandoned.value = true
      throw new TaskTimeoutError(request.what, request.name, first.id, timeoutMs)
    })
    result = Promise.race([result, timedOut]).finally(() => timer.cancel())
  }
  result.catch(noop)
  label(result, first.id, request.name)
  return result
}

async function attempts(x: Execution, policy: CheckedRetryPolicy, calls: { readonly first: OpenTask; readonly again: () => OpenTask }, abandoned: { value: boolean }): Promise<unknown> {
  const { first } = calls
  const startedMs = x.nowMs
  let task = first
  for (let attempt = 1; ; attempt++) {
    try {
      return await task.promise
    } catch (error) {
      if (abandoned.value) throw error
      const failure = error instanceof FailureError ? error.failure : failureFromError(error)
      if (failure.isNonRetriable) throw error
      if (attempt >= policy.maxAttempts) {
        await createImmediateTimer(x)
        throw error
      }
      const delayMs = retryDelayMs(policy, failure, { attempt, elapsedMs: x.nowMs - startedMs, seed: `${x.seed}/${first.id}` })
      if (delayMs === undefined) throw error
      await createTimer(x, delayMs)
      if (abandoned.value) throw error
    }
    task = calls.again()
  }
}

/** Delay in whole milliseconds ≥ 1 after failed attempt number `attempt`; undefined: no further attempt. Pure. */
export function retryDelayMs(policy: CheckedRetryPolicy, failure: FailureDetails, at: { attempt: number; elapsedMs: number; seed: string }): number | undefined {
  if (at.elapsedMs >= policy.timeoutMs) return undefined
  if (policy.retryIf !== undefined && !safely(policy.retryIf, failure, at.attempt)) return undefined
  const asked = failure.properties?.['retryAfterMs']
  if (typeof asked === 'number' && Number.isFinite(asked) && asked >= 0) return Math.max(1, Math.round(Math.min(asked, maxDelayMs)))
  const delayMs = Math.min(policy.firstDelayMs * policy.backoff ** (at.attempt - 1), policy.maxDelayMs, maxDelayMs)
  const drawn = policy.jitter === 0 ? 0 : seededRandom(seedFromText(`${at.seed}/${at.attempt}`)).next()
  return Math.max(1, Math.round(delayMs * (1 - policy.jitter * drawn)))
}

/** Ten years: a back-off without an upper bound stays a valid time. */
const maxDelayMs = 10 * 365 * 86_400_000

/** What retryIf throws, or returns that is no `true`, ends the retries: the original error is what the caller sees. */
function safely(retryIf: (failure: FailureDetails, attempt: number) => boolean, failure: FailureDetails, attempt: number): boolean {
  try {
    return retryIf(failure, attempt) === true
  } catch {
    return false
  }
}
