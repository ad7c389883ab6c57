import { resolveHost, type CreateRequest, type OutboundMessage } from '@dtfx/core/provider'
import { TaskHubClient } from '@dtfx/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AzureClientPort } from '../../src/client-port.js'
import type { WorkerParts } from '../../src/worker-parts.js'
import type { AzureStorageService } from '@dtfx/azure-storage'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from '../conformance/open-hub.js'
import { stateOf } from '../tracking/hub-stores.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

const host = resolveHost()

function startOf(instanceId: string, id = host.random.id()): OutboundMessage {
  const instance = { instanceId, executionId: `of ${id}` }
  return { id, target: { kind: 'instance', instanceId }, message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp: host.clock.nowTicks(), name: 'Flow', instance } } }
}

const request = (start: OutboundMessage, reuse: CreateRequest['reuse'] = 'error'): CreateRequest => ({ start, reuse })

interface Hub {
  readonly service: AzureStorageService
  readonly parts: WorkerParts
  /** Messages in the control queue. */
  messages(): Promise<number>
}

/** A hub without workers. */
async function open(): Promise<Hub> {
  const service = openHub(azurite.connectionString, { partitionCount: 1 })
  await service.createHub()
  const { parts } = service.client as AzureClientPort
  return { service, parts, messages: async () => (await parts.clients.queue(parts.names.controlQueues[0] as string).getProperties()).approximateMessagesCount ?? -1 }
}

/** A client that dies, or fails, when it sends. */
function dying({ parts }: Hub): AzureClientPort {
  const sender = { send: () => Promise.reject(new Error('killed')) } as unknown as WorkerParts['sender']
  return new AzureClientPort({ ...parts, sender }, () => false)
}

describe('create', () => {
  it('of 50 starters one creates, and the others find its instance', async () => {
    const hub = await open()
    const results = await Promise.all(Array.from({ length: 50 }, () => hub.service.client.create(request(startOf('one')))))
    const created = results.filter(({ outcome }) => outcome === 'created')
    expect(created).toHaveLength(1)
    const ids = results.flatMap((result) => (result.outcome === 'exists' ? [result.state.executionId] : []))
    expect(new Set(ids).size).toBe(1)
    // Each of those that found it Pending may have sent its start again: copies of one message.
    const queue = hub.parts.clients.queue(hub.parts.names.controlQueues[0] as string)
    const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 })
    const texts = peekedMessageItems.map(({ messageText }) => (JSON.parse(Buffer.from(messageText, 'base64').toString()) as { Dtfx: { Id: string } }).Dtfx.Id)
    expect(new Set(texts).size).toBe(1)
    await hub.service.close()
  })

  it('a creator that died before it sent leaves an instance that the next caller starts', async () => {
    const hub = await open()
    await expect(dying(hub).create(request(startOf('dead')))).rejects.toThrow('killed')
    expect([await hub.messages(), (await hub.service.client.getState('dead', { payloads: false }))?.status]).toEqual([0, 'Pending'])
    expect(await hub.service.client.create(request(startOf('dead'), 'skip'))).toMatchObject({ outcome: 'exists', state: { status: 'Pending' } })
    expect(await hub.messages()).toBe(1)
    await hub.service.close()
  })

  it('the same call again creates nothing, and says created', async () => {
    const hub = await open()
    const start = startOf('again')
    expect(await hub.service.client.create(request(start))).toEqual({ outcome: 'created' })
    expect(await hub.service.client.create(request(start))).toEqual({ outcome: 'created' })
    expect((await hub.service.client.getState('again', { payloads: false }))?.executionId).toBe(`of ${start.id}`)
    await hub.service.close()
  })

  it('a finished instance is replaced by one of many, a live one is not', async () => {
    const hub = await open()
    await hub.service.client.create(request(startOf('old')))
    expect(await hub.service.client.create(request(startOf('old'), 'replaceFinished'))).toMatchObject({ outcome: 'exists' })
    const row = await hub.parts.instances.read('old')
    const known = { etag: row?.etag, executionId: row?.state.executionId ?? '', startMessageId: undefined }
    await hub.parts.instances.show({ state: stateOf('old', { executionId: known.executionId, status: 'Completed' }), sequence: 1, consumedIds: () => Promise.resolve({ deleted: [], pending: [] }) }, known)
    const results = await Promise.all(Array.from({ length: 10 }, () => hub.service.client.create(request(startOf('old'), 'replaceFinished'))))
    expect(results.filter(({ outcome }) => outcome === 'replaced')).toHaveLength(1)
    expect(await hub.service.client.create(request(startOf('old'), 'error'))).toMatchObject({ outcome: 'exists', state: { status: 'Pending' } })
    await hub.service.close()
  })

  it('costs two requests', async () => {
    const hub = await open()
    const before = hub.service.requests
    await new TaskHubClient(hub.service).start('Flow', 1, { instanceId: 'cost' })
    const after = hub.service.requests
    const spent = Object.fromEntries(Object.entries(after).flatMap(([name, count]) => (count === before[name] ? [] : [[name, count - (before[name] ?? 0)]])))
    expect(spent).toEqual({ 'queue put control': 1, 'table insert Instances': 1 })
    await hub.service.close()
  })
})
