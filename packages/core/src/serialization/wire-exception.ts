/**
 * Failures that .NET recorded without FailureDetails (its older error mode): a reason, and perhaps the serialised exception as `Details`.
 * With details the failure has class, message, stack and chain of the exception, so that code that looks at them works in both modes.
 * Invariant: never throws; details that are no serialised exception are kept as the stack trace, for people to read.
 */
import { limits } from '../base/limits.js'
import type { FailureDetails } from '../errors/failure-details.js'

/** Failure of an event that has `reason` and `details` only. */
export function failureFromReason(reason: string | undefined, details: string | undefined): FailureDetails {
  const exception = details === undefined ? undefined : parseException(details)
  if (exception !== undefined) return failureOf(exception, 0)
  const failure = { errorType: 'Error', errorMessage: reason ?? '', isNonRetriable: false }
  return details === undefined ? failure : { ...failure, stackTrace: details }
}

/** `Exception` as .NET serialises it; only what a failure has. */
interface SerializedException {
  readonly ClassName: string
  readonly Message?: unknown
  readonly StackTraceString?: unknown
  readonly InnerException?: unknown
}

function parseException(details: string): SerializedException | undefined {
  if (!details.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(details)
    return isException(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isException(value: unknown): value is SerializedException {
  return typeof value === 'object' && value !== null && typeof (value as SerializedException).ClassName === 'string'
}

function failureOf(exception: SerializedException, depth: number): FailureDetails {
  const inner = exception.InnerException
  return {
    errorType: exception.ClassName,
    errorMessage: typeof exception.Message === 'string' ? exception.Message : '',
    ...(typeof exception.StackTraceString === 'string' ? { stackTrace: exception.StackTraceString } : undefined),
    ...(isException(inner) && depth + 1 < limits.maxFailureDepth ? { innerFailure: failureOf(inner, depth + 1) } : undefined),
    isNonRetriable: false,
  }
}
