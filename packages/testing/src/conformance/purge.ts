/** Purge: finished instances only, everything of them, children on demand. */
import assert from 'node:assert/strict'
import { defineEvent, defineOrchestration, DurableError } from '@dtfx/core'
import type { Suite } from './suite.js'

const go = defineEvent('Go')
const done = defineOrchestration('Done', async (_ctx, n: number) => n)
const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent(go))
const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(done, 1, { instanceId: `${ctx.instanceId}-child` }))

export function purgeSuite(suite: Suite): void {
  if (!suite.capabilities.purge) return
  suite.group('purge', () => {
    suite.test('a finished instance is gone with its history, and its id is free', async (hub) => {
      await hub.startWorker({ orchestrations: [done] })
      const handle = await hub.client.start(done, 1, { instanceId: 'gone' })
      await handle.result({ timeout: '10s' })
      assert.equal(await handle.purge(), 1)
      assert.equal(await handle.state(), undefined)
      if (suite.capabilities.history) assert.deepEqual(await hub.history('gone'), [])
      assert.equal(await (await hub.client.start(done, 2, { instanceId: 'gone' })).result({ timeout: '10s' }), 2)
    })
    suite.test('a live instance is refused', async (hub) => {
      await hub.startWorker({ orchestrations: [waits] })
      const handle = await hub.client.start(waits)
      await assert.rejects(handle.purge(), (error) => DurableError.is(error, 'DTFX_INSTANCE_NOT_FINISHED'))
    })
    suite.test('an unknown instance purges nothing', async (hub) => {
      assert.equal(await hub.client.purge('nobody'), 0)
    })
    if (suite.capabilities.query) {
      suite.test('recursive purge takes the children along, plain purge leaves them', async (hub) => {
        await hub.startWorker({ orchestrations: [parent, done] })
        for (const id of ['p1', 'p2']) await (await hub.client.start(parent, undefined, { instanceId: id })).result({ timeout: '10s' })
        assert.equal(await hub.client.purge('p1'), 1)
        assert.equal((await hub.client.state('p1-child'))?.status, 'Completed')
        assert.equal(await hub.client.purge('p2', { recursive: true }), 2)
        assert.equal(await hub.client.state('p2-child'), undefined)
      })
    }
  })
}
