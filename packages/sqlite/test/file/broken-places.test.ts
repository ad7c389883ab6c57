/**
 * Files on real disks that fill up, that may not be written, or that are damaged in the middle: a coded error that names the file, nothing half-written; when the cause is gone, the same service goes on with everything that was
 * acknowledged.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TaskHubClient } from '@dtfx/core'
import { DurableError } from '@dtfx/core/provider'
import { createOrchestrationService, type SqliteService } from '@dtfx/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WorkerBundle } from '../crash/worker-process.js'
import { deleteHubsAfterwards, newFile } from '../new-hub.js'

deleteHubsAfterwards()

/** Starts instances with inputs of `bytes` until one is refused; gives what was acknowledged, and the refusal. */
async function fill(service: SqliteService, bytes = 50_000): Promise<{ acknowledged: string[]; error: unknown }> {
  const client = new TaskHubClient(service)
  const acknowledged: string[] = []
  for (let index = 0; index < 1_000; index++) {
    try {
      await client.start('Any', 'x'.repeat(bytes), { instanceId: `i${index}` })
      acknowledged.push(`i${index}`)
    } catch (error) {
      return { acknowledged, error }
    }
  }
  throw new Error('it never ended')
}

async function stored(service: SqliteService): Promise<string[]> {
  const ids: string[] = []
  for await (const { instanceId } of new TaskHubClient(service).query({})) ids.push(instanceId)
  return ids.sort()
}

function integrity(path: string): unknown {
  const database = new DatabaseSync(path)
  try {
    return database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
  } finally {
    database.close()
  }
}

describe('a disk that is full', () => {
  const folder = join(dirname(newFile()), 'small')
  const mounted = ((): boolean => {
    mkdirSync(folder)
    return process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status === 0
  })()
  afterAll(() => {
    if (mounted) spawnSync('umount', [folder])
  })

  test.runIf(mounted)('refuses, keeps what was acknowledged, and goes on when there is room', async () => {
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(500_000))
    const service = createOrchestrationService({ file: join(folder, 'hub.db') })
    await service.createHub()
    const { acknowledged, error } = await fill(service)
    expect(DurableError.is(error) && [error.code, error.message.includes(service.path)]).toEqual(['DTFX_FILE_FULL', true])
    expect(acknowledged.length).toBeGreaterThan(3)
    expect(await stored(service)).toEqual([...acknowledged].sort())
    spawnSync('rm', [join(folder, 'ballast')])
    await new TaskHubClient(service).start('Any', undefined, { instanceId: 'later' })
    expect(await stored(service)).toEqual([...acknowledged, 'later'].sort())
    await service.close()
    expect(integrity(service.path)).toBe('ok')
  })
})

