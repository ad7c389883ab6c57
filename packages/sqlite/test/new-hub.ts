/** Services on files of their own, in a folder that is deleted at the end of the test file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '@dtfx/core/provider'
import { createOrchestrationService, type SqliteOptions, type SqliteService } from '@dtfx/sqlite'
import { afterAll } from 'vitest'

let folder: string | undefined
let files = 0

/** A path at which there is nothing yet. */
export function newFile(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'dtfx-sqlite-'))
  return join(folder, `hub${++files}.db`)
}

export function openHub(options: SqliteOptions = {}, host?: Host): SqliteService {
  return createOrchestrationService({ file: newFile(), ...options }, host)
}

/** Call once in a test file. */
export function deleteHubsAfterwards(): void {
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })
}
