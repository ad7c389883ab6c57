/** Queries: every filter, pages, bulk operations. */
import assert from 'node:assert/strict'
import { defineEvent, defineOrchestration, type QueryFilter } from '@dtfx/core'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const go = defineEvent('Go')
const done = defineOrchestration('Done', async (_ctx, n: number) => n)
const fails = defineOrchestration('Fails', async () => Promise.reject(new Error('no')))
const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent(go))
const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(done, 1, { instanceId: 'child-1' }))

async function ids(hub: ConformanceHub, filter: QueryFilter): Promise<string[]> {
  const found: string[] = []
  for await (const each of hub.client.query(filter)) found.push(each.instanceId)
  return found.sort()
}

async function population(hub: ConformanceHub): Promise<void> {
  await hub.startWorker({ orchestrations: [done, fails, waits, parent] })
  await (await hub.client.start(done, 1, { instanceId: 'a-1', tags: { team: 'blue' } })).result({ timeout: '10s' })
  await (await hub.client.start(fails, undefined, { instanceId: 'a-2', tags: { team: 'blue', prio: '1' } })).result({ timeout: '10s' }).catch(() => {})
  await hub.client.start(waits, undefined, { instanceId: 'b-1', version: '2.0' })
  await (await hub.client.start(parent, undefined, { instanceId: 'p-1' })).result({ timeout: '10s' })
  await hub.eventually('b-1 runs', async () => (await hub.client.state('b-1'))?.status === 'Running')
}

export function querySuite(suite: Suite): void {
  if (!suite.capabilities.query) return
  suite.group('query', () => {
    suite.test('every filter selects, and they hold together', async (hub) => {
      await population(hub)
      assert.deepEqual(await ids(hub, {}), ['a-1', 'a-2', 'b-1', 'child-1', 'p-1'])
      assert.deepEqual(await ids(hub, { status: ['Completed'] }), ['a-1', 'child-1', 'p-1'])
      assert.deepEqual(await ids(hub, { status: ['Failed', 'Running'] }), ['a-2', 'b-1'])
      assert.deepEqual(await ids(hub, { name: 'Done' }), ['a-1', 'child-1'])
      assert.deepEqual(await ids(hub, { version: '2.0' }), ['b-1'])
      assert.deepEqual(await ids(hub, { idPrefix: 'a-' }), ['a-1', 'a-2'])
      assert.deepEqual(await ids(hub, { tags: { team: 'blue' } }), ['a-1', 'a-2'])
      assert.deepEqual(await ids(hub, { tags: { team: 'blue', prio: '1' } }), ['a-2'])
      assert.deepEqual(await ids(hub, { parent: 'p-1' }), ['child-1'])
      assert.deepEqual(await ids(hub, { parent: null, name: 'Done' }), ['a-1'])
      assert.deepEqual(await ids(hub, { idPrefix: 'a-', status: ['Completed'] }), ['a-1'])
      assert.deepEqual(await ids(hub, { createdAfter: new Date(hub.service.host.clock.nowMs() + 60_000) }), [])
      assert.deepEqual(await ids(hub, { completedBefore: new Date(hub.service.host.clock.nowMs() + 60_000) }), ['a-1', 'a-2', 'child-1', 'p-1'])
    })
    suite.test('pages cover everything once, whatever their size', async (hub) => {
      for (let i = 0; i < 23; i++) await hub.client.start(done, i, { instanceId: `i-${String(i).padStart(2, '0')}` })
      const found: string[] = []
      let pages = 0
      for await (const page of hub.client.query({ pageSize: 5 }).pages()) {
        pages++
        assert.ok(page.instances.length <= 5)
        found.push(...page.instances.map((each) => each.instanceId))
      }
      assert.ok(pages >= 5)
      assert.deepEqual(found, Array.from({ length: 23 }, (_, i) => `i-${String(i).padStart(2, '0')}`))
    })
    suite.test('bulk operations work on what a filter selects', async (hub) => {
      await hub.startWorker({ orchestrations: [waits] })
      for (let i = 0; i < 10; i++) await hub.client.start(waits, undefined, { instanceId: `${i < 6 ? 'x' : 'y'}-${i}` })
      const report = await hub.client.terminateAll({ idPrefix: 'x-' }, { reason: 'bulk' })
      assert.deepEqual([report.succeeded, report.failed], [6, 0])
      await hub.eventually('six are terminated', async () => (await ids(hub, { status: ['Terminated'] })).length === 6)
      if (suite.capabilities.purge) assert.equal((await hub.client.purgeAll({ status: ['Terminated'] })).succeeded, 6)
      assert.equal((await ids(hub, {})).filter((id) => id.startsWith('y-')).length, 4)
    })
  })
}
