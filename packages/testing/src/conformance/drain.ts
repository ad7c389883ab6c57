/** Stopping workers: work in flight is finished or taken over, nothing is lost. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import type { Suite } from './suite.js'

export function drainSuite(suite: Suite): void {
  suite.group('drain', () => {
    suite.test('stop waits for an activity in progress; the next worker goes on', async (hub) => {
      const started = deferred<void>()
      const gate = deferred<void>()
      const slow = defineActivity('Slow', async (_ctx, n: number) => {
        started.resolve()
        await gate.promise
        return n
      })
      const calls = defineOrchestration('Calls', async (ctx) => (await ctx.callActivity(slow, 1)) + (await ctx.callActivity(slow, 2)))
      const worker = await hub.startWorker({ orchestrations: [calls], activities: [slow] })
      const handle = await hub.client.start(calls)
      await started.promise
      const stopping = worker.stop({ deadline: '10s' })
      gate.resolve()
      assert.deepEqual(await stopping, { abandoned: 0 })
      await hub.startWorker({ orchestrations: [calls], activities: [slow] })
      assert.equal(await handle.result({ timeout: '20s' }), 3)
    })
    suite.test('what is still in progress at the deadline is abandoned, and run again by another worker', async (hub) => {
      let runs = 0
      const started = deferred<void>()
      const first = deferred<string>()
      const stuck = defineActivity('Stuck', async () => {
        if (++runs === 1) {
          started.resolve()
          return first.promise
        }
        return 'second run'
      })
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(stuck))
      const worker = await hub.startWorker({ orchestrations: [calls], activities: [stuck] })
      const handle = await hub.client.start(calls)
      await started.promise
      assert.deepEqual(await worker.stop({ deadline: 500 }), { abandoned: 1 })
      await hub.startWorker({ orchestrations: [calls], activities: [stuck] })
      assert.equal(await handle.result({ timeout: '20s' }), 'second run')
      first.resolve('too late')
      assert.equal(await handle.result({ timeout: '1s' }), 'second run')
    })
    suite.test('a running activity is told when its worker stops', async (hub) => {
      const started = deferred<void>()
      const told = defineActivity('Told', (ctx) => new Promise<string>((resolve) => {
        ctx.signal.addEventListener('abort', () => resolve((ctx.signal.reason as { code: string }).code))
        started.resolve()
      }))
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(told))
      const worker = await hub.startWorker({ orchestrations: [calls], activities: [told] })
      const handle = await hub.client.start(calls)
      await started.promise
      assert.deepEqual(await worker.stop({ deadline: '5s' }), { abandoned: 0 })
      await hub.startWorker({ orchestrations: [calls], activities: [told] })
      assert.equal(await handle.result({ timeout: '10s' }), 'DTFX_WORKER_STATE')
    })
    suite.test('an activity that ends because its worker stops has not failed: the next worker runs it', async (hub) => {
      const started = deferred<void>()
      let runs = 0
      const heeds = defineActivity('Heeds', (ctx) => {
        if (++runs > 1) return 'second run'
        return new Promise<string>((_resolve, reject) => {
          ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error))
          started.resolve()
        })
      })
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(heeds))
      const worker = await hub.startWorker({ orchestrations: [calls], activities: [heeds] })
      const handle = await hub.client.start(calls)
      await started.promise
      assert.deepEqual(await worker.stop({ deadline: '5s' }), { abandoned: 0 })
      await hub.startWorker({ orchestrations: [calls], activities: [heeds] })
      assert.equal(await handle.result({ timeout: '10s' }), 'second run')
    })
    suite.test('a worker can be started again', async (hub) => {
      const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)
      const worker = await hub.startWorker({ orchestrations: [echo] })
      await worker.stop()
      const handle = await hub.client.start(echo, 1)
      await worker.start()
      assert.equal(await handle.result({ timeout: '10s' }), 1)
    })
  })
}
