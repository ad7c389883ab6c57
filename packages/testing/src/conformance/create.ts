/** Starting instances: ids, reuse policies, scheduled starts, starts with an event, and the race for one id. */
import assert from 'node:assert/strict'
import { defineEvent, defineOrchestration, DurableError } from '@dtfx/core'
import type { Suite } from './suite.js'

const echo = defineOrchestration('Echo', async (_ctx, input: string) => input)
const go = defineEvent<number>('Go')
const waiter = defineOrchestration('Waiter', async (ctx) => ctx.waitForExternalEvent(go))
const exists = (error: unknown): boolean => DurableError.is(error, 'DTFX_INSTANCE_EXISTS')

export function createSuite(suite: Suite): void {
  suite.group('create', () => {
    suite.test('an instance is Pending when start resolves, and runs when a worker comes', async (hub) => {
      const handle = await hub.client.start(echo, 'x', { tags: { a: '1' } })
      const pending = await handle.state()
      assert.equal(pending?.status, 'Pending')
      assert.deepEqual(pending?.tags, { a: '1' })
      await hub.startWorker({ orchestrations: [echo] })
      assert.equal(await handle.result({ timeout: '10s' }), 'x')
      const done = await handle.state()
      assert.equal(done?.status, 'Completed')
      assert.equal(done?.input, 'x')
      assert.deepEqual(done?.tags, { a: '1' })
    })
    suite.test('an unknown instance has no state', async (hub) => {
      assert.equal(await hub.client.state('nobody'), undefined)
    })
    suite.test("reuse 'error' refuses a live and a finished instance", async (hub) => {
      await hub.client.start(echo, '1', { instanceId: 'same' })
      await assert.rejects(hub.client.start(echo, '2', { instanceId: 'same' }), exists)
      await hub.startWorker({ orchestrations: [echo] })
      assert.equal(await hub.client.get(echo, 'same').result({ timeout: '10s' }), '1')
      await assert.rejects(hub.client.start(echo, '3', { instanceId: 'same' }), exists)
    })
    suite.test("reuse 'replaceFinished' replaces a finished instance and refuses a live one", async (hub) => {
      await hub.startWorker({ orchestrations: [echo, waiter] })
      await (await hub.client.start(echo, '1', { instanceId: 'same' })).result({ timeout: '10s' })
      const second = await hub.client.start(echo, '2', { instanceId: 'same', reuse: 'replaceFinished' })
      assert.equal(await second.result({ timeout: '10s' }), '2')
      await hub.client.start(waiter, undefined, { instanceId: 'live' })
      await assert.rejects(hub.client.start(waiter, undefined, { instanceId: 'live', reuse: 'replaceFinished' }), exists)
    })
    suite.test("reuse 'skip' gives the handle of the existing instance", async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      await (await hub.client.start(echo, 'first', { instanceId: 'same' })).result({ timeout: '10s' })
      const second = await hub.client.start(echo, 'second', { instanceId: 'same', reuse: 'skip' })
      assert.equal(await second.result({ timeout: '10s' }), 'first')
    })
    suite.test("reuse 'replace' ends the live execution first, and its outcome is not taken for the new one's", async (hub) => {
      await hub.startWorker({ orchestrations: [echo, waiter] })
      await hub.client.start(waiter, undefined, { instanceId: 'same' })
      await hub.eventually('the first runs', async () => (await hub.client.state('same'))?.status === 'Running')
      const second = await hub.client.start(echo, 'new', { instanceId: 'same', reuse: 'replace' })
      assert.equal(await second.result({ timeout: '10s' }), 'new')
    })
    if (suite.capabilities.uniqueStart) {
      suite.test('of 50 clients that start one id at once exactly one does', async (hub) => {
        const attempts = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => hub.client.start(echo, `${i}`, { instanceId: 'one' })))
        const started = attempts.filter((attempt) => attempt.status === 'fulfilled')
        assert.equal(started.length, 1)
        for (const attempt of attempts) if (attempt.status === 'rejected') assert.ok(exists(attempt.reason))
        await hub.startWorker({ orchestrations: [echo] })
        const winner = attempts.findIndex((attempt) => attempt.status === 'fulfilled')
        assert.equal(await hub.client.get(echo, 'one').result({ timeout: '10s' }), `${winner}`)
      })
    }
    suite.test('a scheduled start waits for its time', async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      const startAt = new Date(hub.service.host.clock.nowMs() + 300)
      const handle = await hub.client.start(echo, 'later', { startAt })
      assert.equal((await handle.state())?.status, 'Pending')
      assert.equal(await handle.result({ timeout: '10s' }), 'later')
      const state = await handle.state()
      assert.ok((state?.completedAt?.getTime() ?? 0) >= startAt.getTime() - suite.capabilities.timerGranularityMs)
    })
    suite.test('a scheduled start can be terminated before its time', async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      const handle = await hub.client.start(echo, 'never', { startAt: '1h' })
      await handle.terminate('changed my mind')
      await hub.eventually('it is terminated', async () => (await handle.state())?.status === 'Terminated')
    })
    suite.test('a start can carry an event', async (hub) => {
      await hub.startWorker({ orchestrations: [waiter] })
      const handle = await hub.client.start(waiter, undefined, { event: { event: go, payload: 7 } })
      assert.equal(await handle.result({ timeout: '10s' }), 7)
    })
    suite.test('startMany starts all, in order', async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      const handles = await hub.client.startMany(echo, Array.from({ length: 40 }, (_, i) => ({ input: `${i}`, instanceId: `many-${i}` })))
      assert.deepEqual(handles.map((handle) => handle.instanceId), Array.from({ length: 40 }, (_, i) => `many-${i}`))
      const outputs = await Promise.all(handles.map((handle) => handle.result({ timeout: '20s' })))
      assert.deepEqual(outputs, Array.from({ length: 40 }, (_, i) => `${i}`))
    })
    suite.test('instance ids may hold any printable text', async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      for (const instanceId of ['with space', 'sl/ash', 'ba\\ck', 'ha#sh', 'qu?estion', "quo'te", 'ümläut', '日本', '😀', '%41', 'a+b', '^x']) {
        assert.equal(await (await hub.client.start(echo, instanceId, { instanceId })).result({ timeout: '10s' }), instanceId)
      }
    })
  })
}
