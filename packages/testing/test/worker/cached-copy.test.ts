/** What a copy in memory may decide: a commit, which the store checks. Dropping, deferring or setting aside a message is not checked by anybody, so the instance is loaded afresh first. */
import { expect, it } from 'vitest'
import { defineEvent, defineOrchestration } from '@dtfx/core'
import type { HistoryEvent, OutboundMessage } from '@dtfx/core/provider'
import { createTestHub } from '@dtfx/testing'
import { tapped } from './tapped-service.js'

const go = defineEvent('Go')
const waits = defineOrchestration('Waits', async (ctx) => {
  await ctx.waitForExternalEvent(go)
  return 'went'
})
const stamp = { eventId: -1, timestamp: '2030-01-01T00:00:00.000Z' }

function to(instanceId: string, id: string, event: HistoryEvent): OutboundMessage {
  return { id, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event } }
}

it.each<[string, HistoryEvent, string]>([
  ['discards', { type: 'TaskCompleted', ...stamp, taskScheduledId: 7 }, 'discard'],
  ['sets aside', { type: 'TaskScheduled', ...stamp, name: 'Odd' }, 'quarantine'],
])('a worker %s nothing on the word of its copy', async (_name, event, outcome) => {
  const tap = tapped()
  await using hub = await createTestHub({ orchestrations: [waits], wrapService: tap.wrapService })
  const handle = await hub.client.start(waits)
  await hub.runUntilIdle()
  expect(hub.worker.cachedInstances).toBe(1)
  tap.log.loads.length = 0
  await hub.service.client.send([to(handle.instanceId, 'm', event)])
  await hub.runUntilIdle()
  expect(tap.log.loads).toEqual(['unchanged', 'loaded'])
  expect(tap.log.releases.at(-1)).toMatchObject([{ outcome }])
  await handle.raiseEvent(go)
  expect(await handle.result()).toBe('went')
})

it('a message that comes with one to be dropped is taken on the fresh state, once', async () => {
  const tap = tapped()
  await using hub = await createTestHub({ orchestrations: [waits], wrapService: tap.wrapService })
  const handle = await hub.client.start(waits)
  await hub.runUntilIdle()
  tap.log.loads.length = 0
  const late: HistoryEvent = { type: 'TaskCompleted', ...stamp, taskScheduledId: 7 }
  await hub.service.client.send([to(handle.instanceId, 'late', late), to(handle.instanceId, 'go', { type: 'EventRaised', ...stamp, name: 'Go' })])
  expect(await handle.result()).toBe('went')
  expect(tap.log.loads).toEqual(['unchanged', 'loaded'])
  expect((await hub.history(handle.instanceId)).filter(({ type }) => type === 'EventRaised')).toHaveLength(1)
})
