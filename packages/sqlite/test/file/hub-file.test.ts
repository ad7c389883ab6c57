/** Files that cannot be used: each a code and the name of the file, and none of them is changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TaskHubClient } from '@dtfx/core'
import { DurableError } from '@dtfx/core/provider'
import { createOrchestrationService } from '@dtfx/sqlite'
import { describe, expect, test } from 'vitest'
import { fileError } from '../../src/file/file-error.js'
import { migrate, readVersion } from '../../src/file/migrate.js'
import { networkFileSystem } from '../../src/file/network-file-system.js'
import { Sql } from '../../src/file/sql.js'
import { sqliteModule } from '../../src/file/sqlite-module.js'
import { migrations } from '../../src/sql/schema.js'
import { deleteHubsAfterwards, newFile, openHub } from '../new-hub.js'

deleteHubsAfterwards()

async function refusal(file: string): Promise<DurableError> {
  const service = createOrchestrationService({ file })
  try {
    await service.createHub()
  } catch (error) {
    if (DurableError.is(error)) return error
    throw error
  } finally {
    await service.close()
  }
  throw new Error('it was opened')
}

function change(file: string, text: string): void {
  const database = new DatabaseSync(file)
  database.exec(text)
  database.close()
}

async function hubFile(): Promise<string> {
  const service = openHub()
  await service.createHub()
  await new TaskHubClient(service).start('Any', 'x'.repeat(50_000))
  await service.close()
  return service.path
}

describe('a file that cannot be used', () => {
  test('its folder is missing', async () => {
    const file = join(dirname(newFile()), 'missing', 'hub.db')
    const error = await refusal(file)
    expect([error.code, error.message.includes(file), existsSync(dirname(file))]).toEqual(['DTFX_FILE_NOT_OPENED', true, false])
  })
  test('it is a folder', async () => {
    const file = newFile()
    mkdirSync(file)
    expect((await refusal(file)).code).toBe('DTFX_FILE_NOT_OPENED')
  })
  test('it is no database', async () => {
    const file = newFile()
    writeFileSync(file, 'not a database, '.repeat(1_000))
    const before = readFileSync(file)
    expect((await refusal(file)).code).toBe('DTFX_FILE_CORRUPT')
    expect(readFileSync(file).equals(before)).toBe(true)
  })
  test('it is the database of another program', async () => {
    const file = newFile()
    change(file, 'CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)')
    const before = readFileSync(file)
    expect((await refusal(file)).code).toBe('DTFX_FILE_FOREIGN')
    expect(readFileSync(file).equals(before)).toBe(true)
  })
  test('it was written by a newer version', async () => {
    const file = await hubFile()
    change(file, 'PRAGMA user_version = 99')
    const before = readFileSync(file)
    const error = await refusal(file)
    expect([error.code, error.details['version'], error.details['known']]).toEqual(['DTFX_FILE_NEWER', 99, migrations.length])
    expect(readFileSync(file).equals(before)).toBe(true)
  })
  test('pages of it are damaged', async () => {
    const file = await hubFile()
    const bytes = readFileSync(file)
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xa5)]))
    const service = createOrchestrationService({ file })
    const calls = service.createHub().then(() => new TaskHubClient(service).start('Any'))
    await expect(calls).rejects.toMatchObject({ code: 'DTFX_FILE_CORRUPT' })
    await service.close()
  })
  test('it is not there, and nobody asked to make it', async () => {
    const service = openHub()
    await expect(service.client.getState('any', { payloads: true })).rejects.toMatchObject({ code: 'DTFX_FILE_NOT_OPENED' })
    expect(existsSync(service.path)).toBe(false)
    await service.close()
  })
  test('it may not be written', async () => {
    const file = await hubFile()
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      database.exec('DELETE FROM instances')
      expect.unreachable()
    } catch (error) {
      expect(fileError(error, file)).toMatchObject({ code: 'DTFX_FILE_READ_ONLY' })
    } finally {
      database.close()
    }
  })
  test('it lies on a network', () => {
    expect([0x6969, 0xff534d42, -11317950, 0xef53, 0x01021994].map(networkFileSystem)).toEqual(['NFS', 'CIFS', 'CIFS', undefined, undefined])
  })
  test('Node.js has no SQLite', () => {
    expect(() => sqliteModule(() => undefined, 'v20.20.0')).toThrow(/Node\.js v20\.20\.0.*22\.13/)
  })
})

describe('migrations', () => {
  const steps = ['CREATE TABLE a (x)', 'ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2)']
  const openAt = (file: string): { sql: Sql; close: () => void } => {
    const database = new DatabaseSync(file)
    return { sql: new Sql(database), close: () => database.close() }
  }
  test('go forward from any version, once', () => {
    const path = newFile()
    const { sql, close } = openAt(path)
    migrate(sql, { path, create: true, steps: steps.slice(0, 1) })
    expect(readVersion(sql, path)).toBe(1)
    migrate(sql, { path, create: false, steps })
    migrate(sql, { path, create: false, steps })
    expect([readVersion(sql, path, 2), sql.all('SELECT y FROM a')]).toEqual([2, [{ y: 2 }]])
    close()
  })
  test('are undone when one of them fails', () => {
    const path = newFile()
    const { sql, close } = openAt(path)
    migrate(sql, { path, create: true, steps: steps.slice(0, 1) })
    expect(() => migrate(sql, { path, create: false, steps: [...steps, 'no SQL'] })).toThrow()
    expect([readVersion(sql, path), sql.all('SELECT name FROM pragma_table_info(?)', 'a')]).toEqual([1, [{ name: 'x' }]])
    close()
  })
  test('of several processes at once leave one hub', async () => {
    const file = newFile()
    const services = Array.from({ length: 5 }, () => createOrchestrationService({ file }))
    await Promise.all(services.map((service) => service.createHub()))
    await Promise.all(services.map((service, index) => new TaskHubClient(service).start('Any', undefined, { instanceId: `i${index}` })))
    expect((await services[0]?.query.query({}, { size: 10, payloads: false }))?.instances.length).toBe(5)
    await Promise.all(services.map((service) => service.close()))
  })
})
