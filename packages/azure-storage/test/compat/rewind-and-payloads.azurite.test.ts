/** Rewound instances and large payloads on a shared hub, either way round. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineActivity } from '@dtfx/core'
import { startAzurite, type Azurite } from '../azurite.js'
import { eventually } from '../partitions/azurite-hub.js'
import { withCompatHub, type CompatHub } from './compat-hub.js'
import { DotnetActivityWorker } from './dotnet-activity-worker.js'
import { ourActivities, ours, theirActivities, theirs } from './programmes.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()), 60_000)
afterAll(() => azurite.stop())

const shared = (body: (hub: CompatHub) => Promise<void>, options?: Parameters<typeof withCompatHub>[2]): Promise<void> => withCompatHub(azurite.connectionString, body, options)
const timeoutMs = 120_000
const finished = 'Hello a!ok after 2!'

describe.concurrent('a failed instance is rewound', () => {
  it('by us, and .NET replays what that left', () =>
    shared(async (hub) => {
      const { client, dotnetClient } = hub
      const worker = await hub.worker(ours, ourActivities())
      await client.start('Flow', undefined, { instanceId: 'f' })
      await hub.hasStatus('f', 'Failed')
      await client.rewind('f', 'try again')
      await hub.hasStatus('f', 'Running')
      await eventually('both activities are done', async () => (await hub.eventTypes('f')).filter((type) => type === 'TaskCompleted').length === 2)
      await worker.stop()
      await hub.peer(theirs, theirActivities())
      await dotnetClient.raise('f', 'Go', '!')
      await hub.hasStatus('f', 'Completed')
      expect((await dotnetClient.state('f'))?.output).toBe(JSON.stringify(finished))
    }), timeoutMs)

  it('by us, after it failed on a .NET worker', () =>
    shared(async (hub) => {
      const { client, dotnetClient } = hub
      const peer = await hub.peer(theirs, theirActivities())
      await dotnetClient.start('Flow', 'f')
      await hub.hasStatus('f', 'Failed')
      await peer.stop()
      // It has failed once already.
      await hub.worker(ours, ourActivities().map((each) => (each.name === 'Flaky' ? defineActivity('Flaky', async () => 'ok after 2') : each)))
      await client.rewind('f', 'try again')
      await hub.hasStatus('f', 'Running')
      await client.raiseEvent('f', 'Go', '!')
      expect(await client.result('f', { timeout: '60s' })).toBe(finished)
    }), timeoutMs)

  it('by a .NET client, after it failed on our worker', () =>
    shared(async (hub) => {
      const { client, dotnetClient } = hub
      await hub.worker(ours, ourActivities())
      await client.start('Flow', undefined, { instanceId: 'f' })
      await hub.hasStatus('f', 'Failed')
      await dotnetClient.rewind('f', 'try again')
      await hub.hasStatus('f', 'Running')
      await dotnetClient.raise('f', 'Go', '!')
      await hub.hasStatus('f', 'Completed')
      expect((await dotnetClient.state('f'))?.output).toBe(JSON.stringify(finished))
      const quarantined = []
      for await (const each of hub.service.quarantine.list()) quarantined.push(each)
      expect(quarantined).toStrictEqual([])
    }), timeoutMs)
})

describe.concurrent('large payloads', () => {
  const large = 'é'.repeat(60_000)

  it('started by .NET, run by us', () =>
    shared(async (hub) => {
      await hub.worker(ours, ourActivities())
      await hub.dotnetClient.start('Echo', 'e', large)
      expect(await hub.client.result('e', { timeout: '60s' })).toBe(large + large)
      expect(await hub.dotnetClient.state('e')).toMatchObject({ status: 'Completed', input: JSON.stringify(large), output: JSON.stringify(large + large) })
      expect((await hub.dotnetClient.state('e'))?.columns['Output']).toMatch(/^http:\/\/.*-largemessages\/e\/.*\.json\.gz$/)
    }), timeoutMs)

  it('started by us, run by .NET', () =>
    shared(async (hub) => {
      await hub.peer(theirs, theirActivities())
      await hub.client.start('Echo', large, { instanceId: 'e' })
      expect(await hub.client.result('e', { timeout: '60s' })).toBe(large + large)
      expect((await hub.client.state<string, string>('e'))?.input).toBe(large)
    }), timeoutMs)

  it('to and from an activity of .NET', () =>
    shared(async (hub) => {
      await hub.service.createHub()
      const activities = new DotnetActivityWorker(hub.dotnet, theirActivities())
      await hub.worker(ours, [], { unknownNameGraceMs: 60_000 })
      await hub.client.start('Echo', large, { instanceId: 'e' })
      expect(await hub.client.result('e', { timeout: '60s' })).toBe(large + large)
      await activities.stop()
      expect(activities.loop.errors).toStrictEqual([])
    }), timeoutMs)

  it('in a history that changes hands', () =>
    shared(async (hub) => {
      const { client } = hub
      const worker = await hub.worker(ours, ourActivities())
      await client.start('Stages', undefined, { instanceId: 's' })
      await hub.has('s', 'TaskCompleted')
      await client.raiseEvent('s', 'A', large)
      await hub.has('s', 'EventRaised')
      await worker.stop()
      await hub.peer(theirs, theirActivities())
      await client.raiseEvent('s', 'B', '-b')
      expect(await client.result('s', { timeout: '60s' })).toBe(`Hello 1!${large}Hello 2!-b`)
      expect(await client.purge('s')).toBe(1)
      expect(await hub.stored.blobs()).toStrictEqual(new Map())
    }), timeoutMs)
})
