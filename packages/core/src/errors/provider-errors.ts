/**
 * The five errors a provider's port may throw; anything else is taken for a defect: tried again with back-off, set aside in the end. The worker decides by class (brand and code), never by text:
 * lock lost → drop the item; ambiguous, transient → the same call again with back-off; permanent, of a commit or an answer → the instance or the activity fails with the reason.
 */
import { DurableError } from './durable-error.js'

/** Somebody else committed since the state was loaded. (`complete` of an orchestration reports it as an outcome instead.) */
export class StaleError extends DurableError {
  constructor(instanceId: string, cause?: unknown) {
    super('DTFX_STALE', { instanceId }, { cause })
  }
}

/** The lock of the work item ran out or was taken over: nothing of it may be written any more. */
export class LockLostError extends DurableError {
  constructor(what: string, cause?: unknown) {
    super('DTFX_LOCK_LOST', { what }, { cause })
  }
}

/** A write was sent and its result is unknown. */
export class AmbiguousCommitError extends DurableError {
  constructor(what: string, problem: string, cause?: unknown) {
    super('DTFX_AMBIGUOUS', { what, problem }, { cause })
  }
}

/** Failed for a passing reason (throttled, connection lost before the request); nothing took effect. */
export class TransientError extends DurableError {
  constructor(what: string, problem: string, cause?: unknown) {
    super('DTFX_TRANSIENT', { what, problem }, { cause })
  }
}

/** Failed and will fail again. */
export class PermanentError extends DurableError {
  constructor(what: string, problem: string, cause?: unknown) {
    super('DTFX_PERMANENT', { what, problem }, { cause })
  }
}
