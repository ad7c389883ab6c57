/**
 * Errors as data: what of an error is stored in a history and travels to the parent, the client and other languages.
 * The members are those of .NET's FailureDetails; the cause chain is kept to a depth, texts to a length, each cut with a marker.
 * Invariant: `failureFromError` accepts whatever was thrown and never throws itself.
 */
import { limits } from '../base/limits.js'

export interface FailureDetails {
  /** Class of the error: `TypeError`, or a .NET type name. */
  readonly errorType: string
  readonly errorMessage: string
  readonly stackTrace?: string | undefined
  readonly innerFailure?: FailureDetails | undefined
  /** A retry policy does not repeat it. */
  readonly isNonRetriable: boolean
  /** JSON-safe extras. Ours: `code` (of a DTFX error or of `error.code`), `errors` (of an AggregateError), `retryAfterMs`. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/** What was thrown, as data. Non-errors get errorType `NonError` and their text as message. */
export function failureFromError(thrown: unknown, depth = 0): FailureDetails {
  try {
    return describe(thrown, depth)
  } catch {
    return { errorType: 'Error', errorMessage: 'An error that cannot be described was thrown.', isNonRetriable: false }
  }
}

function describe(thrown: unknown, depth: number): FailureDetails {
  if (!isErrorLike(thrown)) {
    return { errorType: 'NonError', errorMessage: cut(textOf(thrown), limits.maxFailureMessageLength), isNonRetriable: false }
  }
  const failure = (thrown as { failure?: unknown }).failure
  const own = isFailureDetails(failure) ? failure : undefined
  const cause = (thrown as { cause?: unknown }).cause
  const inner = cause === undefined ? own?.innerFailure : depth + 1 < limits.maxFailureDepth ? failureFromError(cause, depth + 1) : undefined
  return {
    errorType: typeof thrown.name === 'string' && thrown.name !== '' ? thrown.name : 'Error',
    errorMessage: cut(String(thrown.message), limits.maxFailureMessageLength),
    stackTrace: typeof thrown.stack === 'string' ? cut(framesOf(thrown.stack), limits.maxFailureStackLength) : undefined,
    innerFailure: inner,
    isNonRetriable: (thrown as { nonRetryable?: unknown }).nonRetryable === true || own?.isNonRetriable === true,
    properties: propertiesOf(thrown, depth) ?? own?.properties,
  }
}

function propertiesOf(thrown: Error, depth: number): Record<string, unknown> | undefined {
  const properties: Record<string, unknown> = {}
  const { code, retryAfterMs, errors } = thrown as { code?: unknown; retryAfterMs?: unknown; errors?: unknown }
  if (typeof code === 'string' || typeof code === 'number') properties['code'] = code
  if (typeof retryAfterMs === 'number') properties['retryAfterMs'] = retryAfterMs
  if (Array.isArray(errors) && depth + 1 < limits.maxFailureDepth) {
    properties['errors'] = errors.slice(0, limits.maxFailureDepth).map((each) => failureFromError(each, depth + 1))
  }
  return Object.keys(properties).length === 0 ? undefined : properties
}

/** True for a value of the shape {@link FailureDetails}. */
export function isFailureDetails(value: unknown): value is FailureDetails {
  return typeof value === 'object' && value !== null && typeof (value as FailureDetails).errorType === 'string' && typeof (value as FailureDetails).errorMessage === 'string'
}

/** `type: message`, the text .NET shows as the output of a failed instance. */
export function failureText(failure: FailureDetails): string {
  return `${failure.errorType}: ${failure.errorMessage}`
}

function isErrorLike(value: unknown): value is Error {
  return value instanceof Error || (typeof value === 'object' && value !== null && typeof (value as Error).message === 'string' && typeof (value as Error).stack === 'string')
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? String(value)
  return String(value)
}

function framesOf(stack: string): string {
  const lines = stack.split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  return first < 0 ? '' : lines.slice(first).map((line) => line.trim()).join('\n')
}

function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}… [${text.length - maxLength} characters cut]`
}
