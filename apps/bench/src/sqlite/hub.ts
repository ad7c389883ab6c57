/** The file of a measurement: one of its own on the disk that the option `file` names, or where temporary files go. A disk in memory would measure no durability: the report says what a wait for the disk takes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hub, Setup } from '../measurement.js'

/** The short name, the package, or a file of it. */
export function isSqlite({ provider }: Pick<Setup, 'provider'>): boolean {
  return provider.split('/').includes('sqlite')
}

export function openSqliteHub({ options }: Setup): Hub {
  if (options?.['file'] !== undefined) return { options, isOwn: false, close: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'dtfx-bench-'))
  return { options: { ...options, file: join(folder, 'bench.db') }, isOwn: false, close: async () => rmSync(folder, { recursive: true, force: true }) }
}
