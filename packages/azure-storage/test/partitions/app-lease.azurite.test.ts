/** The app lease on real blobs, and the refusal of hubs that others share by blobs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppLease } from '../../src/partitions/app-lease.js'
import { AppLeaseBlobs } from '../../src/partitions/app-lease-blobs.js'
import { appLeaseId } from '../../src/partitions/app-lease-id.js'
import { refuseMixedManagers } from '../../src/partitions/mixed-managers.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { AzuriteHub, connect, eventually, host } from './azurite-hub.js'

let azurite: Azurite
let hubs = 0
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

const signal = new AbortController().signal
const leaseMs = 15_000

function newBlobs() {
  const name = `app${++hubs}`
  const clients = connect(azurite.connectionString)
  const container = clients.container(`${name}-applease`)
  const blobs = new AppLeaseBlobs({ clients, host, containerName: `${name}-applease`, infoBlobName: `${name}-appleaseinfo` })
  const info = async (): Promise<string> => (await container.getBlobClient(`${name}-appleaseinfo`).downloadToBuffer()).toString()
  return { name, clients, container, blobs, info }
}

test('workers of one app share the lease, those of another are refused', async () => {
  const { blobs, info } = newBlobs()
  await blobs.create()
  await blobs.create()
  expect(await info()).toBe('{}')
  const [mine, other] = [appLeaseId('myapp'), appLeaseId('another')]
  expect(await blobs.acquire(mine, leaseMs, signal)).toBe(true)
  expect(await info()).toBe('{"OwnerId":"1312a8a6-0000-0000-0000-000000000000","DesiredSwapId":null}')
  expect(await blobs.acquire(mine, leaseMs, signal)).toBe(true)
  expect(await blobs.acquire(other, leaseMs, signal)).toBe(false)
  expect(await blobs.renew(mine, signal)).toBe(true)
  expect(await blobs.renew(other, signal)).toBe(false)
})

test('a swap that was asked for is carried out, and the app before finds its lease lost', async () => {
  const { blobs, container, info, name } = newBlobs()
  const [mine, other] = [appLeaseId('myapp'), appLeaseId('another')]
  expect(await blobs.acquire(other, leaseMs, signal)).toBe(true)
  const wish = JSON.stringify({ OwnerId: other, DesiredSwapId: mine.toUpperCase() })
  await container.getBlockBlobClient(`${name}-appleaseinfo`).upload(wish, wish.length)
  expect(await blobs.acquire(mine, leaseMs, signal)).toBe(true)
  expect(JSON.parse(await info())).toEqual({ OwnerId: mine, DesiredSwapId: null })
  expect(await blobs.renew(other, signal)).toBe(false)
})

test('an attempt costs two requests, three when the lease changes hands, a renewal one', async () => {
  const { blobs, clients } = newBlobs()
  await blobs.create()
  const before = clients.requests.snapshot()
  const id = appLeaseId('myapp')
  const spent = (): Record<string, number> => Object.fromEntries(Object.entries(clients.requests.snapshot()).map(([operation, count]) => [operation, count - (before[operation] ?? 0)]).filter(([, count]) => (count as number) > 0))
  await blobs.acquire(id, leaseMs, signal)
  expect(spent()).toEqual({ 'blob get applease': 1, 'blob lease applease': 1, 'blob put applease': 1 })
  await blobs.acquire(id, leaseMs, signal)
  await blobs.renew(id, signal)
  expect(spent()).toEqual({ 'blob get applease': 2, 'blob lease applease': 3, 'blob put applease': 1 })
})

test('a worker whose app does not hold the lease owns no partition, until the other app is gone', async () => {
  const { name, blobs, container } = newBlobs()
  const hub = new AzuriteHub(azurite.connectionString, name, 2)
  await hub.table().create(hub.partitions)
  const serve = (appName: string, worker: string): { readonly lease: AppLease; readonly listening: () => number } => {
    const managed = hub.start(worker)
    const stopped = managed.manager.stop(10_000)
    const lease = new AppLease({
      blobs,
      appName,
      enabled: true,
      settings: { leaseMs, renewMs: 300, acquireMs: 300 },
      host,
      account: 'account',
      taskHub: name,
      acquired: () => stopped.then(() => managed.manager.start()),
      lost: () => managed.manager.stop(10_000),
    })
    lease.start()
    return { lease, listening: () => managed.manager.listening().length }
  }
  const first = serve('myapp', 'A')
  await eventually('the first app to own everything', () => first.listening() === 2)
  const same = serve('myapp', 'B')
  const other = serve('another', 'C')
  await eventually('a worker of the same app to share', () => first.listening() === 1 && same.listening() === 1)
  expect(other.lease.held).toBe(false)
  expect(other.listening()).toBe(0)
  // The app ends for good, and its lease with it.
  await Promise.all([first.lease.stop(), same.lease.stop()])
  await container.getBlobLeaseClient(appLeaseId('myapp')).releaseLease()
  await eventually('the other app to own everything', () => other.listening() === 2)
  expect(first.listening() + same.listening()).toBe(0)
  await other.lease.stop()
  expect((await hub.rows()).map(({ currentOwner }) => currentOwner)).toEqual([null, null])
  expect(hub.problems).toEqual([])
})

test('a hub that is shared by blobs is refused while their leases live, and one with another partition count for ever', async () => {
  const { name, clients } = newBlobs()
  const containerName = `${name}-leases`
  const container = clients.container(containerName)
  const check = (partitionCount = 4): Promise<void> => refuseMixedManagers({ clients, host, taskHub: name, containerName, partitionCount })
  await check()
  await container.createIfNotExists()
  const put = (blob: string, text: string): Promise<unknown> => container.getBlockBlobClient(blob).upload(text, text.length)
  await put('ownership/h-control-00', '{"PartitionId":"h-control-00","Owner":null,"Token":null,"Epoch":0}')
  await put('taskhub.json', '\uFEFF{"TaskHubName":"Hub","CreatedAt":"2024-05-06T07:08:09.1234567Z","PartitionCount":4}')
  await check()
  await expect(check(8)).rejects.toMatchObject({ code: 'DTFX_PARTITION_COUNT', message: expect.stringContaining('was created with 4 partitions; this process is configured for 8') as string })
  for (const folder of ['ownership', 'intent', 'default']) {
    const blob = `${folder}/h-control-01`
    await put(blob, '{}')
    const lease = container.getBlobClient(blob).getBlobLeaseClient('1312a8a6-0000-0000-0000-000000000000')
    await lease.acquireLease(-1)
    await expect(check()).rejects.toMatchObject({ code: 'DTFX_MIXED_PARTITION_MANAGERS', details: { blobs: blob } })
    await lease.releaseLease()
  }
  await check()
  await put('taskhub.json', 'not JSON')
  await expect(check()).rejects.toMatchObject({ code: 'DTFX_WIRE_INVALID' })
})
