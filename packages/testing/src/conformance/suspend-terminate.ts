/** Suspend, resume and terminate, alone and together. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration, OrchestrationTerminatedError } from '@dtfx/core'
import type { Suite } from './suite.js'

const go = defineEvent<string>('Go')
const waiting = defineOrchestration('Waiting', async (ctx) => ctx.waitForExternalEvent(go))
const terminated = (error: unknown): boolean => error instanceof OrchestrationTerminatedError

export function suspendTerminateSuite(suite: Suite): void {
  suite.group('suspend, resume, terminate', () => {
    suite.test('what arrives while suspended is delivered at resume', async (hub) => {
      await hub.startWorker({ orchestrations: [waiting] })
      const handle = await hub.client.start(waiting)
      await hub.eventually('it runs', async () => (await handle.state())?.status === 'Running')
      await handle.suspend('pause')
      await hub.eventually('it is suspended', async () => (await handle.state())?.status === 'Suspended')
      await handle.raiseEvent(go, 'kept')
      await handle.resume('go on')
      assert.equal(await handle.result({ timeout: '10s' }), 'kept')
    })
    suite.test('while it is suspended it does nothing', async (hub) => {
      let runs = 0
      const count = defineActivity('Count', () => ++runs)
      const acts = defineOrchestration('Acts', async (ctx) => {
        await ctx.waitForExternalEvent(go)
        return ctx.callActivity(count)
      })
      const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)
      await hub.startWorker({ orchestrations: [acts, echo], activities: [count] })
      const handle = await hub.client.start(acts)
      await handle.suspend()
      await hub.eventually('it is suspended', async () => (await handle.state())?.status === 'Suspended')
      await handle.raiseEvent(go, 'now')
      for (const n of [1, 2, 3]) await (await hub.client.start(echo, n)).result({ timeout: '10s' })
      assert.equal((await handle.state())?.status, 'Suspended')
      assert.equal(runs, 0)
      await handle.resume()
      assert.equal(await handle.result({ timeout: '10s' }), 1)
    })
    suite.test('suspend twice, resume once', async (hub) => {
      await hub.startWorker({ orchestrations: [waiting] })
      const handle = await hub.client.start(waiting)
      await handle.suspend()
      await handle.suspend()
      await hub.eventually('it is suspended', async () => (await handle.state())?.status === 'Suspended')
      await handle.resume()
      await handle.raiseEvent(go, 'x')
      assert.equal(await handle.result({ timeout: '10s' }), 'x')
    })
    suite.test('terminate ends a running instance, with the reason', async (hub) => {
      await hub.startWorker({ orchestrations: [waiting] })
      const handle = await hub.client.start(waiting)
      await hub.eventually('it runs', async () => (await handle.state())?.status === 'Running')
      await handle.terminate('because')
      await assert.rejects(handle.result({ timeout: '10s' }), (error) => terminated(error) && (error as OrchestrationTerminatedError).reason === 'because')
      assert.equal((await handle.state())?.status, 'Terminated')
    })
    suite.test('terminate ends a suspended instance', async (hub) => {
      await hub.startWorker({ orchestrations: [waiting] })
      const handle = await hub.client.start(waiting)
      await handle.suspend()
      await hub.eventually('it is suspended', async () => (await handle.state())?.status === 'Suspended')
      await handle.terminate()
      await assert.rejects(handle.result({ timeout: '10s' }), terminated)
    })
    suite.test('recursive terminate ends the children and their children', async (hub) => {
      const middle = defineOrchestration('Middle', async (ctx) => ctx.callSubOrchestration(waiting, undefined, { instanceId: 'leaf' }))
      const top = defineOrchestration('Top', async (ctx) => ctx.callSubOrchestration(middle, undefined, { instanceId: 'middle' }))
      await hub.startWorker({ orchestrations: [top, middle, waiting] })
      const handle = await hub.client.start(top)
      await hub.eventually('the leaf runs', async () => (await hub.client.state('leaf'))?.status === 'Running')
      await handle.terminate('all of it', { recursive: true })
      for (const id of [handle.instanceId, 'middle', 'leaf']) {
        await hub.eventually(`${id} is terminated`, async () => (await hub.client.state(id))?.status === 'Terminated')
      }
    })
    suite.test('terminate without recursive leaves the children alone', async (hub) => {
      const top = defineOrchestration('Top', async (ctx) => ctx.callSubOrchestration(waiting, undefined, { instanceId: 'child' }))
      await hub.startWorker({ orchestrations: [top, waiting] })
      const handle = await hub.client.start(top)
      await hub.eventually('the child runs', async () => (await hub.client.state('child'))?.status === 'Running')
      await handle.terminate()
      await assert.rejects(handle.result({ timeout: '10s' }), terminated)
      await hub.client.raiseEvent('child', go, 'alive')
      assert.equal(await hub.client.result('child', { timeout: '10s' }), 'alive')
    })
    suite.test('a terminated instance stays terminated, also against a continue-as-new of the same turn', async (hub) => {
      const loops = defineOrchestration('Loops', async (ctx, n: number) => {
        await ctx.waitForExternalEvent(go)
        return ctx.continueAsNew(n + 1)
      })
      const handle = await hub.client.start(loops, 0)
      await handle.raiseEvent(go, '')
      await handle.terminate('stop')
      await handle.raiseEvent(go, '')
      await hub.startWorker({ orchestrations: [loops] })
      await assert.rejects(handle.result({ timeout: '10s' }), terminated)
      await handle.raiseEvent(go, '')
      await handle.resume()
      assert.equal((await handle.state())?.status, 'Terminated')
    })
  })
}
