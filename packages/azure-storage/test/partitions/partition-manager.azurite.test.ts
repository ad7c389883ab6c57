/** Several workers on one table, with real requests in real time. */
import { sleep, systemClock } from '@dtfx/core/provider'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { PartitionStore } from '../../src/partitions/partition-table.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { AzuriteHub, connect, eventually, fastSettings } from './azurite-hub.js'

/** Where the end of a lease is waited for. */
const shortLease = { ...fastSettings, leaseMs: 1_500 }

let azurite: Azurite
let hub: AzuriteHub
let hubs = 0
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())
afterEach(async () => {
  await hub.stop()
  expect(hub.problems).toEqual([])
})

async function newHub(partitionCount: number): Promise<AzuriteHub> {
  hub = new AzuriteHub(azurite.connectionString, `hub${++hubs}`, partitionCount)
  await hub.table().create(hub.partitions)
  return hub
}

test('one worker owns everything; a pass costs one query and one replacement for each partition', async () => {
  await newHub(4)
  const clients = connect(azurite.connectionString)
  const worker = hub.start('A', { clients })
  await hub.settled([4])
  const count = (): { queries: number; replacements: number; total: number } => {
    const counts = clients.requests.snapshot()
    return { queries: counts['table query Partitions'] ?? 0, replacements: counts['table replace Partitions'] ?? 0, total: Object.values(counts).reduce((sum, each) => sum + each, 0) }
  }
  await eventually('four passes', () => count().queries >= 5)
  // Stopped between two passes, so that the last one is complete.
  await eventually('the end of a pass', () => count().replacements === 4 * count().queries)
  const { queries, replacements, total } = count()
  expect(replacements).toBe(4 * queries)
  expect(total).toBe(queries + replacements)
  expect(worker.calls).toHaveLength(4)
})

test('two workers share evenly, a third and a fourth join, and what moves is drained first', async () => {
  await newHub(4)
  const drains: string[] = []
  const drain = async (partition: string): Promise<void> => {
    await sleep(systemClock, 50)
    drains.push(partition)
  }
  const first = hub.start('A', { drain })
  await hub.settled([4])
  const second = hub.start('B', { drain })
  await hub.settled([2, 2])
  expect(drains).toHaveLength(2)
  const taken = second.log.filter(({ fields, event }) => fields['partition'] === drains[0] && event !== 124)
  const scope = { account: 'account', taskHub: 'hub', worker: second.id, partition: drains[0] }
  expect(taken.map(({ event, fields }) => [event, fields])).toEqual([
    [130, { ...scope, previousOwner: first.id, nextOwner: second.id }],
    [127, { ...scope, previousOwner: null, nextOwner: null }],
  ])
  hub.start('C', { drain })
  hub.start('D', { drain })
  await hub.settled([1, 1, 1, 1])
  for (const worker of hub.workers) {
    const moved = worker.calls.filter((call) => call.startsWith('drop'))
    expect(moved).toEqual(worker.calls.filter((call) => call.startsWith('drain')).map((call) => `${call.replace('drain', 'drop')} released`))
  }
  const [kept] = first.manager.listening() as [string]
  const lost = hub.partitions.find((partition) => first.calls.includes(`drop ${partition} released`)) as string
  expect(first.lines(kept).filter((line) => !line.includes('renewed'))).toEqual(['127 info partition claimed'])
  expect(first.lines(lost).filter((line) => !line.includes('renewed'))).toEqual(['127 info partition claimed', '120 info partition is drained', '132 info partition not listened to any more: released', '133 info partition released'])
})

test('surplus workers move nothing', async () => {
  await newHub(2)
  hub.start('A')
  hub.start('B')
  await hub.settled([1, 1])
  const owners = (await hub.rows()).map(({ currentOwner }) => currentOwner)
  const reads = connect(azurite.connectionString)
  hub.start('C', { clients: reads })
  hub.start('D')
  await eventually('six passes of a surplus worker', () => (reads.requests.snapshot()['table query Partitions'] ?? 0) >= 6)
  expect((await hub.rows()).map(({ currentOwner, nextOwner }) => [currentOwner, nextOwner])).toEqual(owners.map((owner) => [owner, null]))
  expect(Object.keys(reads.requests.snapshot())).toEqual(['table query Partitions'])
})

