/**
 * What an error of the Service Bus client means. Decided by code, never by text, but for a connection that was never made, which has no code of its own everywhere.
 * - `lost`: the lock on the session or the message is gone; nothing was written.
 * - `refused`: certainly without effect, and worth another try: throttled, full, not there yet, no connection.
 * - `unknown`: it may have had an effect.
 * - `invalid`: certainly without effect, and it will never work.
 */
import { AmbiguousCommitError, LockLostError, PermanentError, TransientError, type DurableError } from '@dtfx/core/provider'

export type BusOutcome = 'lost' | 'refused' | 'unknown' | 'invalid'

const outcomes: Readonly<Record<string, BusOutcome>> = {
  SessionLockLost: 'lost',
  MessageLockLost: 'lost',
  MessageNotFound: 'lost',
  SessionCannotBeLocked: 'refused',
  ServiceBusy: 'refused',
  QuotaExceeded: 'refused',
  MessagingEntityNotFound: 'refused',
  MessagingEntityDisabled: 'refused',
  MessageSizeExceeded: 'invalid',
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'refused',
  EAI_AGAIN: 'refused',
  UnauthorizedAccess: 'refused',
}

interface BusFailure {
  readonly code?: unknown
  readonly name?: unknown
  readonly message?: unknown
}

/** Empty: the error has none. */
export function codeOf(error: unknown): string {
  const { code, message } = asFailure(error)
  if (typeof message === 'string' && (code === undefined || code === 'GeneralError')) {
    const refused = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)\b/.exec(message)?.[1]
    if (refused !== undefined) return refused
  }
  return typeof code === 'string' ? code : ''
}

export function outcomeOf(error: unknown): BusOutcome {
  return outcomes[codeOf(error)] ?? 'unknown'
}

/** Nobody had a session within the time. */
export function isNoSession(error: unknown): boolean {
  return codeOf(error) === 'ServiceTimeout'
}

/** The error a port may throw. `what` names the request for people. Errors of the framework pass. */
export function busError(what: string, error: unknown): Error {
  if ((error as Partial<DurableError> | undefined)?.code?.startsWith('DTFX_') === true) return error as Error
  const outcome = outcomeOf(error)
  if (outcome === 'lost') return new LockLostError(what, error)
  const code = codeOf(error)
  const problem = code === '' ? String(asFailure(error).message ?? error) : `the namespace answered ${code}`
  if (outcome === 'refused') return new TransientError(what, problem, error)
  return outcome === 'unknown' ? new AmbiguousCommitError(what, problem, error) : new PermanentError(what, problem, error)
}

function asFailure(error: unknown): BusFailure {
  return typeof error === 'object' && error !== null ? (error as BusFailure) : { message: String(error) }
}
