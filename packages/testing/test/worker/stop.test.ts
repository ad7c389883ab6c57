/** Start, stop and start again, with work in every stage of progress. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, TaskHubWorker } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import { createTestHub, VirtualClock } from '@dtfx/testing'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { settle } from './drive.js'
import { tapped } from './tapped-service.js'

const echo = defineOrchestration('Echo', async (_ctx, text: string) => text)

describe('a worker', () => {
  it('starts, stops and starts again', async () => {
    await using hub = await createTestHub({ orchestrations: [echo] })
    for (let i = 0; i < 3; i++) {
      expect(hub.worker.state).toBe('running')
      expect(await (await hub.client.start(echo, `${i}`)).result()).toBe(`${i}`)
      await hub.worker.stop()
      expect(hub.worker.state).toBe('stopped')
      await hub.worker.start()
    }
  })

  it('refuses to start twice, and stops as often as it is told', async () => {
    await using hub = await createTestHub({ orchestrations: [echo] })
    await expect(hub.worker.start()).rejects.toMatchObject({ code: 'DTFX_WORKER_STATE' })
    const [a, b] = await Promise.all([hub.worker.stop(), hub.worker.stop()])
    expect([a, b, await hub.worker.stop()]).toEqual([{ abandoned: 0 }, { abandoned: 0 }, { abandoned: 0 }])
  })

  it('that is stopped while it starts is stopped', async () => {
    const service = createOrchestrationService({}, { clock: new VirtualClock() })
    const worker = new TaskHubWorker(service, { orchestrations: [echo] })
    const starting = worker.start()
    expect(worker.state).toBe('starting')
    await worker.stop()
    await starting
    expect(worker.state).toBe('stopped')
    await service.close()
  })

  it('that cannot start says why, is stopped, and can try again', async () => {
    const service = createOrchestrationService({}, { clock: new VirtualClock() })
    let isBroken = true
    const { wrapService } = tapped()
    const wrapped = { ...wrapService(service), createHub: () => (isBroken ? Promise.reject(new Error('no hub')) : service.createHub()) }
    const worker = new TaskHubWorker(wrapped, { orchestrations: [echo] })
    await expect(worker.start()).rejects.toThrow('no hub')
    expect(worker.state).toBe('stopped')
    isBroken = false
    await worker.start()
    await worker.stop()
    await service.close()
  })

  it('is stopped also when the port cannot be', async () => {
    const tap = tapped({ stopPort: () => Promise.reject(new Error('port trouble')) })
    const hub = await createTestHub({ orchestrations: [echo], wrapService: tap.wrapService })
    await expect(hub.worker.stop()).rejects.toThrow('port trouble')
    expect(hub.worker.state).toBe('stopped')
    delete tap.taps.stopPort
    await hub.worker.start()
    await hub.stop()
  })

  it('waits for what is in progress', async () => {
    const gate = deferred<void>()
    const slow = defineActivity('Slow', async () => {
      await gate.promise
      return 'done'
    })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(slow))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [slow] })
    const order = await hub.client.start(flow)
    await settle()
    const stopping = hub.worker.stop({ deadline: '1h' })
    await settle()
    expect(hub.worker.state).toBe('stopping')
    gate.resolve()
    expect(await stopping).toEqual({ abandoned: 0 })
    await hub.worker.start()
    expect(await order.result()).toBe('done')
  })

  it('gives up at its deadline; the late end is harmless, and the work is done again', async () => {
    const gates: (() => void)[] = []
    const slow = defineActivity('Slow', async () => new Promise<string>((resolve) => gates.push(() => resolve(`run ${gates.length}`))))
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(slow))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [slow] })
    const order = await hub.client.start(flow)
    await settle()
    const stopping = hub.worker.stop({ deadline: '5s' })
    await settle()
    hub.clock.advance('5s')
    expect(await stopping).toEqual({ abandoned: 1 })
    gates[0]?.()
    await settle()
    expect((await order.state())?.status).toBe('Running')
    await hub.worker.start()
    await settle()
    gates[1]?.()
    expect(await order.result()).toBe('run 2')
    expect(gates.length).toBe(2)
  })

  it('gives up turns at its deadline as well', async () => {
    const held: (() => void)[] = []
    let isHolding = true
    await using hub = await createTestHub({
      orchestrations: [echo],
      middleware: {
        orchestration: [
          async (_ctx, next) => {
            if (isHolding) await new Promise<void>((resolve) => held.push(resolve))
            return next()
          },
        ],
      },
    })
    const order = await hub.client.start(echo, 'x')
    await settle()
    const stopping = hub.worker.stop({ deadline: '5s' })
    await settle()
    hub.clock.advance('5s')
    expect(await stopping).toEqual({ abandoned: 1 })
    isHolding = false
    held[0]?.()
    await settle()
    expect((await order.state())?.status).toBe('Pending')
    await hub.worker.start()
    expect(await order.result()).toBe('x')
    expect(hub.worker.cachedInstances).toBe(0)
  })

  it('leaves no timer behind', async () => {
    const waiting = defineOrchestration('Waiting', async (ctx) => ctx.waitForExternalEvent('Go'))
    const clock = new VirtualClock()
    const service = createOrchestrationService({ lockTimeoutMs: 60_000 }, { clock })
    const worker = new TaskHubWorker(service, { orchestrations: [waiting], maxActivitiesPerSecond: 1 })
    await worker.start()
    await settle()
    await worker.stop()
    await service.close()
    expect(clock.pendingTimers).toBe(0)
  })
})