describe('in a process with less rights', () => {
  let bundle: WorkerBundle
  beforeAll(async () => void (bundle = await WorkerBundle.build('./file-user.ts')), 60_000)
  afterAll(() => bundle.delete())
  const isRoot = process.getuid?.() === 0

  interface Report {
    readonly acknowledged: number
    readonly code?: string
    readonly names: boolean
  }

  /** What another process reports of its use of `file`: under a limit of the size of files, or as a user without rights. */
  function use(file: string, { limitKilobytes, asNobody = false }: { limitKilobytes?: number; asNobody?: boolean } = {}): Promise<Report> {
    const program = [process.execPath, bundle.program, JSON.stringify({ file, asNobody })]
    const [command = '', ...args] = limitKilobytes === undefined ? program : ['bash', '-c', `ulimit -f ${limitKilobytes}; exec "$0" "$@"`, ...program]
    return new Promise((resolve, reject) => {
      let text = ''
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
      child.on('close', () => {
        try {
          resolve(JSON.parse(text) as Report)
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  test.runIf(process.platform === 'linux')('a file that may not grow refuses, and loses nothing', async () => {
    const file = newFile()
    const { acknowledged, code, names } = await use(file, { limitKilobytes: 1_000 })
    expect([['DTFX_FILE_IO', 'DTFX_FILE_FULL'].includes(code ?? ''), names, acknowledged > 3]).toEqual([true, true, true])
    const service = createOrchestrationService({ file })
    expect((await stored(service)).length).toBe(acknowledged)
    await new TaskHubClient(service).start('Any', undefined, { instanceId: 'later' })
    expect((await stored(service)).length).toBe(acknowledged + 1)
    await service.close()
    expect(integrity(file)).toBe('ok')
  })

  async function hub(folderMode: number, fileMode: number): Promise<string> {
    const folder = join(dirname(newFile()), `rights-${folderMode}-${fileMode}`)
    mkdirSync(folder, { recursive: true })
    chmodSync(dirname(folder), 0o755)
    const file = join(folder, 'hub.db')
    const service = createOrchestrationService({ file })
    await service.createHub()
    await service.close()
    chmodSync(file, fileMode)
    chmodSync(folder, folderMode)
    return file
  }

  test.runIf(isRoot).each([
    ['a file that may only be read', 0o777, 0o444],
    ['a folder that may only be read', 0o555, 0o666],
  ])('%s is refused and stays as it is', async (_, folderMode, fileMode) => {
    const file = await hub(folderMode, fileMode)
    const before = readFileSync(file)
    expect(await use(file, { asNobody: true })).toEqual({ acknowledged: 0, code: 'DTFX_FILE_READ_ONLY', names: true })
    expect([readFileSync(file).equals(before), existsSync(`${file}-wal`)]).toEqual([true, false])
    chmodSync(file, 0o666)
    chmodSync(dirname(file), 0o777)
    expect(await use(file, { asNobody: true })).toMatchObject({ acknowledged: 5 })
  })

  test.runIf(isRoot)('a folder in which nothing may be made is refused', async () => {
    const file = join(dirname(await hub(0o555, 0o444)), 'new.db')
    expect(await use(file, { asNobody: true })).toEqual({ acknowledged: 0, code: 'DTFX_FILE_NOT_OPENED', names: true })
    expect(existsSync(file)).toBe(false)
  })
})

describe('a damaged file', () => {
  async function damaged(change: (bytes: Buffer) => Buffer): Promise<{ file: string; whole: string }> {
    const [file, whole] = [newFile(), newFile()]
    const service = createOrchestrationService({ file })
    await service.createHub()
    for (let index = 0; index < 20; index++) await new TaskHubClient(service).start('Any', 'x'.repeat(5_000), { instanceId: `i${index}` })
    await service.close()
    copyFileSync(file, whole)
    writeFileSync(file, change(readFileSync(file)))
    return { file, whole }
  }

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['whose header is turned over', (bytes) => Buffer.concat([Buffer.from(bytes.subarray(0, 16).map((byte) => byte ^ 0xff)), bytes.subarray(16)])],
    ['that ends in the middle of a page', (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2) - 100)],
    ['with noise for its pages', (bytes) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)])],
  ])('%s is refused, stays as it is, and is good again when a copy takes its place', async (_, change) => {
    const { file, whole } = await damaged(change)
    const before = readFileSync(file)
    const service = createOrchestrationService({ file })
    const calls = service.createHub().then(() => stored(service)).then(() => fill(service)).then(({ error }) => Promise.reject(error as Error))
    const error: unknown = await calls.catch((each: unknown) => each)
    expect(DurableError.is(error) && [error.code, error.message.includes(file)]).toEqual(['DTFX_FILE_CORRUPT', true])
    await service.close()
    expect(readFileSync(file).subarray(0, 4096).equals(before.subarray(0, 4096)) || before.length < 4096).toBe(true)
    copyFileSync(whole, file)
    const again = createOrchestrationService({ file })
    expect((await stored(again)).length).toBe(20)
    await again.close()
  })
})
