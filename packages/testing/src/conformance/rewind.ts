/** Rewind and restart. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration, DurableError, OrchestrationFailedError } from '@dtfx/core'
import type { Suite } from './suite.js'

export function rewindSuite(suite: Suite): void {
  suite.group('rewind and restart', () => {
    suite.test('restart runs a finished instance again with the same input', async (hub) => {
      const runs = { count: 0 }
      const count = defineActivity('Count', (_ctx, n: number) => `${n} run ${++runs.count}`)
      const counts = defineOrchestration('Counts', async (ctx, n: number) => ctx.callActivity(count, n))
      await hub.startWorker({ orchestrations: [counts], activities: [count] })
      const handle = await hub.client.start(counts, 7)
      assert.equal(await handle.result({ timeout: '10s' }), '7 run 1')
      assert.equal(await (await handle.restart()).result({ timeout: '10s' }), '7 run 2')
    })
    if (!suite.capabilities.rewind) return
    suite.test('only a failed instance can be rewound', async (hub) => {
      const done = defineOrchestration('Done', async () => 1)
      await hub.startWorker({ orchestrations: [done] })
      const handle = await hub.client.start(done)
      await handle.result({ timeout: '10s' })
      await assert.rejects(handle.rewind(), (error) => DurableError.is(error, 'DTFX_REWIND_NOT_FAILED'))
    })
    suite.test('a rewound instance calls the failed activity again and keeps what had succeeded', async (hub) => {
      const calls = { good: 0, bad: 0 }
      const good = defineActivity('Good', () => `good ${++calls.good}`)
      const bad = defineActivity('Bad', () => {
        if (++calls.bad === 1) throw new Error('first time')
        return `bad ${calls.bad}`
      })
      const both = defineOrchestration('Both', async (ctx) => [await ctx.callActivity(good), await ctx.callActivity(bad)])
      await hub.startWorker({ orchestrations: [both], activities: [good, bad] })
      const handle = await hub.client.start(both)
      await assert.rejects(handle.result({ timeout: '10s' }), (error) => error instanceof OrchestrationFailedError)
      await handle.rewind('try again')
      assert.deepEqual(await handle.result({ timeout: '10s' }), ['good 1', 'bad 2'])
    })
    suite.test('several failed siblings and a failed child are all tried again', async (hub) => {
      const broken = { now: true }
      const flaky = defineActivity('Flaky', (_ctx, n: number) => {
        if (broken.now) throw new Error(`broken ${n}`)
        return n
      })
      const child = defineOrchestration('FlakyChild', async (ctx) => ctx.callActivity(flaky, 100))
      const all = defineOrchestration('All', async (ctx) => {
        const outcomes = await Promise.allSettled([ctx.callActivity(flaky, 1), ctx.callActivity(flaky, 2), ctx.callSubOrchestration(child)])
        const values = outcomes.map((outcome) => {
          if (outcome.status === 'rejected') throw outcome.reason
          return outcome.value
        })
        return values
      })
      await hub.startWorker({ orchestrations: [all, child], activities: [flaky] })
      const handle = await hub.client.start(all)
      await assert.rejects(handle.result({ timeout: '10s' }), (error) => error instanceof OrchestrationFailedError)
      broken.now = false
      await handle.rewind()
      assert.deepEqual(await handle.result({ timeout: '10s' }), [1, 2, 100])
    })
  })
}
