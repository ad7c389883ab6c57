/** What the exit code says, and which errors are the user's. */
import { DurableError } from '@dtfx/core'

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const ofUsage = /^DTFX_(CONFIG|PROVIDER|INVALID)_/

/** Wrong arguments and configurations are `usage`: the store was not asked, and trying again will not help. */
export function exitCodeOf(error: unknown): ExitCode {
  return DurableError.is(error) && ofUsage.test(error.code) ? exitCodes.usage : exitCodes.failed
}

/** An argument that is wrong. */
export function argumentError(what: string, problem: string): DurableError {
  return new DurableError('DTFX_INVALID_OPTION', { what, problem })
}
