/** Errors of the person at the keyboard (a folder that is not there, a provider that is not known) and how every error is shown: what happened and what to do, no stack trace. */
import { DurableError, OrchestrationFailedError, type FailureDetails } from '@dtfx/core'

/** Its message is the whole text that is shown. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Text for the terminal. */
export function errorText(error: unknown): string {
  if (error instanceof UserError) return error.message
  if (error instanceof OrchestrationFailedError) return `The run failed: ${innermost(error.failure).errorMessage}`
  if (DurableError.is(error)) return `${error.message} [${error.code}]`
  if (error instanceof Error) return ioText(error as NodeJS.ErrnoException) ?? error.stack ?? error.message
  return String(error)
}

/** What happened first; the failures around it only say where it passed. */
function innermost(failure: FailureDetails): FailureDetails {
  return failure.innerFailure === undefined ? failure : innermost(failure.innerFailure)
}

function ioText({ code, path }: NodeJS.ErrnoException): string | undefined {
  if (path === undefined) return undefined
  if (code === 'EACCES' || code === 'EPERM') return `No permission: ${path}`
  if (code === 'ENOSPC') return `No space left on the disk: ${path}`
  return code === 'EROFS' ? `The disk is read-only: ${path}` : undefined
}
