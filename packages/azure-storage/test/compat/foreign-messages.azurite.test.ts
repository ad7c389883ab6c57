/** What we do not understand on a shared hub: entities are left to .NET, damaged messages are set aside alone, foreign columns stay. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { QuarantinedMessage } from '@dtfx/core/provider'
import { startAzurite, type Azurite } from '../azurite.js'
import { eventually } from '../partitions/azurite-hub.js'
import { withCompatHub, type CompatHub } from './compat-hub.js'
import { helloResult, ourActivities, ours } from './programmes.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()), 60_000)
afterAll(() => azurite.stop())

const shared = (body: (hub: CompatHub) => Promise<void>, options?: Parameters<typeof withCompatHub>[2]): Promise<void> => withCompatHub(azurite.connectionString, body, options)
const timeoutMs = 120_000

async function quarantined({ service }: CompatHub): Promise<QuarantinedMessage[]> {
  const found: QuarantinedMessage[] = []
  for await (const message of service.quarantine.list()) found.push(message)
  return found
}

/** Runs something else, so that what was there before has been looked at. */
async function pass(hub: CompatHub, instanceId: string): Promise<void> {
  await hub.client.start('HelloSequence', undefined, { instanceId })
  expect(await hub.client.result(instanceId, { timeout: '60s' })).toStrictEqual(helloResult)
}

describe.concurrent('entities', () => {
  it('messages and rows of theirs are left alone', () =>
    shared(async (hub) => {
      const { dotnet, service, stored } = hub
      await service.createHub()
      const entity = { partitionKey: '@counter@key', rowKey: '', ExecutionId: 'e', Name: '@counter', Version: '', RuntimeStatus: 'Running', CustomStatus: '{"entityExists":true}', Input: '{"exists":true}', TaskHubName: dotnet.hub, CreatedTime: { type: 'DateTime', value: '2030-01-01T00:00:00.1234567Z' } }
      await dotnet.clients.table(`${dotnet.hub}Instances`).createEntity(entity)
      await dotnet.clients.table(`${dotnet.hub}History`).createEntity({ partitionKey: '@counter@key', rowKey: '0000000000000000', ExecutionId: 'e', EventType: 'OrchestratorStarted', EventId: -1 })
      const before = [...(await stored.rows('Instances')), ...(await stored.rows('History'))]
      const queue = dotnet.controlQueue('x')
      const raised = { type: 'EventRaisedEvent', eventType: 15, executionId: null }
      await dotnet.put(queue, { ...raised, instanceId: '@counter@key', members: { Name: 'op', Input: '{"op":"add","id":"5406d369-4369-4673-afae-6671a2fa1e57","input":"1"}', ParentTraceContext: null } })
      await dotnet.put(queue, { ...raised, instanceId: 'caller', members: { Name: '5406d369-4369-4673-afae-6671a2fa1e57', Input: '{"result":"1"}', ParentTraceContext: null }, sender: { InstanceId: '@counter@key', ExecutionId: '' } })
      const { peekedMessageItems: put } = await dotnet.clients.queue(queue).peekMessages({ numberOfMessages: 32 })
      const worker = await hub.worker(ours, ourActivities())
      await pass(hub, 'h')
      await worker.stop()
      expect(await quarantined(hub)).toStrictEqual([])
      expect([...(await stored.rows('Instances')), ...(await stored.rows('History'))].filter(({ partitionKey }) => partitionKey !== 'h')).toStrictEqual(before)
      const left = new Map<string, string>()
      await eventually('both are seen again', async () => {
        const { peekedMessageItems: seen } = await dotnet.clients.queue(queue).peekMessages({ numberOfMessages: 32 })
        for (const { messageId, messageText } of seen) left.set(messageId, messageText)
        return left.size === 2
      })
      expect(left).toStrictEqual(new Map(put.map(({ messageId, messageText }) => [messageId, messageText])))
      const found = []
      for await (const { instanceId } of hub.client.query({})) found.push(instanceId)
      expect(found).toStrictEqual(['h'])
    }), timeoutMs)
})

