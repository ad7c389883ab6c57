/** What is this provider's own: retention, backup, the polite end, rows that cannot be read. */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { createOrchestrationService, type SqliteService } from '@dtfx/sqlite'
import { describe, expect, test } from 'vitest'
import { deleteHubsAfterwards, newFile, openHub } from './new-hub.js'

deleteHubsAfterwards()

const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx, name: string) => ctx.callActivity(hello, name))

async function withWorker<T>(service: SqliteService, body: (client: TaskHubClient) => Promise<T>): Promise<T> {
  const worker = new TaskHubWorker(service, { orchestrations: [greets], activities: [hello] })
  await worker.start()
  try {
    return await body(new TaskHubClient(service))
  } finally {
    await worker.stop()
    await service.close()
  }
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 10_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('it did not happen')
    await sleep(systemClock, 5)
  }
}

test('a hub is there again after the process has closed it', async () => {
  const first = openHub()
  const id = await withWorker(first, async (client) => {
    const handle = await client.start(greets, 'you')
    await handle.result({ timeout: '10s' })
    return handle.instanceId
  })
  const second = createOrchestrationService({ file: first.path })
  const client = new TaskHubClient(second)
  const events: string[] = []
  for await (const chunk of second.history.read(id)) events.push(...chunk.map(({ type }) => type))
  expect([(await client.state(id))?.output, events.at(-1)]).toEqual(['Hello you!', 'OrchestratorCompleted'])
  await second.close()
})

test('instances that ended long enough ago are purged', async () => {
  await withWorker(openHub({ purgeCompletedAfter: 50 }), async (client) => {
    const handle = await client.start(greets, 'you')
    await handle.result({ timeout: '10s' }).catch(() => {})
    await eventually(async () => (await handle.state()) === undefined)
  })
})

describe('a backup', () => {
  test('is a hub of its own, as of one moment', async () => {
    const service = openHub()
    const target = newFile()
    const id = await withWorker(service, async (client) => {
      const handle = await client.start(greets, 'you')
      await handle.result({ timeout: '10s' })
      await service.backup(target)
      await client.start(greets, 'later', { instanceId: 'later' })
      return handle.instanceId
    })
    const copy = createOrchestrationService({ file: target })
    const client = new TaskHubClient(copy)
    expect([(await client.state(id))?.output, await client.state('later'), existsSync(`${target}.part`)]).toEqual(['Hello you!', undefined, false])
    await copy.close()
  })
  test('replaces nothing', async () => {
    const service = openHub()
    await service.createHub()
    await expect(service.backup(service.path)).rejects.toMatchObject({ code: 'DTFX_FILE_NOT_OPENED' })
    await service.close()
  })
})

test('a message that cannot be read is set aside alone', async () => {
  const service = openHub()
  await service.createHub()
  const client = new TaskHubClient(service)
  const handle = await client.start(greets, 'you')
  const database = new DatabaseSync(service.path)
  database.exec(`INSERT INTO messages (instance, enqueued_at, id, message) SELECT key, 0, 'broken', '{"Event":' FROM instances`)
  database.close()
  await withWorker(service, async () => {
    expect(await handle.result({ timeout: '10s' })).toBe('Hello you!')
    const ids: string[] = []
    for await (const { id, code } of service.quarantine.list()) ids.push(`${id} ${code}`)
    expect(ids).toEqual(['broken DTFX_WIRE_INVALID'])
  })
})

test('a worker that stops gives everything back at once', async () => {
  const service = openHub({ lockTimeout: '10m' })
  await service.createHub()
  const port = await service.startWorker({ workerId: 'a', concurrency: { orchestrations: 1, activities: 1 } })
  const client = new TaskHubClient(service)
  await client.start('Any', undefined, { instanceId: 'a' })
  const item = await port.nextOrchestration(new AbortController().signal)
  expect(await port.stop(0)).toEqual({ abandoned: 1 })
  expect(item.lost.aborted).toBe(true)
  const other = await service.startWorker({ workerId: 'b', concurrency: { orchestrations: 1, activities: 1 } })
  expect((await other.nextOrchestration(new AbortController().signal)).instanceId).toBe('a')
  await service.close()
})

test('an item that nobody renews comes back', async () => {
  const service = openHub({ lockTimeout: 500 })
  await service.createHub()
  const port = await service.startWorker({ workerId: 'a', concurrency: { orchestrations: 2, activities: 1 } })
  await new TaskHubClient(service).start('Any', undefined, { instanceId: 'a' })
  const { signal } = new AbortController()
  const item = await port.nextOrchestration(signal)
  const again = await port.nextOrchestration(signal)
  expect([again.instanceId, again.messages[0]?.deliveryCount]).toEqual(['a', 2])
  await expect(item.renew()).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
  await again.release([])
  await service.close()
})

describe('the hub', () => {
  test('is a file that is told, and told apart from one that is not there or empty', async () => {
    const service = openHub()
    expect(service.location).toBe(`file '${service.path}'`)
    expect([await service.hubExists(), existsSync(service.path)]).toEqual([false, false])
    writeFileSync(service.path, '')
    expect(await service.hubExists()).toBe(false)
    await expect(service.client.getState('any', { payloads: false })).rejects.toMatchObject({ code: 'DTFX_FILE_NOT_OPENED' })
    expect(statSync(service.path).size).toBe(0)
    await service.createHub()
    expect(await service.hubExists()).toBe(true)
    const other = createOrchestrationService({ file: service.path })
    expect(await other.hubExists()).toBe(true)
    await Promise.all([service.close(), other.close()])
  })
})

test('results that wait for a free slot of the worker are not forgotten', async () => {
  const service = openHub()
  // All that run end in one turn of the event loop, so that there are more results than slots.
  let ending: Promise<void> | undefined
  const together = defineActivity('Together', () => (ending ??= sleep(systemClock, 20).finally(() => (ending = undefined))))
  const steps = defineOrchestration('Steps', async (ctx, count: number) => {
    for (let step = 0; step < count; step++) await ctx.callActivity(together)
    return count
  })
  const worker = new TaskHubWorker(service, { orchestrations: [steps], activities: [together], concurrency: { orchestrations: 1, activities: 20 } })
  await worker.start()
  const client = new TaskHubClient(service)
  const handles = await Promise.all(Array.from({ length: 40 }, () => client.start(steps, 10)))
  expect(await Promise.all(handles.map((handle) => handle.result({ timeout: '20s' })))).toEqual(Array.from({ length: 40 }, () => 10))
  await worker.stop()
  await service.close()
}, 40_000)
