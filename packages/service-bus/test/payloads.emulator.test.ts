/** Whole results: what .NET cuts and what a broker refuses is kept in blobs, and nothing is dropped. And what there is without a store for it. */
import { createHash } from 'node:crypto'
import { TableClient } from '@azure/data-tables'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { WireObject } from '@dtfx/core/provider'
import { describe, expect } from 'vitest'
import { trackingLane } from '../src/tracking/tracking-lane.js'
import { newHubName, onlyEmulated, useBed } from './bed.js'
import { eventually, eventuallyEqual } from './eventually.js'
import { useHubs } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)
/** Hexadecimal digits of hashes: compression takes away half of them. */
const text = (bytes: number, seed = 0): string => Array.from({ length: Math.ceil(bytes / 64) }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest('hex')).join('').slice(0, bytes)
const echo = defineActivity('Echo', (_ctx, input: string) => input)
const echoes = defineOrchestration('Echoes', async (ctx, input: string) => ctx.callActivity(echo, input))

describe.concurrent('a payload', { timeout: 90_000 }, () => {
  for (const size of [15_358, 15_361, 40_000, 600_000]) {
    onlyEmulated(`of ${size} characters is whole as input, result, output and in the history`, async () => {
      const hub = await newHub()
      await hub.work({ orchestrations: [echoes], activities: [echo] })
      const handle = await hub.client.start(echoes, text(size), { instanceId: 'a' })
      expect(await handle.result({ timeout: '60s' })).toBe(text(size))
      const state = await hub.client.state('a', { payloads: true })
      expect([state?.input, state?.output]).toEqual([text(size), text(size)])
      const results = (await handle.history()).events.flatMap((event) => ('result' in event && event.result !== undefined ? [event.result] : []))
      expect(results).toEqual([JSON.stringify(text(size)), JSON.stringify(text(size))])
      const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${hub.name}`, { allowInsecureConnection: true })
      const shown = await table.getEntity<{ Output: string }>('IS', `ID_EID_a_${state?.executionId}`)
      expect(shown.Output).toBe(JSON.stringify(text(size)).slice(0, 15_360))
      await hub.empty()
    })
  }

  onlyEmulated('larger than a message goes through a blob, a state larger than a session as well, and is read from there', async () => {
    const hub = await newHub()
    const go = defineEvent<string>('Go')
    const collects = defineOrchestration('Collects', async (ctx) => (await Promise.all([0, 1].map(() => ctx.waitForExternalEvent(go)))).map((each) => each.length))
    const handle = await hub.client.start(collects, undefined, { instanceId: 'a' })
    for (const seed of [1, 2]) await handle.raiseEvent(go, text(500_000, seed))
    const events = (await hub.view.peek('orchestrator')).slice(1)
    expect(events.map(({ raw }) => [(raw.body as Buffer).length, raw.applicationProperties?.['CompressionType'], String(raw.applicationProperties?.['MessageBlobKey']).replace(/\d{8}.*/, '')])).toEqual(Array.from({ length: 2 }, () => [0, 'gzip', 'message-']))
    const letTracking = await hub.view.hold('tracking', trackingLane('a'))
    const first = await hub.work({ orchestrations: [collects] })
    await eventuallyEqual(() => hub.view.names('orchestrator'), [])
    await first.die()
    const reference = (await hub.view.state('a')) as WireObject
    expect(reference).toMatchObject({ Events: null, BlobKey: expect.stringMatching(/^session-\d{8}\|a\//) as string })
    await letTracking()
    await hub.work({ orchestrations: [collects] })
    expect(await handle.result({ timeout: '60s' })).toEqual([500_000, 500_000])
    await hub.empty()
  })

  for (const [tier, maxMessageSizeBytes] of [['256 kB', 262_144], ['1 MB', 1_048_576]] as const) {
    onlyEmulated(`with many others is more than a batch of ${tier}: all arrive`, async () => {
      const name = newHubName()
      bed.bus.createQueue({ name: `${name}/worker`, maxMessageSizeBytes })
      bed.bus.createQueue({ name: `${name}/tracking`, requiresSession: true, maxMessageSizeBytes })
      const hub = await newHub({ taskHub: name })
      const count = 24
      const many = defineOrchestration('Many', async (ctx) => (await Promise.all(Array.from({ length: count }, (_, each) => ctx.callActivity(echo, text(100_000, each))))).map((each) => each.length))
      const handle = await hub.client.start(many)
      const { die } = await hub.work({ orchestrations: [many], concurrency: { activities: 0 } })
      await eventually('they are sent', async () => (await hub.view.names('orchestrator')).length === 0)
      expect(await hub.view.names('worker')).toHaveLength(count)
      await die()
      await hub.work({ orchestrations: [many], activities: [echo], concurrency: { activities: 4 } })
      expect(await handle.result({ timeout: '60s' })).toEqual(Array.from({ length: count }, () => 100_000))
      await hub.empty()
    })
  }
})
