/** Several processes on one file: what one starts another runs, and what a dead or sleeping one had is taken over. */
import { DatabaseSync } from 'node:sqlite'
import { TaskHubClient } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { createOrchestrationService, type SqliteOptions, type SqliteService } from '@dtfx/sqlite'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { kinds, type Result } from './crash/crash-program.js'
import { readRuns, WorkerBundle, WorkerProcess } from './crash/worker-process.js'

let bundle: WorkerBundle
beforeAll(async () => void (bundle = await WorkerBundle.build()), 60_000)
afterAll(() => bundle.delete())

const processes: WorkerProcess[] = []
const services: SqliteService[] = []
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.kill()))
  await Promise.all(services.splice(0).map((each) => each.close()))
})

let hubs = 0

interface Place {
  readonly client: TaskHubClient
  readonly service: SqliteService
  readonly logPath: string
  worker(): Promise<WorkerProcess>
}

async function open(options: SqliteOptions = {}): Promise<Place> {
  const name = `hub${++hubs}`
  const all: SqliteOptions = { ...options, file: bundle.path(`${name}.db`) }
  const service = createOrchestrationService(all)
  services.push(service)
  await service.createHub()
  const logPath = bundle.path(`${name}.log`)
  const worker = async (): Promise<WorkerProcess> => {
    const started = new WorkerProcess(bundle, { service: all, logPath })
    processes.push(started)
    await started.ready
    return started
  }
  return { client: new TaskHubClient(service), service, logPath, worker }
}

const calls = (output: unknown): string[] => (output as Result[]).map(({ name, input }) => `${name} ${input}`)

test('what one process starts another runs, and the first one hears of the end', { timeout: 60_000 }, async () => {
  const { client, worker } = await open()
  await worker()
  const handle = await client.start('Sequence')
  expect(calls(await handle.result({ timeout: '30s' }))).toEqual(kinds.Sequence)
})

test('a killed worker is replaced long before its locks run out', { timeout: 60_000 }, async () => {
  const { client, worker, service } = await open({ lockTimeout: '10m' })
  const first = await worker()
  const handle = await client.start('FanOut')
  await until(async () => (await handle.state())?.status === 'Running')
  await first.kill()
  expect((await handle.state())?.status).toBe('Running')
  await worker()
  expect(calls(await handle.result({ timeout: '30s' })).sort()).toEqual([...kinds.FanOut].sort())
  await until(async () => (await service.scale.metrics()).orchestrationBacklog === 0)
})

test('a worker that slept longer than its locks finds them gone, and writes nothing', { timeout: 90_000 }, async () => {
  const { client, worker, service, logPath } = await open({ lockTimeout: '1s' })
  const first = await worker()
  const handle = await client.start('FanOut')
  await until(async () => (await handle.state())?.status === 'Running')
  await stopBetweenTransactions(first, service.path)
  await worker()
  const output = (await handle.result({ timeout: '40s' })) as Result[]
  expect(calls(output).sort()).toEqual([...kinds.FanOut].sort())
  const history = await handle.history()
  first.goOn()
  await sleep(systemClock, 500)
  expect([first.isAlive, first.errors]).toEqual([true, ''])
  expect(await handle.history()).toEqual(history)
  const runs = new Map(readRuns(logPath).map((run) => [run.nonce, run]))
  for (const { nonce, input } of output) expect(runs.get(nonce)?.input).toBe(input)
})

/** One that stands still within a transaction keeps the file locked: nobody can go on before it does. */
async function stopBetweenTransactions(process: WorkerProcess, path: string): Promise<void> {
  await until(() => {
    process.stop()
    if (!isLocked(path)) return Promise.resolve(true)
    process.goOn()
    return Promise.resolve(false)
  })
}

function isLocked(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: 200 })
  try {
    database.exec('BEGIN IMMEDIATE')
    database.exec('ROLLBACK')
    return false
  } catch {
    return true
  } finally {
    database.close()
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('it did not happen')
    await sleep(systemClock, 2)
  }
}
