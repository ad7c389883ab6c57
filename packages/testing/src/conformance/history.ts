/** Histories as the store gives them back. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { compareTicks } from '@dtfx/core/provider'
import { replayHistory } from '../harness/replay-history.js'
import type { Suite } from './suite.js'

const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx) => [await ctx.callActivity(hello, 'a'), await ctx.callActivity(hello, 'b')])

export function historySuite(suite: Suite): void {
  if (!suite.capabilities.history) return
  suite.group('history', () => {
    suite.test('an exported history replays with the same result', async (hub) => {
      await hub.startWorker({ orchestrations: [greets], activities: [hello] })
      const handle = await hub.client.start(greets)
      const output = await handle.result({ timeout: '10s' })
      const text = JSON.stringify(await handle.history())
      assert.deepEqual((await replayHistory(greets, text)).output, output)
    })
    suite.test('an unknown instance has none', async (hub) => {
      assert.deepEqual(await hub.history('nobody'), [])
    })
    suite.test('changing what was read does not change what is stored', async (hub) => {
      await hub.startWorker({ orchestrations: [greets], activities: [hello] })
      const handle = await hub.client.start(greets)
      await handle.result({ timeout: '10s' })
      const before = JSON.stringify(await hub.history(handle.instanceId))
      for (const event of await hub.history(handle.instanceId)) {
        try {
          ;(event as { timestamp: string }).timestamp = 'changed'
        } catch {
          // Frozen: as good.
        }
      }
      assert.equal(JSON.stringify(await hub.history(handle.instanceId)), before)
    })
    suite.test('time of history never goes back, and a prefix stays what it was', async (hub) => {
      await hub.startWorker({ orchestrations: [greets], activities: [hello] })
      const handle = await hub.client.start(greets)
      await handle.result({ timeout: '10s' })
      const starts = (await hub.history(handle.instanceId)).filter((event) => event.type === 'OrchestratorStarted').map((event) => event.timestamp)
      assert.deepEqual([...starts].sort(compareTicks), starts)
    })
  })
}
