/** Timers: not early, in order, cancellable, and no harm when they fire late. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import type { Suite } from './suite.js'

const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)

export function timerSuite(suite: Suite): void {
  const { timerGranularityMs } = suite.capabilities
  const unit = Math.max(60, 2 * timerGranularityMs)
  suite.group('timers', () => {
    suite.test('a timer fires, and not early', async (hub) => {
      const sleeps = defineOrchestration('Sleeps', async (ctx, ms: number) => {
        const before = ctx.now.getTime()
        await ctx.createTimer(ms)
        return ctx.now.getTime() - before
      })
      await hub.startWorker({ orchestrations: [sleeps] })
      const elapsed = await (await hub.client.start(sleeps, unit)).result({ timeout: '20s' })
      assert.ok(elapsed >= unit, `${elapsed} < ${unit}`)
    })
    suite.test('timers fire in the order of their times', async (hub) => {
      const three = defineOrchestration('Three', async (ctx) => {
        const order: number[] = []
        await Promise.all([3, 1, 2].map(async (n) => {
          await ctx.createTimer(n * unit)
          order.push(n)
        }))
        return order
      })
      await hub.startWorker({ orchestrations: [three] })
      assert.deepEqual(await (await hub.client.start(three)).result({ timeout: '20s' }), [1, 2, 3])
    })
    suite.test('a timer in the past fires at once', async (hub) => {
      const past = defineOrchestration('Past', async (ctx) => {
        await ctx.createTimer(new Date(0))
        await ctx.createTimer(0)
        return 'done'
      })
      await hub.startWorker({ orchestrations: [past] })
      assert.equal(await (await hub.client.start(past)).result({ timeout: '10s' }), 'done')
    })
    suite.test('a timer that is longer than one hop takes several, and is not early', async (hub) => {
      const hops = defineOrchestration('Hops', async (ctx, ms: number) => {
        const before = ctx.now.getTime()
        await ctx.createTimer(ms)
        return ctx.now.getTime() - before
      }, { timerHopMs: 1_000 })
      await hub.startWorker({ orchestrations: [hops] })
      const handle = await hub.client.start(hops, 1_200)
      const elapsed = await handle.result({ timeout: '20s' })
      assert.ok(elapsed >= 1_200, `${elapsed} < 1200`)
      if (suite.capabilities.historyAfterCompletion) assert.equal((await hub.eventTypes(handle.instanceId)).filter((type) => type === 'TimerFired').length, 2)
    })
    suite.test('a cancelled timer holds nothing up', async (hub) => {
      const cancels = defineOrchestration('Cancels', async (ctx) => {
        const timer = ctx.createTimer('1h')
        const winner = await Promise.race([ctx.callActivity(hello, 'x'), timer.then(() => 'timer')])
        timer.cancel()
        return winner
      })
      await hub.startWorker({ orchestrations: [cancels], activities: [hello] })
      assert.equal(await (await hub.client.start(cancels)).result({ timeout: '10s' }), 'Hello x!')
    })
  })
}
