/**
 * What an answer of the storage account means. The SDKs throw one class for everything; here it becomes one of five meanings, decided by status and code, never by text.
 * - `conflict`: a condition was not met (409, 412, a pop receipt that is not the last one); `missing`: it is not there (404); both certainly without effect.
 * - `refused`: certainly without effect, and worth another try: throttled, or the connection was never made.
 * - `unknown`: it may have had an effect: a time-out, a connection that ended in the middle, an error of the server. A 503 is one, whatever its code: it can come from something in between.
 * - `invalid`: certainly without effect, and it will never work.
 */
import { AmbiguousCommitError, PermanentError, TransientError, type DurableError } from '@dtfx/core/provider'

export type StorageOutcome = 'conflict' | 'missing' | 'refused' | 'unknown' | 'invalid'

interface RestFailure {
  readonly statusCode?: number
  readonly code?: string
  readonly name?: string
  readonly message?: string
  readonly response?: { readonly headers?: { get(name: string): string | undefined } }
}

/** Codes of a connection that was never made. */
const neverSent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

export function outcomeOf(error: unknown): StorageOutcome {
  const { statusCode, code } = asFailure(error)
  if (statusCode === undefined) return code !== undefined && neverSent.has(code) ? 'refused' : 'unknown'
  if (statusCode === 404) return 'missing'
  if (statusCode === 412 || codeOf(error) === 'PopReceiptMismatch') return 'conflict'
  // A queue, table or container whose deletion is not over yet can be created again soon.
  if (statusCode === 409) return codeOf(error).endsWith('BeingDeleted') ? 'refused' : 'conflict'
  if (statusCode === 429) return 'refused'
  return statusCode >= 500 || statusCode === 408 ? 'unknown' : 'invalid'
}

/** The service's own code: `MessageNotFound`, `UpdateConditionNotSatisfied`, `ServerBusy`; empty where there is none. */
export function codeOf(error: unknown): string {
  const { code, details } = asFailure(error) as RestFailure & { readonly details?: { readonly errorCode?: string; readonly odataError?: { readonly code?: string } } }
  return details?.odataError?.code ?? details?.errorCode ?? code ?? ''
}

export function statusOf(error: unknown): number | undefined {
  return asFailure(error).statusCode
}

/** How long the service wants us to wait; undefined: it does not say. */
export function retryAfterMs(error: unknown): number | undefined {
  const { response } = asFailure(error)
  const seconds = Number(response?.headers?.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined
}

/** The error a port may throw. `what` names the write for people. Errors of the framework pass. */
export function providerError(what: string, error: unknown): Error {
  if ((error as Partial<DurableError> | undefined)?.code?.startsWith('DTFX_') === true) return error as Error
  const problem = describe(error)
  const outcome = outcomeOf(error)
  if (outcome === 'refused') return new TransientError(what, problem, error)
  return outcome === 'unknown' ? new AmbiguousCommitError(what, problem, error) : new PermanentError(what, problem, error)
}

/** One line: `503 ServerBusy`, `ECONNRESET`. */
function describe(error: unknown): string {
  const { statusCode, message } = asFailure(error)
  const code = codeOf(error)
  if (statusCode !== undefined) return `the storage account answered ${statusCode}${code === '' ? '' : ` ${code}`}`
  return code === '' ? (message ?? String(error)) : `no answer from the storage account (${code})`
}

function asFailure(error: unknown): RestFailure {
  return typeof error === 'object' && error !== null ? (error as RestFailure) : { message: String(error) }
}
