/** A message that is delivered again counts once: in the same execution, in the next generation, and after a rewind. Told apart by its id, which the sender keeps when it sends again. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const data = defineEvent<number>('Data')

function raise(hub: ConformanceHub, instanceId: string, id: string, value: number): Promise<void> {
  const event = { type: 'EventRaised' as const, eventId: -1, timestamp: hub.service.host.clock.nowTicks(), name: 'Data', input: JSON.stringify(value) }
  return hub.service.client.send([{ id, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event } }])
}

/** Waits until the code has got so far. */
function reached(hub: ConformanceHub, instanceId: string, status: string): Promise<void> {
  return hub.eventually(`it is '${status}'`, async () => (await hub.client.state(instanceId))?.customStatus === status)
}

/** The first event, again the first, and the second: the instance must have seen two. */
async function assertEachOnce(hub: ConformanceHub, instanceId: string, between: () => Promise<void>): Promise<void> {
  await raise(hub, instanceId, 'event-1', 1)
  await between()
  await raise(hub, instanceId, 'event-1', 1)
  await raise(hub, instanceId, 'event-2', 2)
  assert.deepEqual(await hub.client.result(instanceId, { timeout: '10s' }), [1, 2])
}

export function duplicateSuite(suite: Suite): void {
  if (!suite.capabilities.exactlyOnceEvents) return
  suite.group('duplicates', () => {
    suite.test('an event that is delivered again counts once', async (hub) => {
      const takes = defineOrchestration('Takes', async (ctx) => {
        const first = await ctx.waitForExternalEvent(data)
        ctx.setCustomStatus('took one')
        return [first, await ctx.waitForExternalEvent(data)]
      })
      await hub.startWorker({ orchestrations: [takes] })
      const { instanceId } = await hub.client.start(takes)
      await assertEachOnce(hub, instanceId, () => reached(hub, instanceId, 'took one'))
    })
    suite.test('also when the instance has continued as new in between', async (hub) => {
      const again = defineOrchestration('Again', async (ctx, seen: number[]) => {
        if (seen.length > 0) ctx.setCustomStatus('took one')
        const all = [...seen, await ctx.waitForExternalEvent(data)]
        return all.length < 2 ? ctx.continueAsNew(all) : all
      })
      const worker = await hub.startWorker({ orchestrations: [again] })
      const { instanceId } = await hub.client.start(again, [])
      await assertEachOnce(hub, instanceId, async () => {
        await reached(hub, instanceId, 'took one')
        worker.forgetAll()
      })
    })
    if (!suite.capabilities.rewind) return
    suite.test('also when the instance was rewound in between', async (hub) => {
      let isBroken = true
      const breaks = defineActivity('Breaks', () => {
        if (isBroken) throw new Error('broken')
      })
      const fails = defineOrchestration('Fails', async (ctx) => {
        const first = await ctx.waitForExternalEvent(data)
        await ctx.callActivity(breaks)
        ctx.setCustomStatus('mended')
        return [first, await ctx.waitForExternalEvent(data)]
      })
      await hub.startWorker({ orchestrations: [fails], activities: [breaks] })
      const handle = await hub.client.start(fails)
      await assertEachOnce(hub, handle.instanceId, async () => {
        await hub.eventually('it has failed', async () => (await handle.state())?.status === 'Failed')
        isBroken = false
        await handle.rewind()
        await reached(hub, handle.instanceId, 'mended')
      })
    })
  })
}
