/** What comes after the end is consumed and changes nothing: results of activities and children, timers, events. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const go = defineEvent('Go')

/** Terminates the instance, lets `late` happen, and asserts that state and history stay as they were and nothing is left waiting. */
async function assertNoEffect(hub: ConformanceHub, suite: Suite, instanceId: string, late: () => Promise<void>): Promise<void> {
  await hub.client.terminate(instanceId, 'end')
  await hub.eventually('it is terminated', async () => (await hub.client.state(instanceId))?.status === 'Terminated')
  const before = suite.capabilities.historyAfterCompletion ? await hub.eventTypes(instanceId) : undefined
  const state = await hub.client.state(instanceId)
  await late()
  const scale = hub.service.scale
  if (scale !== undefined) await hub.eventually('nothing is left in the queues', async () => (await scale.metrics()).orchestrationBacklog === 0)
  assert.deepEqual((await hub.client.state(instanceId))?.lastUpdatedAt, state?.lastUpdatedAt)
  if (before !== undefined) assert.deepEqual(await hub.eventTypes(instanceId), before)
}

export function lateResultSuite(suite: Suite): void {
  suite.group('late results', () => {
    suite.test('of an activity: its signal aborted, its result is dropped', async (hub) => {
      const gate = deferred<string>()
      const started = deferred<void>()
      const slow = defineActivity('Slow', async () => {
        started.resolve()
        return gate.promise
      })
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(slow))
      await hub.startWorker({ orchestrations: [calls], activities: [slow] })
      const handle = await hub.client.start(calls)
      await started.promise
      await assertNoEffect(hub, suite, handle.instanceId, async () => gate.resolve('late'))
    })
    suite.test('of a timer', async (hub) => {
      const sleeps = defineOrchestration('Sleeps', async (ctx) => ctx.createTimer(1_000))
      await hub.startWorker({ orchestrations: [sleeps] })
      const handle = await hub.client.start(sleeps)
      await hub.eventually('it runs', async () => (await handle.state())?.status === 'Running')
      const dueMs = hub.service.host.clock.nowMs() + 1_200
      await assertNoEffect(hub, suite, handle.instanceId, () => hub.eventually('the timer is due', () => hub.service.host.clock.nowMs() > dueMs))
    })
    suite.test('of an event', async (hub) => {
      const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent(go))
      await hub.startWorker({ orchestrations: [waits] })
      const handle = await hub.client.start(waits)
      await hub.eventually('it runs', async () => (await handle.state())?.status === 'Running')
      await assertNoEffect(hub, suite, handle.instanceId, () => handle.raiseEvent(go))
    })
    suite.test('of a child', async (hub) => {
      const child = defineOrchestration('Child', async (ctx) => ctx.waitForExternalEvent(go))
      const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(child, undefined, { instanceId: 'late-child' }))
      await hub.startWorker({ orchestrations: [parent, child] })
      const handle = await hub.client.start(parent)
      await hub.eventually('the child runs', async () => (await hub.client.state('late-child'))?.status === 'Running')
      await assertNoEffect(hub, suite, handle.instanceId, async () => {
        await hub.client.raiseEvent('late-child', go)
        await hub.client.result('late-child', { timeout: '10s' })
      })
    })
  })
}