test('workers that stop hand over everything, far within a lease', async () => {
  await newHub(4)
  const workers = ['A', 'B', 'C', 'D'].map((name) => hub.start(name))
  await hub.settled([1, 1, 1, 1])
  const ids = workers.map(({ id }) => id)
  await Promise.all(workers.slice(1).map(({ manager }) => manager.stop(30_000)))
  for (const { currentOwner, nextOwner } of await hub.rows()) for (const id of ids.slice(1)) expect([currentOwner, nextOwner]).not.toContain(id)
  await hub.settled([4], 3_000)
  await workers[0]?.manager.stop(30_000)
  expect(await hub.rows()).toEqual(hub.partitions.map(() => expect.objectContaining({ currentOwner: null, nextOwner: null, isDraining: false }) as unknown))
})

test('workers that are killed are replaced once their leases are over', async () => {
  await newHub(4)
  const workers = ['A', 'B', 'C', 'D'].map((name) => hub.start(name, { settings: shortLease }))
  await hub.settled([1, 1, 1, 1])
  const killedMs = systemClock.monotonicMs()
  for (const { manager } of workers.slice(1)) await expect(manager.stop(0)).rejects.toMatchObject({ code: 'DTFX_PARTITIONS_HELD' })
  await hub.settled([4])
  expect(systemClock.monotonicMs() - killedMs).toBeGreaterThan(shortLease.leaseMs - 2 * shortLease.pollMs)
})

test('a worker starts again under another id, and gets its share', async () => {
  await newHub(4)
  const worker = hub.start('A')
  hub.start('B')
  await hub.settled([2, 2])
  const { id } = worker
  await worker.manager.stop(30_000)
  await hub.settled([4])
  worker.manager.start()
  expect(worker.id).not.toBe(id)
  await hub.settled([2, 2])
})

test('a worker that cannot reach the table stops to count as owner in time, and drops what it lost when it comes back', async () => {
  await newHub(1)
  const table = hub.table()
  let cut = false
  const unless = <T>(send: () => Promise<T>): Promise<T> => (cut ? Promise.reject(new Error('cut off')) : send())
  const store: PartitionStore = { read: (signal) => unless(() => table.read(signal)), replace: (row, signal) => unless(() => table.replace(row, signal)) }
  const sick = hub.start('A', { table: store, settings: shortLease })
  await hub.settled([1])
  const [partition] = hub.partitions as [string]
  cut = true
  await eventually('its lease to end', () => !sick.manager.isLeased(partition))
  expect(sick.manager.listening()).toEqual([partition])
  const well = hub.start('B', { settings: shortLease })
  await eventually('the other to take it', () => well.manager.isLeased(partition))
  cut = false
  await eventually('it to drop the partition', () => sick.manager.listening().length === 0)
  expect(sick.calls).toEqual([`listen ${partition}`, `drop ${partition} lost`])
  expect(well.manager.isLeased(partition)).toBe(true)
})

test('the table is made once, rows that exist stay, and what others wrote into them too', async () => {
  await newHub(2)
  const table = connect(azurite.connectionString).table(`${hub.name}Partitions`)
  const [partition] = hub.partitions as [string]
  const exact = '2029-05-06T07:08:09.1234567Z'
  const entity = { partitionKey: '', rowKey: partition, IsDraining: false, CurrentOwner: 'other', ExpiresAt: { type: 'DateTime', value: exact }, Extra: { type: 'Int64', value: '9007199254740993' } } as const
  await table.updateEntity(entity, 'Replace')
  await hub.table().create(hub.partitions)
  const [row, second] = await hub.rows()
  expect(row).toMatchObject({ currentOwner: 'other', expiresAt: exact })
  expect(await hub.table().replace({ ...row!, nextOwner: 'me' }, new AbortController().signal)).toBe('written')
  expect(await hub.table().replace({ ...row!, nextOwner: 'me too' }, new AbortController().signal)).toBe('conflict')
  await table.deleteEntity('', second!.partition)
  expect(await hub.table().replace(second!, new AbortController().signal)).toBe('conflict')
  expect(await table.getEntity('', partition, { disableTypeConversion: true })).toMatchObject({ NextOwner: { value: 'me' }, ExpiresAt: { value: exact }, Extra: { value: '9007199254740993' } })
})

test('a row that makes no sense does not stop the others', async () => {
  await newHub(2)
  const table = connect(azurite.connectionString).table(`${hub.name}Partitions`)
  await table.updateEntity({ partitionKey: '', rowKey: hub.partitions[0] as string, ExpiresAt: 'tomorrow' }, 'Replace')
  const worker = hub.start('A')
  await eventually('the other row to be claimed', () => worker.manager.listening().join() === hub.partitions[1])
})
