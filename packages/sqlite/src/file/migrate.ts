/** Brings a file to the version of this package, forward only, in one transaction. Processes that open it at once take turns: the second one finds the work done. */
import { dtfxError, type DurableError } from '@dtfx/core/provider'
import { applicationId, migrations } from '../sql/schema.js'
import type { Sql } from './sql.js'

/** The version of a file; 0 for an empty one. @throws DTFX_FILE_NEWER, DTFX_FILE_FOREIGN */
export function readVersion(sql: Sql, path: string, known: number = migrations.length): number {
  const version = pragma(sql, 'user_version')
  const application = pragma(sql, 'application_id')
  const isEmpty = application === 0 && version === 0 && sql.get('SELECT 1 FROM sqlite_schema LIMIT 1') === undefined
  if (application !== applicationId && !isEmpty) throw dtfxError('DTFX_FILE_FOREIGN', { file: path })
  if (version > known) throw dtfxError('DTFX_FILE_NEWER', { file: path, version, known })
  return version
}

export interface MigrateOptions {
  readonly path: string
  /** Makes the tables of an empty file. */
  readonly create: boolean
  readonly steps?: readonly string[]
}

export function noHub(path: string): DurableError {
  return dtfxError('DTFX_FILE_NOT_OPENED', { file: path, problem: 'it holds no hub; createHub makes one' })
}

export function migrate(sql: Sql, { path, create, steps = migrations }: MigrateOptions): void {
  const { database } = sql
  if (readVersion(sql, path, steps.length) === steps.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = readVersion(sql, path, steps.length)
    if (version === 0 && !create) throw noHub(path)
    for (const step of steps.slice(version)) database.exec(step)
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function pragma(sql: Sql, name: 'user_version' | 'application_id'): number {
  return (sql.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[name] ?? 0
}
