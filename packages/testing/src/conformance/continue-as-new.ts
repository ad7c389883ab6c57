/** Continue-as-new: fresh history, same id, events go along, waiting sees only the end. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { Suite } from './suite.js'

const add = defineEvent<number>('Add')

export function continueAsNewSuite(suite: Suite): void {
  suite.group('continue as new', () => {
    suite.test('a chain of generations ends in one result', async (hub) => {
      const step = defineActivity('Step', (_ctx, n: number) => n + 1)
      const chain = defineOrchestration('Chain', async (ctx, n: number) => {
        const next = await ctx.callActivity(step, n)
        return next < 5 ? ctx.continueAsNew(next) : next
      })
      await hub.startWorker({ orchestrations: [chain], activities: [step] })
      const handle = await hub.client.start(chain, 0)
      assert.equal(await handle.result({ timeout: '10s' }), 5)
      const state = await handle.state()
      assert.equal(state?.input, 4)
      if (suite.capabilities.history) assert.equal((await hub.eventTypes(handle.instanceId)).filter((type) => type === 'ExecutionStarted').length, 1)
    })
    suite.test('more generations without any wait than one work item takes are no obstacle', async (hub) => {
      const spin = defineOrchestration('Spin', async (ctx, n: number) => (n < 35 ? ctx.continueAsNew(n + 1) : n))
      await hub.startWorker({ orchestrations: [spin] })
      assert.equal(await (await hub.client.start(spin, 0)).result({ timeout: '20s' }), 35)
    })
    suite.test('events in flight reach the next generations, each once', async (hub) => {
      const sum = defineOrchestration('Sum', async (ctx, total: number) => {
        const n = await ctx.waitForExternalEvent(add)
        return n < 0 ? total : ctx.continueAsNew(total + n)
      })
      await hub.startWorker({ orchestrations: [sum] })
      const handle = await hub.client.start(sum, 0)
      await Promise.all(Array.from({ length: 30 }, (_, i) => handle.raiseEvent(add, i + 1)))
      await handle.raiseEvent(add, -1)
      assert.equal(await handle.result({ timeout: '20s' }), 465)
    })
    suite.test('the custom status is carried along until it is set again', async (hub) => {
      const keeps = defineOrchestration('Keeps', async (ctx, n: number) => {
        if (n === 0) ctx.setCustomStatus('from the first')
        return n < 3 ? ctx.continueAsNew(n + 1) : n
      })
      await hub.startWorker({ orchestrations: [keeps] })
      const handle = await hub.client.start(keeps, 0)
      await handle.result({ timeout: '10s' })
      assert.equal((await handle.state())?.customStatus, 'from the first')
    })
  })
}