describe.concurrent('damaged messages', () => {
  const typed = (event: string): string => `{"$type":"DurableTask.AzureStorage.MessageData","TaskMessage":{"Event":${event},"OrchestrationInstance":{"InstanceId":"h","ExecutionId":null}},"CompressedBlobName":null,"Sender":{"InstanceId":"","ExecutionId":""}}`
  const reference = (blobName: string): string => JSON.stringify({ $type: 'DurableTask.AzureStorage.MessageData', TaskMessage: null, CompressedBlobName: blobName, Sender: null })
  const texts: readonly (readonly [string, RegExp])[] = [
    ['neither', /neither JSON nor Base64|JSON/],
    ['{"half":', /JSON/],
    [typed('{"$type":"Some.Other.Event","EventType":15}'), /Some\.Other\.Event/],
    [reference('h/message-0-EventRaised.json.gz'), /blob/],
  ]

  it('are set aside alone, listed with code and reason, and deleted', () =>
    shared(async (hub) => {
      const { dotnet, service } = hub
      await service.createHub()
      const queues = [dotnet.controlQueue('h'), dotnet.workItems]
      for (const queue of queues) for (const [text] of texts) await dotnet.clients.queue(queue).sendMessage(text)
      await hub.worker(ours, ourActivities())
      await pass(hub, 'h')
      await eventually('all are set aside', async () => (await quarantined(hub)).length === 2 * texts.length)
      const found = await quarantined(hub)
      for (const [, reason] of texts) expect(found.filter((each) => each.code === 'DTFX_WIRE_INVALID' && reason.test(each.reason)).length).toBeGreaterThanOrEqual(2)
      for (const { id } of found) expect(await service.quarantine.delete(id)).toBe(true)
      expect(await quarantined(hub)).toStrictEqual([])
      expect(await service.quarantine.delete(found[0]?.id ?? '')).toBe(false)
      for (const queue of queues) expect((await dotnet.clients.queue(queue).getProperties()).approximateMessagesCount).toBe(0)
    }), timeoutMs)

  it('is delivered when it is replayed, once its blob is there', () =>
    shared(async (hub) => {
      const { dotnet, service, client } = hub
      await hub.worker(ours, ourActivities())
      await client.start('WaitEvent', 'Approval', { instanceId: 'w' })
      await hub.hasStatus('w', 'Running')
      await dotnet.clients.queue(dotnet.controlQueue('w')).sendMessage(reference('w/message-1-EventRaised.json.gz'))
      await eventually('it is set aside', async () => (await quarantined(hub)).length === 1)
      const [message] = await quarantined(hub)
      await dotnet.putBlob('w/message-1-EventRaised.json.gz', typed('{"$type":"DurableTask.Core.History.EventRaisedEvent","EventId":-1,"Name":"Approval","Input":"\\"late\\"","Timestamp":"2030-01-01T00:00:00Z"}').replace('"h"', '"w"'))
      expect(await service.quarantine.replay(message?.id ?? '')).toBe(true)
      expect(await client.result('w', { timeout: '60s' })).toBe('got:late')
      expect(await quarantined(hub)).toStrictEqual([])
    }), timeoutMs)
})

describe.concurrent('what others keep in our rows', () => {
  it('stays: in the row of the instance, and in the sentinel', () =>
    shared(async (hub) => {
      const { dotnet, client, stored } = hub
      await hub.worker(ours, ourActivities())
      await client.start('WaitEvent', 'Go', { instanceId: 'w' })
      await hub.hasStatus('w', 'Running')
      const mark = { Foreign: 'theirs', Long: { type: 'Int64', value: '9007199254740993' } }
      await dotnet.clients.table(`${dotnet.hub}Instances`).updateEntity({ partitionKey: 'w', rowKey: '', ...mark }, 'Merge')
      await dotnet.clients.table(`${dotnet.hub}History`).updateEntity({ partitionKey: 'w', rowKey: 'sentinel', ...mark }, 'Merge')
      await client.raiseEvent('w', 'Go', 1)
      expect(await client.result('w', { timeout: '60s' })).toBe('got:1')
      expect((await stored.rows('Instances'))[0]?.columns).toMatchObject(mark)
      expect((await stored.rows('History')).find(({ rowKey }) => rowKey === 'sentinel')?.columns).toMatchObject(mark)
    }), timeoutMs)

  it('a timer message that .NET lets out too early waits for its time', () =>
    shared(async (hub) => {
      const { dotnet, client } = hub
      await hub.worker(ours, ourActivities())
      await client.start('Timer', undefined, { instanceId: 't' })
      await hub.has('t', 'TimerCreated')
      const created = (await client.history('t')).events.find(({ type }) => type === 'TimerCreated') as { readonly fireAt: string; readonly eventId: number }
      const executionId = String((await hub.dotnetClient.state('t'))?.executionId)
      await dotnet.put(dotnet.controlQueue('t'), { instanceId: 't', executionId, type: 'TimerFiredEvent', eventType: 11, members: { TimerId: created.eventId, FireAt: created.fireAt }, sender: { InstanceId: 't', ExecutionId: executionId } })
      expect(await client.result('t', { timeout: '60s' })).toBe('fired')
      const { events } = await client.history('t')
      expect(events.filter(({ type }) => type === 'TimerFired')).toHaveLength(1)
      expect(Date.parse(events.findLast(({ type }) => type === 'OrchestratorStarted')?.timestamp ?? '')).toBeGreaterThanOrEqual(Date.parse(created.fireAt))
    }), timeoutMs)
})
