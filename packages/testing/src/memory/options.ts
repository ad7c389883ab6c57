/** Options of the in-memory provider and their check: every mistake is one error that names the option. */
import { dtfxError, type CommitDiscipline } from '@dtfx/core/provider'

export interface MemoryOptions {
  /** A work item whose worker does not renew it is given to another one after this. `'none'`: never, for tests that move the clock by days. @default 60000 */
  readonly lockTimeoutMs?: number | 'none' | undefined
  /** In which order a turn is committed: that of the store one wants to test for. @default 'atomic' */
  readonly commit?: CommitDiscipline | undefined
  /** A worker runs activities that it scheduled itself, as far as it has free slots. @default true */
  readonly localActivities?: boolean | undefined
}

export interface CheckedMemoryOptions {
  readonly lockTimeoutMs: number | 'none'
  readonly commit: CommitDiscipline
  readonly localActivities: boolean
}

const disciplines: readonly CommitDiscipline[] = ['atomic', 'messages-first', 'state-first-outbox']
const known: readonly string[] = ['lockTimeoutMs', 'commit', 'localActivities'] satisfies (keyof MemoryOptions)[]

/** @throws DTFX_INVALID_OPTION */
export function checkMemoryOptions(options: MemoryOptions): CheckedMemoryOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) refuse('options', 'is not an object')
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) refuse(key, `is not known; known are: ${known.join(', ')}`)
  }
  const { lockTimeoutMs = 60_000, commit = 'atomic', localActivities = true } = options
  if (lockTimeoutMs !== 'none' && !(typeof lockTimeoutMs === 'number' && Number.isFinite(lockTimeoutMs) && lockTimeoutMs >= 1)) {
    refuse('lockTimeoutMs', `is ${String(lockTimeoutMs)}; give milliseconds ≥ 1, or 'none'`)
  }
  if (!disciplines.includes(commit)) refuse('commit', `is '${String(commit)}'; give one of ${disciplines.join(', ')}`)
  if (typeof localActivities !== 'boolean') refuse('localActivities', `is ${String(localActivities)}; give true or false`)
  return { lockTimeoutMs, commit, localActivities }
}

function refuse(key: string, problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'memory provider', problem: `'${key}' ${problem}` })
}
