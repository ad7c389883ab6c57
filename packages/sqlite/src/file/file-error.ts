/** What an error of SQLite means to whoever reads it: one code for each situation that a person can do something about, and the name of the file in each. */
import { DurableError, dtfxError, TransientError, type ErrorCode } from '@dtfx/core/provider'

/** Primary result codes of SQLite: a published contract. */
const primary = { busy: 5, locked: 6, noMemory: 7, readOnly: 8, interrupted: 9, io: 10, corrupt: 11, full: 13, cannotOpen: 14, tooBig: 18, notADatabase: 26 } as const

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [primary.busy, 'DTFX_FILE_BUSY'],
  [primary.locked, 'DTFX_FILE_BUSY'],
  [primary.readOnly, 'DTFX_FILE_READ_ONLY'],
  [primary.io, 'DTFX_FILE_IO'],
  [primary.corrupt, 'DTFX_FILE_CORRUPT'],
  [primary.full, 'DTFX_FILE_FULL'],
  [primary.cannotOpen, 'DTFX_FILE_NOT_OPENED'],
  [primary.notADatabase, 'DTFX_FILE_CORRUPT'],
])

/** After these SQLite may have rolled the whole transaction back by itself. */
const endsTransaction: readonly number[] = [primary.busy, primary.noMemory, primary.interrupted, primary.io, primary.full, primary.corrupt, primary.readOnly]

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') return undefined
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

/** Another connection is writing. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === primary.busy || code === primary.locked
}

/** Nothing of the transaction can be kept. */
export function concernsAll(error: unknown): boolean {
  const code = resultCode(error)
  return code !== undefined && endsTransaction.includes(code)
}

/** The coded error for one of SQLite; other errors stay what they are. */
export function fileError(error: unknown, file: string): unknown {
  const code = resultCode(error)
  if (code === undefined) return error
  const problem = (error as Error).message
  const known = codes.get(code)
  return dtfxError(known ?? 'DTFX_FILE_FAILED', { file, problem }, error)
}

/** What a work item throws where the file could not be written: nothing took effect, and the worker asks again. */
export function passing(what: string, error: unknown): unknown {
  return DurableError.is(error) && error.code.startsWith('DTFX_FILE_') ? new TransientError(what, error.message, error) : error
}
