/** A .NET-like process and this framework on one task hub at the same time: who starts, who runs, who answers, who goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { eventually } from '../partitions/azurite-hub.js'
import { compareScenarios, scenarioOf } from '../recordings/compare-scenarios.js'
import { QueueRecorder } from '../recordings/queue-recorder.js'
import { readRecording } from '../recordings/recording.js'
import { withCompatHub, type CompatHub } from './compat-hub.js'
import { DotnetActivityWorker } from './dotnet-activity-worker.js'
import { helloResult, ourActivities, ours, theirActivities, theirs } from './programmes.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()), 60_000)
afterAll(() => azurite.stop())

const shared = (body: (hub: CompatHub) => Promise<void>, options?: Parameters<typeof withCompatHub>[2]): Promise<void> => withCompatHub(azurite.connectionString, body, options)
const timeoutMs = 120_000

describe.concurrent('the .NET-like process', () => {
  it('leaves behind what .NET did', async () => {
    const recorder = await QueueRecorder.start(azurite)
    await withCompatHub(recorder.connectionString, async (hub) => {
      const { dotnetClient, stored } = hub
      await hub.peer(theirs, theirActivities())
      await dotnetClient.start('HelloSequence', 'hello-1')
      await hub.hasStatus('hello-1', 'Completed')
      const [history, instances, blobs] = await Promise.all([stored.rows('History'), stored.rows('Instances'), stored.blobs()])
      const left = { hub: stored.hub, history, instances, blobs, messages: recorder.messagesOf(stored.hub) }
      expect(compareScenarios(left, scenarioOf(readRecording('2.9.1', 'hello-sequence-5')), { turns: 'exact' })).toStrictEqual([])
      expect(recorder.messagesOf(stored.hub).some(({ isBase64 }) => isBase64)).toBe(false)
    })
    await recorder.stop()
  }, timeoutMs)
})

describe.concurrent('a .NET client and our worker', () => {
  it('starts, raises and reads', () =>
    shared(async (hub) => {
      const { dotnetClient } = hub
      await hub.worker(ours, ourActivities())
      await dotnetClient.start('HelloSequence', "h/1#?^'")
      await dotnetClient.start('WaitEvent', 'w', 'Approval')
      await eventually('it runs', async () => (await dotnetClient.state('w'))?.status === 'Running')
      await dotnetClient.raise('w', 'Approval', 'yes')
      await eventually('both end', async () => (await dotnetClient.state('w'))?.status === 'Completed' && (await dotnetClient.state("h/1#?^'"))?.status === 'Completed')
      expect(await dotnetClient.state('w')).toMatchObject({ input: '"Approval"', output: '"got:yes"', columns: { Name: 'WaitEvent', Version: '', CustomStatus: 'null', Tags: 'null', Generation: 0 } })
      expect((await dotnetClient.state("h/1#?^'"))?.output).toBe(JSON.stringify(helloResult))
    }), timeoutMs)

  it('terminates, suspends and resumes', () =>
    shared(async (hub) => {
      const { dotnetClient } = hub
      await hub.worker(ours, ourActivities())
      await dotnetClient.start('WaitEvent', 't', 'Never')
      await dotnetClient.start('WaitEvent', 's', 'Go')
      await Promise.all(['t', 's'].map((id) => hub.hasStatus(id, 'Running')))
      await dotnetClient.terminate('t', 'because')
      await dotnetClient.suspend('s', 'a while')
      await Promise.all([hub.hasStatus('t', 'Terminated'), hub.hasStatus('s', 'Suspended')])
      expect((await dotnetClient.state('t'))?.output).toBe('because')
      await dotnetClient.raise('s', 'Go', 1)
      await dotnetClient.resume('s', 'go on')
      await hub.hasStatus('s', 'Completed')
      await dotnetClient.terminate('no-such-instance', 'nobody')
    }), timeoutMs)

  it('uses an id again, of a finished instance and of a running one', () =>
    shared(async (hub) => {
      const { dotnetClient } = hub
      await hub.worker(ours, ourActivities())
      const first = await dotnetClient.start('WaitEvent', 'again', 'Never')
      await hub.hasStatus('again', 'Running')
      const second = await dotnetClient.start('WaitEvent', 'again', 'Go')
      await eventually('the second runs', async () => (await dotnetClient.state('again'))?.status === 'Running' && (await dotnetClient.state('again'))?.executionId === second)
      await dotnetClient.raise('again', 'Go', 2)
      await hub.hasStatus('again', 'Completed')
      const third = await dotnetClient.start('HelloSequence', 'again')
      await eventually('the third ends', async () => (await dotnetClient.state('again'))?.output === JSON.stringify(helloResult))
      expect(await dotnetClient.state('again')).toMatchObject({ executionId: third, status: 'Completed', columns: { Generation: 2 } })
      expect(new Set([first, second, third]).size).toBe(3)
    }), timeoutMs)

  it('a monitor finds the rows by the filters of .NET', () =>
    shared(async (hub) => {
      const { client, dotnetClient, stored } = hub
      await hub.worker(ours, ourActivities())
      await Promise.all([client.start('HelloSequence', undefined, { instanceId: 'mon-a', tags: { team: 'blue' } }), client.start('WaitEvent', 'X', { instanceId: 'mon-b' }), client.start('WaitEvent', 'X', { instanceId: "other'1" })])
      await Promise.all([hub.hasStatus('mon-a', 'Completed'), hub.hasStatus('mon-b', 'Running'), hub.hasStatus("other'1", 'Running')])
      expect(await dotnetClient.query(`RuntimeStatus eq 'Running' or RuntimeStatus eq 'Pending'`)).toStrictEqual(['mon-b', "other'1"])
      expect(await dotnetClient.query(`(PartitionKey ge 'mon-') and (PartitionKey lt 'mon.')`)).toStrictEqual(['mon-a', 'mon-b'])
      expect(await dotnetClient.query(`PartitionKey eq 'other''1'`)).toStrictEqual(["other'1"])
      expect(await dotnetClient.query(`RowKey eq ''`)).toHaveLength(3)
      expect(await dotnetClient.query(`(CreatedTime ge datetime'2020-01-10T10:10:10.0000000Z') and (CreatedTime le datetime'2099-01-10T10:10:50.0000000Z') and (RuntimeStatus eq 'Completed') and (TaskHubName eq '${stored.hub}')`)).toStrictEqual(['mon-a'])
      expect(await dotnetClient.query(`(PartitionKey lt '@' or PartitionKey ge 'A')`)).toHaveLength(3)
      const columns = (await dotnetClient.state('mon-a'))?.columns
      expect(columns).toMatchObject({ Tags: '{"team":"blue"}', CreatedTime: { type: 'DateTime' }, LastUpdatedTime: { type: 'DateTime' }, CompletedTime: { type: 'DateTime' }, Output: JSON.stringify(helloResult) })
      const history = await stored.rows('History', "PartitionKey eq 'mon-a'")
      expect(history.at(-1)?.columns).toMatchObject({ IsCheckpointComplete: true, CheckpointCompletedTimestamp: { type: 'DateTime' } })
      expect(history[0]?.columns).toMatchObject({ EventType: 'OrchestratorStarted', EventId: -1, IsPlayed: false, _Timestamp: { type: 'DateTime' } })
    }), timeoutMs)
})

describe.concurrent('our client and a .NET worker', () => {
  it('runs what we start, and takes our events and terminations', () =>
    shared(async (hub) => {
      const { client } = hub
      const peer = await hub.peer(theirs, theirActivities())
      await Promise.all([
        client.start('HelloSequence', undefined, { instanceId: 'h' }),
        client.start('WaitEvent', 'Approval', { instanceId: 'w' }),
        client.start('WaitEvent', 'Never', { instanceId: 't' }),
      ])
      await Promise.all(['w', 't'].map((id) => hub.hasStatus(id, 'Running')))
      await client.raiseEvent('w', 'Approval', 'yes')
      await client.terminate('t', 'because')
      expect(await client.result('h', { timeout: '60s' })).toStrictEqual(helloResult)
      expect(await client.result('w', { timeout: '60s' })).toBe('got:yes')
      await hub.hasStatus('t', 'Terminated')
      expect(peer.episodes.filter((id) => id === 'h')).toHaveLength(6)
      expect(await hub.eventTypes('h')).toHaveLength(24)
    }), timeoutMs)

  it('an instance that it runs is queried, and purged', () =>
    shared(async (hub) => {
      const { client } = hub
      await hub.peer(theirs, theirActivities())
      await hub.dotnetClient.start('HelloSequence', 'h', { any: 1 })
      await hub.hasStatus('h', 'Completed')
      const found = []
      for await (const state of client.query({ status: ['Completed'] })) found.push(state.instanceId)
      expect(found).toStrictEqual(['h'])
      expect(await client.purge('h')).toBe(1)
      expect([...(await hub.stored.rows('History')), ...(await hub.stored.rows('Instances'))]).toStrictEqual([])
    }), timeoutMs)
})

describe.concurrent.each([true, false])('activities of a .NET worker, local activities %s', (localActivities) => {
  it('answer ours; an answer with another Episode is dropped', () =>
    shared(async (hub) => {
      const { dotnet, client } = hub
      await hub.service.createHub()
      const activities = new DotnetActivityWorker(dotnet, theirActivities(), async ({ TaskMessage: { Event: event, OrchestrationInstance: instance }, Episode: episode = 0 }) => {
        const to = { instanceId: instance.InstanceId, executionId: instance.ExecutionId, sender: { InstanceId: instance.InstanceId, ExecutionId: String(instance.ExecutionId) }, episode: episode ^ 1 }
        await dotnet.put(dotnet.controlQueue(instance.InstanceId), { ...to, type: 'TaskCompletedEvent', eventType: 5, members: { TaskScheduledId: event['EventId'], Result: '"of a lost turn"' } })
      })
      await hub.worker(ours, [], { unknownNameGraceMs: 60_000 })
      await client.start('HelloSequence', undefined, { instanceId: 'h' })
      expect(await client.result('h', { timeout: '60s' })).toStrictEqual(helloResult)
      await activities.stop()
      expect(activities.ran).toHaveLength(5)
      expect(activities.loop.errors).toStrictEqual([])
    }, { localActivities }), timeoutMs)
})

describe.concurrent('an instance changes hands', () => {
  it('begun by .NET, finished by us', () =>
    shared(async (hub) => {
      const { dotnetClient } = hub
      const peer = await hub.peer(theirs, theirActivities())
      await dotnetClient.start('Stages', 's')
      await dotnetClient.raise('s', 'A', '-a-')
      await hub.has('s', 'EventRaised')
      await peer.stop()
      const worker = await hub.worker(ours, ourActivities())
      await dotnetClient.raise('s', 'B', '-b')
      expect(await hub.client.result('s', { timeout: '60s' })).toBe('Hello 1!-a-Hello 2!-b')
      await worker.stop()
    }), timeoutMs)

  it('begun by us, gone on with by .NET, finished by us', () =>
    shared(async (hub) => {
      const { client } = hub
      const first = await hub.worker(ours, ourActivities())
      await client.start('Stages', undefined, { instanceId: 's' })
      await hub.has('s', 'TaskCompleted')
      await first.stop()
      const peer = await hub.peer(theirs, theirActivities())
      await client.raiseEvent('s', 'A', '-a-')
      await eventually('.NET went on', async () => (await hub.eventTypes('s')).filter((type) => type === 'TaskCompleted').length === 2, { withinMs: 40_000 })
      await peer.stop()
      expect(peer.episodes).toStrictEqual(['s', 's'])
      const second = await hub.worker(ours, ourActivities())
      await client.raiseEvent('s', 'B', '-b')
      expect(await client.result('s', { timeout: '60s' })).toBe('Hello 1!-a-Hello 2!-b')
      await second.stop()
    }), timeoutMs)

  it('while both are there: one of them takes the partition of the other', () =>
    shared(async (hub) => {
      const peer = await hub.peer(theirs, theirActivities())
      await eventually('.NET owns all', () => peer.partitions.owned.size === 2)
      await hub.worker(ours, ourActivities())
      await eventually('one each', () => peer.partitions.owned.size === 1, { withinMs: 40_000 })
      const ids = Array.from({ length: 8 }, (_, index) => `both-${index}`)
      await Promise.all(ids.map((instanceId, index) => (index % 2 === 0 ? hub.client.start('HelloSequence', undefined, { instanceId }) : hub.dotnetClient.start('HelloSequence', instanceId))))
      for (const id of ids) expect(await hub.client.result(id, { timeout: '90s' })).toStrictEqual(helloResult)
      expect(new Set(peer.episodes).size).toBeGreaterThan(0)
      expect(new Set(peer.episodes).size).toBeLessThan(ids.length)
    }, { partitionCount: 2 }), timeoutMs)

  it('a .NET worker that writes although it owns nothing makes our copy stale', () =>
    shared(async (hub) => {
      const { client } = hub
      await hub.worker(ours, ourActivities())
      await client.start('Stages', undefined, { instanceId: 's' })
      await hub.has('s', 'TaskCompleted')
      const peer = await hub.peer(theirs)
      expect(await peer.commit('s', { $type: 'DurableTask.Core.History.EventRaisedEvent', Name: 'A', Input: '"-a-"' })).toBe(true)
      // Our worker knows nothing of the event until it fails to write.
      await client.raiseEvent('s', 'B', '-b')
      expect(await client.result('s', { timeout: '60s' })).toBe('Hello 1!-a-Hello 2!-b')
      expect((await hub.eventTypes('s')).filter((type) => type === 'EventRaised')).toHaveLength(2)
    }), timeoutMs)
})
