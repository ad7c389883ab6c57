/** A hub that .NET's workers have left, and .NET's clients on a hub of ours: what they put there has their form, and is understood. */
import { gzipSync } from 'node:zlib'
import { BlobServiceClient } from '@azure/storage-blob'
import { TableClient } from '@azure/data-tables'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { WireObject } from '@dtfx/core/provider'
import { describe, expect } from 'vitest'
import { onlyEmulated, useBed } from './bed.js'
import { eventuallyEqual } from './eventually.js'
import { goldenSection } from './golden/golden-vectors.js'
import { useHubs } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)
const sayHello = defineActivity('SayHello', (_ctx, name: string) => `ours ${name}`)
const hello = defineOrchestration('Hello', async (ctx, input: string) => [input, await ctx.callActivity(sayHello, 'x')])
const event = defineEvent<number>('Go')
const waits = defineOrchestration('Hello', async (ctx) => ctx.waitForExternalEvent(event))
const state = goldenSection('SB session state')
const timestamp = '2024-05-06T07:08:10.1234567Z'
const tail = `"EventId":-1,"IsPlayed":false,"Timestamp":"${timestamp}"`

/** As .NET's clients and workers send it to an instance: without an execution id, and with a message id of the SDK. */
function message(type: string, number: number, members: string): string {
  return `{"$type":"DurableTask.Core.TaskMessage, DurableTask.Core","Event":{"$type":"DurableTask.Core.History.${type}Event, DurableTask.Core","EventType":${number},${members}${tail}},"SequenceNumber":0,"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance, DurableTask.Core","InstanceId":"abc","ExecutionId":null},"OrchestrationExecutionContext":null}`
}
const completed = message('TaskCompleted', 5, '"TaskScheduledId":0,"Result":"\\"of .NET\\"",')
const raised = (name: string, input: string): string => message('EventRaised', 15, `"Input":"${input}","Name":"${name}","ParentTraceContext":null,"Tags":null,`)

