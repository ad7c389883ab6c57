import { describe, expect, expectTypeOf, it } from 'vitest'
import { defineActivity, defineEvent, defineOrchestration, OrchestrationFailedError, systemClock, type AnyActivity } from '@dtfx/core'
import { activitySleep, createTestHub, replayHistory, runOrchestration, snapshotHistory, stub, virtualClockStart, type VirtualClock, type TestHub } from '@dtfx/testing'

const charge = defineActivity('Charge', async (_ctx, order: { id: string }) => `receipt ${order.id}`)
const approved = defineEvent<{ by: string }>('Approved')
const orderFlow = defineOrchestration('OrderFlow', async (ctx, order: { id: string }) => {
  const receipt = await ctx.callActivity(charge, order, { retry: { maxAttempts: 5, firstDelay: '1m', backoff: 2 } })
  const approval = await ctx.waitForExternalEvent(approved, { timeout: '2d', onTimeout: 'undefined' })
  return { receipt, by: approval?.by ?? 'nobody' }
})

describe('createTestHub', () => {
  it('runs orchestrations in virtual time', async () => {
    const flaky = stub(charge).failsTimes(2).returns('r')
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [flaky] })
    const order = await hub.client.start(orderFlow, { id: '7' }, { instanceId: 'order-7' })
    await hub.runUntilIdle()
    expect(flaky.callCount).toBe(1)
    await hub.advance('3m')
    expect(flaky.callCount).toBe(3)
    expect(flaky.calls[0]).toMatchObject({ input: { id: '7' }, context: { instanceId: 'order-7', taskId: 0 } })
    await hub.advance('2d')
    const result = await order.result()
    expectTypeOf(result).toEqualTypeOf<{ receipt: string; by: string }>()
    expect(result).toEqual({ receipt: 'r', by: 'nobody' })
    expect(hub.clock.nowTicks()).toBe('2030-01-03T00:03:00.000Z')
  })

  it('forgets every cache on restart, and replays', async () => {
    const once = stub(charge).returns('r')
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [once] })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await hub.runUntilIdle()
    const before = hub.worker
    expect(before.cachedInstances).toBe(1)
    await hub.restartWorker()
    expect(hub.worker).not.toBe(before)
    expect(before.state).toBe('stopped')
    expect(hub.worker.cachedInstances).toBe(0)
    await order.raiseEvent(approved, { by: 'me' })
    expect(await order.result()).toEqual({ receipt: 'r', by: 'me' })
    expect(once.callCount).toBe(1)
  })

  it('runs an activity again that was in progress when the worker restarted', async () => {
    const slow = stub(charge).delays('1h').returns('late')
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [slow] })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await hub.advance('30m')
    await hub.restartWorker()
    await hub.advance('59m')
    expect(slow.calls.map(({ context }) => context.deliveryCount)).toEqual([1, 2])
    await order.raiseEvent(approved, { by: 'me' })
    await hub.advance('1m')
    expect(await order.result()).toEqual({ receipt: 'late', by: 'me' })
  })

  it('advances timer by timer: one long step does what many short ones do', async () => {
    const tick = defineOrchestration('Tick', async (ctx, rounds: number) => {
      const seen: string[] = []
      for (let i = 0; i < rounds; i++) {
        await ctx.createTimer('1h')
        seen.push(ctx.now.toISOString())
      }
      return seen
    })
    const run = async (steps: readonly `${number}h`[]): Promise<string[]> => {
      await using hub = await createTestHub({ orchestrations: [tick] })
      const handle = await hub.client.start(tick, 4)
      for (const step of steps) await hub.advance(step)
      return handle.result()
    }
    const long = await run(['5h'])
    expect(long).toEqual(['01', '02', '03', '04'].map((hour) => `2030-01-01T${hour}:00:00.000Z`))
    expect(await run(['1h', '1h', '1h', '1h'])).toEqual(long)
  })

  it('lets real activities sleep on its clock', async () => {
    const nap = defineActivity('Nap', async (ctx) => activitySleep('3h', ctx.signal).then(() => 'rested'))
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(nap))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [nap] })
    const handle = await hub.client.start(flow)
    await hub.advance('2h')
    expect((await handle.state())?.status).toBe('Running')
    await hub.advance('1h')
    expect(await handle.result()).toBe('rested')
  })

  it('waits for activities that do real work', async () => {
    const work = defineActivity('Work', () => new Promise<string>((resolve) => systemClock.setTimer(5, () => resolve('done'))))
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(work))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [work] })
    const handle = await hub.client.start(flow)
    await hub.runUntilIdle()
    expect((await handle.state())?.status).toBe('Completed')
  })

  it('shows histories, and as text that is the same every time', async () => {
    const run = async (): Promise<[string, string[]]> => {
      await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [charge] })
      const order = await hub.client.start(orderFlow, { id: '7' }, { instanceId: 'order-7' })
      await order.raiseEvent(approved, { by: 'me' })
      await order.result()
      return [await hub.snapshot('order-7'), (await hub.history('order-7')).map(({ type }) => type)]
    }
    const [text, types] = await run()
    expect(types.slice(0, 2)).toEqual(['OrchestratorStarted', 'ExecutionStarted'])
    expect(text).toContain('TaskScheduled #0 Charge')
    expect(await run()).toEqual([text, types])
  })

  it('exports histories that replay', async () => {
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [charge] })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await hub.advance('2d')
    const file = JSON.stringify(await order.history())
    expect(await replayHistory(orderFlow, file)).toMatchObject({ status: 'Completed', output: { receipt: 'receipt 7', by: 'nobody' } })
    const changed = defineOrchestration('OrderFlow', async (ctx, _order: { id: string }) => void (await ctx.waitForExternalEvent(approved)))
    await expect(replayHistory(changed, file)).rejects.toMatchObject({ code: 'DTFX_NONDETERMINISTIC' })
  })

  it('records the same history as a run without a worker', async () => {
    const failing = (): AnyActivity => stub(charge).failsTimes(2).delays('10s').returns('r')
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [failing()] })
    await hub.client.start(orderFlow, { id: '7' }, { instanceId: 'order-7' })
    await hub.advance('10d')
    const run = await runOrchestration(orderFlow, { input: { id: '7' }, activities: [failing()] })
    expect(await hub.snapshot('order-7')).toBe(snapshotHistory(run.history))
    expect(Date.parse((await hub.client.state('order-7'))?.completedAt?.toISOString() ?? '') - Date.parse(virtualClockStart)).toBe(run.elapsedMs)
  })

  it('draws the same ids every time, and others with another seed', async () => {
    const start = async (seed?: number): Promise<string> => {
      await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [charge], seed })
      return (await hub.client.start(orderFlow, { id: '7' })).instanceId
    }
    expect(await start()).toBe(await start(1))
    expect(await start(2)).not.toBe(await start(1))
  })

  it('fails unknown names at once', async () => {
    await using hub = await createTestHub({ orchestrations: [orderFlow] })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await hub.advance('1h')
    const failure = await order.result().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OrchestrationFailedError)
    expect((failure as Error).message).toMatch(/No activity 'Charge'/)
  })

  it('takes middleware and other options of a worker', async () => {
    const seen: string[] = []
    await using hub = await createTestHub({
      orchestrations: [orderFlow],
      activities: [stub(charge).delays('1m').returns('r')],
      concurrency: { activities: 1 },
      cache: false,
      startAt: '2024-01-01T00:00:00Z',
      middleware: { activity: [(ctx, next) => (seen.push(ctx.name), next())] },
    })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await hub.advance('1m')
    await order.raiseEvent(approved, { by: 'me' })
    await order.result()
    expect(seen).toEqual(['Charge'])
    expect(hub.worker.cachedInstances).toBe(0)
    expect(hub.clock.nowTicks()).toBe('2024-01-01T00:01:00.000Z')
  })

  it('wraps the service for client and worker', async () => {
    const converter = { encode: (value: unknown) => (value === undefined ? undefined : `x${JSON.stringify(value)}`), decode: (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text.slice(1))) as unknown }
    const echo = defineOrchestration('Echo', async (_ctx, text: string) => text)
    await using hub = await createTestHub({ orchestrations: [echo], wrapService: (service) => Object.assign(service, { converter }) })
    const handle = await hub.client.start(echo, 'hi')
    expect(await handle.result()).toBe('hi')
    expect((await hub.history(handle.instanceId)).find(({ type }) => type === 'ExecutionCompleted')).toMatchObject({ result: 'x"hi"' })
  })

  it('runs on the real clock too, where time is not for tests to move', async () => {
    await using hub = await createTestHub({ orchestrations: [orderFlow], activities: [charge], clock: 'real' })
    const order = await hub.client.start(orderFlow, { id: '7' })
    await order.raiseEvent(approved, { by: 'me' })
    expect(await order.result({ timeout: '10s' })).toEqual({ receipt: 'receipt 7', by: 'me' })
    await hub.runUntilIdle()
    expect(() => hub.clock).toThrow(/real clock/)
    await expect(hub.advance('1s')).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
    expect(hub.service.host.clock).toBe(systemClock)
  })

  it('ends once, with everything in it', async () => {
    const hub: TestHub = await createTestHub({ orchestrations: [orderFlow], activities: [stub(charge).delays('1h')] })
    await hub.client.start(orderFlow, { id: '7' })
    await hub.runUntilIdle()
    await hub.stop()
    await hub.stop()
    expect(hub.worker.state).toBe('stopped')
    expect((hub.clock as VirtualClock).pendingTimers).toBe(0)
    await expect(hub.client.start(orderFlow, { id: '8' })).rejects.toMatchObject({ code: 'DTFX_CLOSED' })
  })
})
