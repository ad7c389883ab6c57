/** External events: order, buffering, timeouts, addressing. */
import assert from 'node:assert/strict'
import { defineEvent, defineOrchestration } from '@dtfx/core'
import { limits, type HistoryEvent } from '@dtfx/core/provider'
import type { Suite } from './suite.js'

const data = defineEvent<number>('Data')
const collect = defineOrchestration('Collect', async (ctx, count: number) => {
  const seen: number[] = []
  for (let i = 0; i < count; i++) seen.push(await ctx.waitForExternalEvent(data))
  return seen
})

export function eventSuite(suite: Suite): void {
  suite.group('events', () => {
    suite.test('events that were sent one after the other arrive in that order, each once', async (hub) => {
      await hub.startWorker({ orchestrations: [collect] })
      const handle = await hub.client.start(collect, 20)
      for (let i = 0; i < 20; i++) await handle.raiseEvent(data, i)
      assert.deepEqual(await handle.result({ timeout: '20s' }), Array.from({ length: 20 }, (_, i) => i))
    })
    suite.test('events raised before the worker comes are kept', async (hub) => {
      const handle = await hub.client.start(collect, 3)
      for (const i of [1, 2, 3]) await handle.raiseEvent(data, i)
      await hub.startWorker({ orchestrations: [collect] })
      assert.deepEqual(await handle.result({ timeout: '10s' }), [1, 2, 3])
    })
    suite.test('more events at once than one turn takes are all taken', async (hub) => {
      const count = limits.maxUnscheduledMessagesPerTurn + 4
      const handle = await hub.client.start(collect, count)
      const timestamp = hub.service.host.clock.nowTicks()
      const { instanceId } = handle
      const event = (i: number): HistoryEvent => ({ type: 'EventRaised', eventId: -1, timestamp, name: 'Data', input: String(i) })
      await hub.service.client.send(Array.from({ length: count }, (_, i) => ({ id: `${instanceId}-${i}`, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event: event(i) } })))
      await hub.startWorker({ orchestrations: [collect] })
      const seen = await handle.result({ timeout: '20s' })
      assert.deepEqual(seen.toSorted((a, b) => a - b), Array.from({ length: count }, (_, i) => i))
    })
    suite.test('names are compared without regard to case', async (hub) => {
      await hub.startWorker({ orchestrations: [collect] })
      const handle = await hub.client.start(collect, 2)
      await handle.raiseEvent('DATA', 1)
      await handle.raiseEvent('data', 2)
      assert.deepEqual(await handle.result({ timeout: '10s' }), [1, 2])
    })
    suite.test('a wait with a timeout ends either way', async (hub) => {
      const waits = defineOrchestration('Waits', async (ctx, timeout: number) => {
        const value = await ctx.waitForExternalEvent(data, { timeout, onTimeout: 'undefined' })
        return value ?? 'nothing'
      })
      await hub.startWorker({ orchestrations: [waits] })
      assert.equal(await (await hub.client.start(waits, 50)).result({ timeout: '20s' }), 'nothing')
      const second = await hub.client.start(waits, 3_600_000)
      await second.raiseEvent(data, 5)
      assert.equal(await second.result({ timeout: '10s' }), 5)
    })
    suite.test('an orchestration raises events at another', async (hub) => {
      const sender = defineOrchestration('Sender', async (ctx, target: string) => {
        for (const i of [1, 2, 3]) ctx.sendEvent(target, data, i)
        return 'sent'
      })
      await hub.startWorker({ orchestrations: [collect, sender] })
      const receiver = await hub.client.start(collect, 3)
      assert.equal(await (await hub.client.start(sender, receiver.instanceId)).result({ timeout: '10s' }), 'sent')
      assert.deepEqual(await receiver.result({ timeout: '10s' }), [1, 2, 3])
    })
    suite.test('an event to an unknown or a finished instance is accepted and changes nothing', async (hub) => {
      await hub.startWorker({ orchestrations: [collect] })
      await hub.client.raiseEvent('nobody', data, 1)
      const handle = await hub.client.start(collect, 0)
      await handle.result({ timeout: '10s' })
      const before = await handle.state()
      await handle.raiseEvent(data, 1)
      const other = await hub.client.start(collect, 0)
      await other.result({ timeout: '10s' })
      assert.equal(await hub.client.state('nobody'), undefined)
      assert.deepEqual((await handle.state())?.lastUpdatedAt, before?.lastUpdatedAt)
    })
    if (suite.capabilities.commit !== 'atomic') {
      suite.test('an event from an instance that overtakes the start of its target waits for it', async (hub) => {
        const sends = defineOrchestration('Sends', async (ctx) => ctx.sendEvent('later', data, 7))
        const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)
        await hub.startWorker({ orchestrations: [sends, collect, echo] })
        await (await hub.client.start(sends)).result({ timeout: '10s' })
        for (const n of [1, 2, 3]) await (await hub.client.start(echo, n)).result({ timeout: '10s' })
        const later = await hub.client.start(collect, 1, { instanceId: 'later' })
        assert.deepEqual(await later.result({ timeout: '20s' }), [7])
      })
    }
  })
}
