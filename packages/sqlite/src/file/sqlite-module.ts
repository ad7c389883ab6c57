/** The SQLite of Node.js, where there is one: asked for at run time, so that an older Node.js gets a message and not a failing import. */
import type * as sqlite from 'node:sqlite'
import { dtfxError } from '@dtfx/core/provider'

export type SqliteModule = typeof sqlite

type GetBuiltin = (id: string) => object | undefined

/** @throws DTFX_NODE_TOO_OLD */
export function sqliteModule(get: GetBuiltin | undefined = process.getBuiltinModule as GetBuiltin | undefined, version = process.version): SqliteModule {
  const found = get?.('node:sqlite')
  if (found === undefined) throw dtfxError('DTFX_NODE_TOO_OLD', { version, what: '@dtfx/sqlite', needed: '22.13', why: 'it uses node:sqlite' })
  return found as SqliteModule
}
