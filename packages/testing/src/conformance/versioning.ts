/** Versions of definitions and of workers. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration, OrchestrationFailedError } from '@dtfx/core'
import type { Suite } from './suite.js'

const flow1 = defineOrchestration('Flow', async (ctx) => `one ${ctx.version ?? ''}`, { version: '1.0' })
const flow2 = defineOrchestration('Flow', async (ctx) => `two ${ctx.version ?? ''}`, { version: '2.0' })

export function versioningSuite(suite: Suite): void {
  suite.group('versioning', () => {
    suite.test('several versions of a name run side by side', async (hub) => {
      await hub.startWorker({ orchestrations: [flow1, flow2] })
      const handles = [await hub.client.start(flow1), await hub.client.start(flow2), await hub.client.start<string>('Flow', undefined, { version: '1.0' })]
      assert.deepEqual(await Promise.all(handles.map((handle) => handle.result({ timeout: '10s' }))), ['one 1.0', 'two 2.0', 'one 1.0'])
    })
    suite.test("with versionMatch 'currentOrOlder' and onMismatch 'fail' a newer instance fails with a code, an older runs", async (hub) => {
      await hub.startWorker({ orchestrations: [flow1, flow2] }, { version: '1.5', versionMatch: 'currentOrOlder', onMismatch: 'fail' })
      assert.equal(await (await hub.client.start(flow1)).result({ timeout: '10s' }), 'one 1.0')
      await assert.rejects((await hub.client.start(flow2)).result({ timeout: '10s' }), (error) => error instanceof OrchestrationFailedError && error.failure.properties?.['code'] === 'DTFX_VERSION_MISMATCH')
    })
    suite.test("with onMismatch 'reject' the work waits for a worker that takes it", async (hub) => {
      await hub.startWorker({ orchestrations: [flow1, flow2] }, { version: '1.0', versionMatch: 'strict' })
      const handle = await hub.client.start(flow2)
      if (suite.capabilities.pinnedInstances === true) await hub.stopWorkers()
      await hub.startWorker({ orchestrations: [flow1, flow2] }, { version: '2.0', versionMatch: 'strict' })
      assert.equal(await handle.result({ timeout: '20s' }), 'two 2.0')
    })
    suite.test('versions of activities are chosen by the call', async (hub) => {
      const old = defineActivity('Act', () => 'old', { version: '1' })
      const fresh = defineActivity('Act', () => 'fresh', { version: '2' })
      const calls = defineOrchestration('Calls', async (ctx) => [await ctx.callActivity(old), await ctx.callActivity(fresh), await ctx.callActivity('Act', undefined, { version: '1' })])
      await hub.startWorker({ orchestrations: [calls], activities: [old, fresh] })
      assert.deepEqual(await (await hub.client.start(calls)).result({ timeout: '10s' }), ['old', 'fresh', 'old'])
    })
  })
}
