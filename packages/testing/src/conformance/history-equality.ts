/** What a history says must not depend on circumstances: the same orchestration leaves the same events behind in every variant. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration, type ContinuedAsNew, type OrchestrationContext } from '@dtfx/core'
import { snapshotHistory } from '../harness/snapshot-history.js'
import type { ConformanceOptions } from './conformance.js'
import { variantNames } from './variants.js'
import { withHub } from './with-hub.js'

const add = defineActivity('Add', (_ctx, [a, b]: [number, number]) => a + b)
const fails = defineActivity('Fails', (): number => {
  throw new RangeError('no')
})
const child = defineOrchestration('Child', async (ctx, n: number): Promise<number> => (await ctx.callActivity(add, [n, 1])) + 1)
const parent = defineOrchestration('Parent', async (ctx: OrchestrationContext<number>, round: number): Promise<number | ContinuedAsNew> => {
  let sum = 0
  for (let i = 0; i < 3; i++) sum = await ctx.callActivity(add, [sum, i])
  const failure = await ctx.callActivity(fails, undefined, { retry: { maxAttempts: 2, firstDelay: 1 } }).catch(() => -1)
  await ctx.createTimer(1)
  sum += await ctx.callSubOrchestration(child, sum, { instanceId: `${ctx.instanceId}-child-${round}` })
  const go = await ctx.waitForExternalEvent<number>('Go')
  ctx.setCustomStatus({ round })
  return round === 0 ? ctx.continueAsNew(1) : sum + failure + go
})

export function historyEqualitySuite(options: ConformanceOptions): void {
  options.test(
    'are equal in all variants',
    async () => {
      const snapshots: string[] = []
      for (const name of variantNames) {
        await withHub(options, name, async (hub) => {
          await hub.startWorker({ orchestrations: [parent, child], activities: [add, fails] })
          const instance = await hub.client.start(parent, 0, { instanceId: 'p' })
          await instance.raiseEvent('Go', 1)
          await instance.raiseEvent('Go', 2)
          await instance.result({ timeout: '30s' })
          snapshots.push(withoutEvents(snapshotHistory(await hub.history('p'))), snapshotHistory(await hub.history('p-child-1')))
        })
      }
      for (let at = 2; at < snapshots.length; at++) assert.equal(snapshots[at], snapshots[at % 2], `the history under '${variantNames[at >> 1] ?? ''}'`)
    },
    options.timeoutMs ?? 60_000,
  )
}

/** When an event that a client raised arrives depends on the client, not on the circumstances. */
function withoutEvents(snapshot: string): string {
  return snapshot.split('\n').filter((line) => !line.includes('EventRaised')).join('\n')
}
