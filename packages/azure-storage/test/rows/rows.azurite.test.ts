/** Rows, messages and blobs through the real clients and a storage emulator: what was written is what is read, to the last 100 ns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom, systemClock, type HistoryEvent } from '@dtfx/core/provider'
import { MessageBlobs } from '../../src/messages/message-blobs.js'
import { decodeQueueMessage, encodeQueueMessage } from '../../src/messages/queue-message.js'
import { activityIdOf } from '../../src/messages/large-message.js'
import { toQueueText } from '../../src/messages/queue-text.js'
import { historyBatches } from '../../src/rows/history-batches.js'
import { eventOfRow, historyRow } from '../../src/rows/history-row.js'
import { pushedFilter } from '../../src/rows/instance-filter.js'
import { instanceColumns, instanceOf } from '../../src/rows/instance-row.js'
import { historyFilter } from '../../src/rows/odata.js'
import { accountFromConnectionString, entityOf, escapeKey, storedRow, type StoredRow } from '@dtfx/azure-common'
import { historyRowKey, sentinelRowKey } from '../../src/rows/row-key.js'
import { sentinelColumns, sentinelOf, type Sentinel } from '../../src/rows/sentinel-row.js'
import { StorageClients } from '../../src/storage/storage-clients.js'
import { startAzurite, type Azurite } from '../azurite.js'

const timestamp = '2030-01-02T03:04:05.1234567Z'
const instanceId = "in#st'/ance^ü😀"
let azurite: Azurite
let clients: StorageClients

beforeAll(async () => {
  azurite = await startAzurite()
  const made = accountFromConnectionString(azurite.connectionString)
  if ('problem' in made) throw new Error(made.problem)
  clients = new StorageClients(made.account)
})
afterAll(() => azurite.stop())

async function rowsOf(table: string, filter: string | undefined): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  const queryOptions = filter === undefined ? {} : { filter }
  for await (const entity of clients.table(table).listEntities({ queryOptions, disableTypeConversion: true })) rows.push(storedRow(entity))
  return rows
}

describe('history', () => {
  const extra = { Foreign: 'x', Long: { type: 'Int64', value: '9007199254740993' }, Guid: { type: 'Guid', value: '5406d369-4369-4673-afae-6671a2fa1e57' }, Half: { type: 'Double', value: '0.5' }, Yes: true, Odd: { deep: [1] } }
  const events: HistoryEvent[] = [
    { type: 'OrchestratorStarted', eventId: -1, timestamp },
    { type: 'ExecutionStarted', eventId: -1, timestamp, instance: { instanceId, executionId: "e'1" }, name: 'Flow', input: '"\u0001\u2028\u2029\u0085 é 😀 \\""', tags: { k: 'v' }, scheduledStartTime: '2030-01-02T03:04:05.000Z' },
    { type: 'TimerCreated', eventId: 0, timestamp, fireAt: '9999-12-31T23:59:59.9999999Z' },
    { type: 'GenericEvent', eventId: -1, timestamp, data: '', extra },
    ...Array.from({ length: 150 }, (_, index): HistoryEvent => ({ type: 'EventRaised', eventId: -1, timestamp, name: `n${index}`, isPlayed: true })),
  ]
  const sentinel: Sentinel = { executionId: "e'1", checkpointId: 'c1', completedAt: timestamp, part: 0, eventCount: events.length, consumedIds: { deleted: ['0'.repeat(32)], pending: ['re:x'] }, sequence: 5_000_000_000, state: '{"status":"Running"}' }

  it('in transactions with the sentinel, and back', async () => {
    const table = clients.table('HubHistory')
    await table.createTable()
    const partitionKey = escapeKey(instanceId)
    const rows = events.map((event) => historyRow(event, "e'1"))
    const batches = historyBatches(rows, sentinelColumns(sentinel))
    expect(batches).toHaveLength(2)
    for (const { from, to } of batches) {
      const upserts = rows.slice(from, to).map((columns, index) => ['upsert', entityOf({ partitionKey, rowKey: historyRowKey(from + index), columns }), 'Replace'] as ['upsert', ReturnType<typeof entityOf>, 'Replace'])
      await table.submitTransaction([...upserts, ['upsert', entityOf({ partitionKey, rowKey: sentinelRowKey, columns: sentinelColumns(sentinel) }), 'Merge']])
    }
    const found = await rowsOf('HubHistory', historyFilter(instanceId, "e'1"))
    expect(found.map(({ rowKey }) => rowKey)).toStrictEqual([...events.map((_, index) => historyRowKey(index)), sentinelRowKey])
    expect(found.slice(0, -1).map(({ columns }) => eventOfRow(columns, 'row'))).toStrictEqual(events)
    const { etag, columns } = found.at(-1) as StoredRow
    expect(etag).toMatch(/^W\//)
    expect(sentinelOf(columns, 's')).toMatchObject({ ...sentinel, isComplete: true })
  })
})

describe('instances', () => {
  it('are written, found by what is pushed down, and read', async () => {
    const table = clients.table('HubInstances')
    await table.createTable()
    const base = { executionId: 'e', name: "o'clock", status: 'Running', generation: 1, createdAt: timestamp, lastUpdatedAt: timestamp } as const
    const ids = ['aaa', 'aab', 'aab/1', 'aac', '@entity@1', instanceId]
    const records = ids.map((id) => ({ state: { ...base, instanceId: id, parent: { name: 'P', instance: { instanceId: "p'" }, taskScheduleId: 0 } }, sequence: 1, startMessageId: undefined, startMessages: [] }))
    for (const record of records) await table.createEntity(entityOf({ partitionKey: escapeKey(record.state.instanceId), rowKey: '', columns: instanceColumns(record, 'Hub') }))
    const keys = async (filter: Parameters<typeof pushedFilter>[0], excludeEntities = false): Promise<string[]> => (await rowsOf('HubInstances', pushedFilter(filter, { excludeEntities }).odata)).map(({ partitionKey }) => partitionKey).sort()
    expect(await keys({ idPrefix: 'aab' })).toStrictEqual(['aab', 'aab^01'])
    expect(await keys({ idPrefix: 'aab/' })).toStrictEqual(['aab^01'])
    expect(await keys({ name: "o'clock", parent: "p'", status: ['Running', 'Failed'], createdAfter: timestamp })).toHaveLength(6)
    expect(await keys({ createdBefore: timestamp })).toStrictEqual([])
    expect(await keys({}, true)).toHaveLength(5)
    const [row] = await rowsOf('HubInstances', pushedFilter({ idPrefix: instanceId }).odata)
    expect(instanceOf((row as StoredRow).columns, instanceId, 'row')).toStrictEqual(records.at(-1))
  })
})

describe('queue messages', () => {
  it('survive the queue, whatever characters they hold', async () => {
    const queue = clients.queue('hub-control-00')
    await queue.create()
    const event: HistoryEvent = { type: 'EventRaised', eventId: -1, timestamp, name: 'n', input: '\u0000\u0001\ufffe\uffff\ud800😀<&>' }
    const message = { message: { event, instance: { instanceId } }, id: 'm', sequenceNumber: 1, activityId: activityIdOf('m'), faultCount: 0 }
    await queue.sendMessage(toQueueText(encodeQueueMessage(message)))
    const { receivedMessageItems } = await queue.receiveMessages()
    expect(decodeQueueMessage(receivedMessageItems[0]?.messageText as string, 'q')).toStrictEqual({ kind: 'message', message })
  })
})

describe('blobs', () => {
  it('are made with their container, written twice, read, and deleted with their instance', async () => {
    const blobs = new MessageBlobs(clients.container('hub-largemessages'), { clock: systemClock, random: seededRandom(1) })
    const text = 'é😀'.repeat(50_000)
    const own = [`${instanceId}/message-x`, `${escapeKey(instanceId)}/history-0-Input`]
    const others = [`${instanceId}/message-x/message-y`, `${instanceId}/1/message-z`]
    expect(await blobs.get(own[0] as string)).toBeUndefined()
    expect((await blobs.namesOf(instanceId)).size).toBe(0)
    for (const name of [...own, ...own, ...others]) await blobs.put(name, text)
    for (const name of own) expect(await blobs.get(name)).toBe(text)
    const names = [...(await blobs.namesOf(instanceId))]
    expect(names).toHaveLength(2)
    await Promise.all(names.map((name) => blobs.delete(name)))
    for (const name of own) expect(await blobs.get(name)).toBeUndefined()
    for (const name of others) expect(await blobs.get(name)).toBe(text)
    await blobs.delete(own[0] as string)
    await blobs.container.getBlockBlobClient('bad').upload('no gzip', 7)
    await expect(blobs.get('bad')).rejects.toMatchObject({ code: 'DTFX_WIRE_INVALID' })
    const bytes = await blobs.container.getBlockBlobClient(others[0] as string).downloadToBuffer()
    expect([bytes[0], bytes[1]]).toStrictEqual([0x1f, 0x8b])
  })
})
