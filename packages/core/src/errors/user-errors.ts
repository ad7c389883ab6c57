/**
 * The errors that orchestrations, activities and clients meet. Those built from stored failures carry them in `failure`, and the chain of inner failures as `cause`.
 */
import { DurableError, type ErrorDetails } from './durable-error.js'
import type { ErrorCode } from './registry.js'
import { isFailureDetails, type FailureDetails } from './failure-details.js'

/** An error rebuilt from stored data: `name` is the original class, `cause` the inner failure. Thrown by nothing, found as a `cause`. */
export class RemoteError extends Error {
  readonly failure: FailureDetails
  constructor(failure: FailureDetails) {
    super(failure.errorMessage, failure.innerFailure === undefined ? undefined : { cause: new RemoteError(failure.innerFailure) })
    this.name = failure.errorType
    this.failure = failure
    this.stack = `${failure.errorType}: ${failure.errorMessage}\n${failure.stackTrace ?? ''}`
  }
  /** `code` of the original error, if it had one. */
  get code(): unknown {
    return this.failure.properties?.['code']
  }
  /** Members of the original AggregateError, if it was one. */
  get errors(): readonly RemoteError[] {
    const errors = this.failure.properties?.['errors']
    return Array.isArray(errors) ? errors.filter(isFailureDetails).map((each) => new RemoteError(each)) : []
  }
}

/** Base of the errors with a stored failure. */
export class FailureError extends DurableError {
  readonly failure: FailureDetails
  constructor(code: ErrorCode, details: ErrorDetails, failure: FailureDetails) {
    super(code, { ...details, problem: failure.errorMessage }, { cause: new RemoteError(failure) })
    this.failure = failure
  }
}

/** Thrown by `ctx.callActivity`: the activity failed, and its retries are used up. */
export class TaskFailedError extends FailureError {
  constructor(readonly taskName: string, readonly taskId: number, failure: FailureDetails) {
    super('DTFX_TASK_FAILED', { name: taskName, taskId }, failure)
  }
}

/** Thrown by `ctx.callSubOrchestration`: the child failed or was terminated. */
export class SubOrchestrationFailedError extends FailureError {
  constructor(readonly taskName: string, readonly taskId: number, readonly childInstanceId: string, failure: FailureDetails) {
    super('DTFX_SUB_ORCHESTRATION_FAILED', { name: taskName, taskId, instanceId: childInstanceId }, failure)
  }
}

/** Thrown inside orchestrations when a task or an event did not come in time. */
export class TaskTimeoutError extends DurableError {
  constructor(what: string, readonly taskName: string, readonly taskId: number, readonly timeoutMs: number) {
    super('DTFX_TASK_TIMEOUT', { what, name: taskName, taskId, timeoutMs })
  }
}

/** What a cancelled timer or event wait rejects with. */
export class TaskCanceledError extends DurableError {
  constructor(what: string, readonly taskName: string, readonly taskId: number) {
    super('DTFX_TASK_CANCELED', { what, name: taskName, taskId })
  }
}

/** Throw it in an activity: no retry policy repeats the call. */
export class NonRetryableError extends DurableError {
  readonly nonRetryable = true
  constructor(message: string, options?: { cause?: unknown }) {
    super('DTFX_NON_RETRYABLE', { problem: message }, { ...options, message })
  }
}

/** Throw it in an activity: the next attempt comes after `retryAfterMs` instead of the policy's delay (attempts still count). */
export class RetryAfterError extends DurableError {
  constructor(message: string, readonly retryAfterMs: number, options?: { cause?: unknown }) {
    super('DTFX_RETRY_AFTER', { problem: message }, { ...options, message })
  }
}

/** The orchestration failed; `result()` throws it. */
export class OrchestrationFailedError extends FailureError {
  constructor(name: string, readonly instanceId: string, failure: FailureDetails) {
    super('DTFX_ORCHESTRATION_FAILED', { name, instanceId }, failure)
  }
}

/** The orchestration was terminated; `result()` throws it. */
export class OrchestrationTerminatedError extends DurableError {
  constructor(name: string, readonly instanceId: string, readonly reason: string | undefined) {
    super('DTFX_ORCHESTRATION_TERMINATED', { name, instanceId, problem: reason ?? 'no reason given' })
  }
}

/** The orchestration is not finished yet; waiting again is fine. */
export class WaitTimeoutError extends DurableError {
  constructor(readonly instanceId: string, status: string, readonly timeoutMs: number) {
    super('DTFX_WAIT_TIMEOUT', { instanceId, status, timeoutMs })
  }
}

/** The code does not match the history; `report` is made for people. */
export class NonDeterminismError extends DurableError {
  readonly nonRetryable = true
  constructor(readonly report: string, details: ErrorDetails = {}) {
    super('DTFX_NONDETERMINISTIC', { ...details, report })
  }
}
