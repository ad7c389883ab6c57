/** The lanes of the tracking queue: kept open for many instances, and none of those holds up the others. */
import { defineOrchestration } from '@dtfx/core'
import type { InstanceState, WorkerSpec } from '@dtfx/core/provider'
import { describe, expect } from 'vitest'
import { nothingStored } from '../../src/sessions/session-state.js'
import { trackingLane, trackingLanes } from '../../src/tracking/tracking-lane.js'
import { trackingMessages } from '../../src/tracking/tracking-messages.js'
import { onlyEmulated, useBed } from '../bed.js'
import { eventually, eventuallyEqual } from '../eventually.js'
import { useHubs, type TestHub } from '../use-hubs.js'

const newHub = useHubs(useBed())
/** Hosts nothing, and tracks what others did. */
const tracks: WorkerSpec = { workerId: 'tracks', concurrency: { orchestrations: 1, activities: 1 } }
const lane = trackingLane('a')
/** Another instance of the same lane. */
const neighbour = Array.from({ length: 100 }, (_, i) => `b${i}`).find((instanceId) => trackingLane(instanceId) === lane) ?? ''

async function tell(hub: TestHub, instanceId: string, { name = 'Flow', faults = 0 } = {}): Promise<void> {
  const timestamp = '2026-01-01T00:00:00.000Z'
  const state: InstanceState = { instanceId, executionId: 'e', name, status: 'Running', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp }
  for (const { body, sessionId, messageId } of trackingMessages(instanceId, { ...nothingStored, state, sequence: 1, checkpointId: instanceId, tracking: { from: 0 } })) {
    await hub.view.send('tracking', { body: Buffer.from(body), sessionId: sessionId ?? '', messageId, applicationProperties: { CompressionType: 'none', ...(faults === 0 ? undefined : { DtfxFaults: faults }) } })
  }
}

describe.concurrent('a lane', { timeout: 90_000 }, () => {
  onlyEmulated('is kept open: many instances need few sessions', async () => {
    const hub = await newHub()
    const { service } = await hub.work({ orchestrations: [defineOrchestration('Echo', (_ctx, n: number) => Promise.resolve(n))] })
    const handles = await Promise.all(Array.from({ length: 60 }, (_, n) => hub.client.start('Echo', n)))
    await Promise.all(handles.map((handle) => handle.result({ timeout: '60s' })))
    expect(service.requests['bus complete tracking']).toBeGreaterThanOrEqual(60)
    // On a slow machine one may be given back in between, and accepted again.
    expect(service.requests['bus accept tracking']).toBeLessThanOrEqual(3 * trackingLanes)
  })

  onlyEmulated('an instance that cannot be stored comes again later, and its neighbour is stored meanwhile', async () => {
    const hub = await newHub()
    // Longer than a column can be.
    await tell(hub, 'a', { name: 'x'.repeat(40_000) })
    await tell(hub, neighbour)
    await hub.open().startWorker(tracks)
    await eventuallyEqual(async () => (await hub.client.state(neighbour))?.status, 'Running')
    await eventually('it waits for another try', () => hub.counts('tracking').scheduled === 1)
    const [waiting] = await hub.view.peek('tracking')
    expect(waiting?.raw.applicationProperties).toMatchObject({ DtfxFaults: 1 })
    expect(hub.counts('tracking')).toMatchObject({ active: 0, deadLettered: 0 })
    expect(await hub.client.state('a')).toBeUndefined()
  })

  onlyEmulated('at last it is set aside, with the reason', async () => {
    const hub = await newHub()
    await tell(hub, 'a', { name: 'x'.repeat(40_000), faults: 23 })
    const service = hub.open()
    await service.startWorker(tracks)
    await eventuallyEqual(() => hub.counts('tracking').deadLettered, 1)
    const [aside] = await hub.view.peek('tracking', 'deadLetter')
    expect([aside?.raw.deadLetterReason, aside?.raw.deadLetterErrorDescription]).toEqual(['DTFX_PERMANENT', expect.stringContaining('_a_e') as string])
    for await (const { instanceId, code } of service.quarantine.list()) expect([instanceId, code]).toEqual(['a', 'DTFX_PERMANENT'])
  })

  onlyEmulated('a message that came often is replaced by a copy before the broker sets it aside', async () => {
    const hub = await newHub()
    await tell(hub, 'a')
    for (let delivery = 1; delivery <= 8; delivery++) {
      await hub.view.withSession(lane, 'tracking', async (session) => {
        const [message] = await session.receiveMessages(1)
        if (message !== undefined) await session.abandonMessage(message)
      })
    }
    const service = hub.open()
    await service.startWorker(tracks)
    await eventuallyEqual(async () => (await hub.client.state('a'))?.status, 'Running')
    await eventuallyEqual(() => hub.counts('tracking').active + hub.counts('tracking').locked, 0)
    expect([service.requests['bus send tracking'], hub.counts('tracking').deadLettered]).toEqual([1, 0])
  })
})