describe.concurrent("a hub that .NET's workers have left", { timeout: 90_000 }, () => {
  const forms: Record<string, (text: string) => Buffer> = { plain: (text) => Buffer.from(text), compressed: (text) => gzipSync(text) }
  for (const [form, encode] of Object.entries(forms)) {
    onlyEmulated(`a waiting instance goes on, its state ${form}`, async () => {
      const hub = await newHub()
      await hub.view.setState('abc', encode(state))
      await hub.view.sendAsDotnet('orchestrator', completed, { sessionId: 'abc' })
      await hub.work({ orchestrations: [hello], activities: [sayHello] })
      await eventuallyEqual(async () => (await hub.client.state('abc'))?.output, ['input', 'of .NET'])
      expect(await hub.client.state('abc')).toMatchObject({ status: 'Completed', executionId: '0123456789abcdef0123456789abcdef' })
      await hub.empty()
    })
  }

  onlyEmulated('with an activity that waits in the worker queue', async () => {
    const hub = await newHub()
    await hub.view.setState('abc', Buffer.from(state))
    await hub.view.sendAsDotnet('worker', goldenSection('SB body TaskScheduled'))
    await hub.work({ orchestrations: [hello], activities: [sayHello] })
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.output, ['input', 'ours x'])
    await hub.empty()
  })

  onlyEmulated('with a state in a blob', async () => {
    const hub = await newHub()
    const container = BlobServiceClient.fromConnectionString(bed.storageConnectionString).getContainerClient(`${hub.name.toLowerCase()}-dtfx-session-20240506`)
    await container.create()
    await container.getBlockBlobClient('abc/5406d36943694673afae6671a2fa1e57').uploadData(gzipSync(state))
    await hub.view.setState('abc', Buffer.from(goldenSection('SB session state blob')))
    await hub.view.sendAsDotnet('orchestrator', completed, { sessionId: 'abc' })
    await hub.work({ orchestrations: [hello], activities: [sayHello] })
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.output, ['input', 'of .NET'])
    await hub.empty()
  })

  onlyEmulated('with a suspended instance: it stays so until it is resumed', async () => {
    const hub = await newHub()
    const read = JSON.parse(state) as { Events: WireObject[] }
    read.Events.splice(3, 0, { $type: 'DurableTask.Core.History.ExecutionSuspendedEvent, DurableTask.Core', EventType: 19, Reason: 'r', EventId: -1, IsPlayed: false, Timestamp: timestamp })
    await hub.view.setState('abc', Buffer.from(JSON.stringify(read)))
    await hub.view.sendAsDotnet('orchestrator', completed, { sessionId: 'abc' })
    await hub.work({ orchestrations: [hello], activities: [sayHello] })
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.status, 'Suspended')
    await eventuallyEqual(async () => ((await hub.view.state('abc'))?.['Events'] as readonly WireObject[] | undefined)?.some(({ $type }) => String($type).includes('TaskCompleted')), true)
    await hub.client.resume('abc')
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.output, ['input', 'of .NET'])
    await hub.empty()
  })

  onlyEmulated('is marked as ours then; one with a mark of others is refused', async () => {
    const hub = await newHub()
    const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${hub.name}`, { allowInsecureConnection: true })
    const { die } = await hub.work({ orchestrations: [hello] })
    await die()
    expect(await table.getEntity('HUB', 'workers')).toMatchObject({ Framework: 'dtfx-typescript' })
    await table.upsertEntity({ partitionKey: 'HUB', rowKey: 'workers', Framework: 'DurableTask.ServiceBus' })
    await expect(hub.work({ orchestrations: [hello] })).rejects.toMatchObject({ code: 'DTFX_FOREIGN_WORKERS' })
    await table.deleteEntity('HUB', 'workers')
    await hub.work({ orchestrations: [hello] })
  })
})

describe.concurrent(".NET's clients", { timeout: 90_000 }, () => {
  onlyEmulated('start, raise events and terminate', async () => {
    const hub = await newHub({ dotnetClients: true })
    await hub.work({ orchestrations: [waits] })
    await hub.view.sendAsDotnet('orchestrator', goldenSection('SB body ExecutionStarted'), { sessionId: 'abc', messageId: 'abc_0123456789abcdef0123456789abcdef' })
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.status, 'Running')
    await hub.view.send('orchestrator', { sessionId: 'abc', body: gzipSync(raised('Go', '42')), applicationProperties: { CompressionType: 'gzip' } })
    await eventuallyEqual(async () => (await hub.client.state('abc'))?.output, 42)
    const second = goldenSection('SB body ExecutionStarted').replaceAll('"abc"', '"other"')
    await hub.view.sendAsDotnet('orchestrator', second, { sessionId: 'other', messageId: 'other_0123456789abcdef0123456789abcdef' })
    await eventuallyEqual(async () => (await hub.client.state('other'))?.status, 'Running')
    await hub.view.sendAsDotnet('orchestrator', message('ExecutionTerminated', 1, '"Input":"enough",').replaceAll('"abc"', '"other"'), { sessionId: 'other' })
    await eventuallyEqual(async () => (await hub.client.state('other'))?.status, 'Terminated')
    await hub.empty()
  })

  onlyEmulated('query: they find the state and the history of an instance of ours in their rows', async () => {
    const hub = await newHub()
    await hub.work({ orchestrations: [hello], activities: [sayHello] })
    const handle = await hub.client.start(hello, 'i', { instanceId: 'a', tags: { k: 'v' } })
    await handle.result({ timeout: '40s' })
    const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${hub.name}`, { allowInsecureConnection: true })
    const { executionId } = (await handle.state()) ?? {}
    expect(await table.getEntity('IS', `ID_EID_a_${executionId}`)).toMatchObject({ InstanceId: 'a', ExecutionId: executionId, Name: 'Hello', OrchestrationStatus: 'Completed', Input: '"i"', Output: '["i","ours x"]', Tags: goldenSection('SB instance-store Tags column') })
    const { events } = await handle.history()
    for (const [index, { type }] of events.entries()) {
      const row = await table.getEntity<{ HistoryEvent: string }>('IH_a', `EID_SEQ_${executionId}_${index}`)
      expect(row).toMatchObject({ InstanceId: 'a', ExecutionId: executionId, SequenceNumber: index })
      expect(JSON.parse(row.HistoryEvent)).toMatchObject({ $type: `DurableTask.Core.History.${type}Event, DurableTask.Core` })
    }
  })

  onlyEmulated('have cut an input: that is said, and the start is not made of it', async () => {
    const hub = await newHub({ dotnetClients: true, jumpStartInterval: '100ms' })
    const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${hub.name}`, { allowInsecureConnection: true })
    const jumpStarts = TableClient.fromConnectionString(bed.storageConnectionString, `JumpStart00${hub.name}`, { allowInsecureConnection: true })
    const row = { InstanceId: 'cut', ExecutionId: 'e', Name: 'Hello', Version: '', OrchestrationStatus: 'Pending', Input: 'x'.repeat(15_360), CreatedTime: new Date('2024-05-06T07:08:09Z'), LastUpdatedTime: new Date('2024-05-06T07:08:09Z') }
    await table.createEntity({ partitionKey: 'IS', rowKey: 'ID_EID_cut_e', ...row })
    await jumpStarts.createEntity({ partitionKey: '0638505760890000000', rowKey: 'ID_EID_other_e', ...row, InstanceId: 'other' })
    await jumpStarts.createEntity({ partitionKey: '0638505760890000001', rowKey: 'ID_EID_whole_e', ...row, InstanceId: 'whole', Input: '"whole"' })
    await expect(hub.client.state('cut', { payloads: true })).rejects.toMatchObject({ code: 'DTFX_PAYLOAD_TRUNCATED' })
    await hub.work({ orchestrations: [hello], activities: [sayHello] })
    await eventuallyEqual(async () => (await hub.client.state('whole'))?.output, ['whole', 'ours x'])
    expect(await hub.client.state('other')).toBeUndefined()
  })
})
