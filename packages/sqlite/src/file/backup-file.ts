/** A copy of the file as of one moment, compact and without its log: `VACUUM INTO`. It appears under its name only when it is whole. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { dtfxError } from '@dtfx/core/provider'
import type { HubFile } from './hub-file.js'

/** @throws DTFX_FILE_… */
export async function backupFile(file: HubFile, target: string): Promise<void> {
  const path = resolve(target)
  if (existsSync(path)) throw dtfxError('DTFX_FILE_NOT_OPENED', { file: path, problem: 'it exists already; a backup never replaces a file' })
  if (!existsSync(dirname(path))) throw dtfxError('DTFX_FILE_NOT_OPENED', { file: path, problem: `the folder ${dirname(path)} does not exist; create it first` })
  const sql = await file.open({ create: false })
  const partial = `${path}.part`
  try {
    rmSync(partial, { force: true })
    await file.patiently(() => sql.run('VACUUM INTO ?', partial))
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}
