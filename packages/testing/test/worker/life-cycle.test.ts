/** Pending, suspended, terminated, finished and created anew; and continue-as-new with what is in flight. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, TaskHubWorker } from '@dtfx/core'
import { limits } from '@dtfx/core/provider'
import { createTestHub } from '@dtfx/testing'
import { tapped } from './tapped-service.js'

const waiting = defineOrchestration('Waiting', async (ctx, label: string) => `${label} got ${await ctx.waitForExternalEvent<string>('Go')}`)
const typesOf = (events: readonly { readonly type: string }[]): string[] => events.map(({ type }) => type)

describe('the history of a run', () => {
  it('has exactly these events', async () => {
    const one = defineActivity('One', async () => 1)
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(one))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [one] })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await order.result()
    const history = await hub.history('f')
    expect(typesOf(history)).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'OrchestratorCompleted', 'OrchestratorStarted', 'TaskCompleted', 'ExecutionCompleted', 'OrchestratorCompleted'])
    expect(history.map(({ eventId }) => eventId)).toEqual([-1, -1, 0, -1, -1, -1, 1, -1])
    expect(history[2]).toMatchObject({ name: 'One', messageId: `${order.executionId}/0` })
    expect(history[2]).not.toHaveProperty('input', expect.anything())
  })
})

describe('a pending instance', () => {
  const startAt = new Date('2030-01-01T01:00:00Z')

  it('starts at its time, with the events that came before', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x', { startAt })
    await order.raiseEvent('Go', 'early')
    await hub.advance('59m')
    expect((await order.state())?.status).toBe('Pending')
    await hub.advance('1m')
    expect(await order.result()).toBe('x got early')
  })

  it('is terminated at once, without a trace of code, and stays so when its start arrives', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x', { startAt, instanceId: 'p' })
    await order.raiseEvent('Go', 'early')
    await order.terminate('no need')
    await hub.advance('1s')
    await expect(order.result()).rejects.toMatchObject({ reason: 'no need' })
    expect(typesOf(await hub.history('p'))).toEqual(['OrchestratorStarted', 'ExecutionTerminated', 'ExecutionCompleted', 'OrchestratorCompleted'])
    await hub.advance('2h')
    expect((await order.state())?.status).toBe('Terminated')
    expect((await hub.history('p')).length).toBe(4)
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0, delayed: 0 })
  })

  it('can be suspended before it starts', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x', { startAt })
    await order.suspend('hold')
    await order.raiseEvent('Go', 'early')
    await hub.advance('2h')
    expect((await order.state())?.status).toBe('Suspended')
    await order.resume()
    expect(await order.result()).toBe('x got early')
  })
})

describe('a suspended instance', () => {
  it('takes answers, decides nothing, and goes on where it was; also after a restart of the worker', async () => {
    const calls: number[] = []
    const step = defineActivity('Step', async (_ctx, n: number) => calls.push(n))
    const flow = defineOrchestration('Flow', async (ctx) => {
      await ctx.callActivity(step, 1)
      await ctx.waitForExternalEvent('Go')
      await ctx.callActivity(step, 2)
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [step] })
    const order = await hub.client.start(flow)
    await hub.runUntilIdle()
    await order.suspend()
    await order.raiseEvent('Go')
    await hub.runUntilIdle()
    await hub.restartWorker()
    await hub.runUntilIdle()
    expect(calls).toEqual([1])
    expect((await order.state())?.status).toBe('Suspended')
    await order.resume()
    await order.result()
    expect(calls).toEqual([1, 2])
  })

  it('can be terminated', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x')
    await hub.runUntilIdle()
    await order.suspend()
    await order.terminate('over')
    await expect(order.result()).rejects.toMatchObject({ reason: 'over' })
  })
})

describe('a finished id', () => {
  it('that is created anew begins with an empty history, and remembers nothing of before but consumed ids', async () => {
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [waiting], wrapService: tap.wrapService })
    const first = await hub.client.start(waiting, 'one', { instanceId: 'i' })
    await hub.runUntilIdle()
    await first.raiseEvent('Go', 'a')
    await first.result()
    const second = await hub.client.start(waiting, 'two', { instanceId: 'i', reuse: 'replaceFinished' })
    await hub.runUntilIdle()
    expect(await second.state()).toMatchObject({ status: 'Running', input: 'two', failure: undefined, completedAt: undefined })
    await second.raiseEvent('Go', 'b')
    expect(await second.result()).toBe('two got b')
    expect((await hub.history('i')).filter(({ type }) => type === 'ExecutionStarted').length).toBe(1)
  })

  it('restarts with a history of its own also when the store still holds the old one', async () => {
    const old = [
      { type: 'OrchestratorStarted', eventId: -1, timestamp: '2029-01-01T00:00:00.000Z' },
      { type: 'ExecutionStarted', eventId: -1, timestamp: '2029-01-01T00:00:00.000Z', name: 'Waiting', instance: { instanceId: 'i', executionId: 'old' } },
      { type: 'ExecutionCompleted', eventId: 0, timestamp: '2029-01-01T00:00:00.000Z', status: 'Completed' },
    ] as const
    const tap = tapped({
      load: async (next) => {
        const found = await next()
        return found !== 'unchanged' && found.state?.status === 'Pending' ? { ...found, history: old } : found
      },
    })
    await using hub = await createTestHub({ orchestrations: [waiting], wrapService: tap.wrapService })
    const order = await hub.client.start(waiting, 'x', { instanceId: 'i' })
    await hub.runUntilIdle()
    expect(tap.log.commits[0]?.checkpoint.history.kind).toBe('replace')
    await order.raiseEvent('Go', 'it')
    expect(await order.result()).toBe('x got it')
  })

  it('drops what is sent to it, once', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x', { instanceId: 'i' })
    await order.raiseEvent('Go', 'it')
    await order.result()
    const before = await hub.history('i')
    await hub.client.raiseEvent('i', 'Go', 'again')
    await hub.client.suspend('i')
    await hub.client.resume('i')
    await hub.client.terminate('i')
    await hub.client.raiseEvent('never existed', 'Go')
    await hub.runUntilIdle()
    expect(await hub.history('i')).toEqual(before)
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0, heldOrchestrations: 0, delayed: 0 })
  })
})

describe('more messages than one turn takes', () => {
  it('are taken by the next turns, in order', async () => {
    const count = limits.maxUnscheduledMessagesPerTurn * 2 + 10
    const collect = defineOrchestration('Collect', async (ctx) => {
      const seen: number[] = []
      while (seen.length < count) seen.push(await ctx.waitForExternalEvent<number>('N'))
      return seen
    })
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [collect], wrapService: tap.wrapService })
    const order = await hub.client.start(collect, undefined, { startAt: new Date('2030-01-01T00:01:00Z') })
    for (let i = 0; i < count; i++) await order.raiseEvent('N', i)
    await hub.advance('1m')
    expect(await order.result()).toEqual(Array.from({ length: count }, (_, i) => i))
    expect(tap.log.commits.length).toBeGreaterThanOrEqual(3)
    for (const { checkpoint } of tap.log.commits) expect((checkpoint.consumedIds?.deleted ?? []).length).toBeLessThanOrEqual(limits.maxConsumedIds)
  })
})

describe('continue-as-new', () => {
  const loop = defineOrchestration('Loop', async (ctx, n: number) => (n === 0 ? 'done' : ctx.continueAsNew(n - 1)))

  it('runs a bounded number of generations per work item, and others get their turn', async () => {
    const tap = tapped()
    const order: string[] = []
    const note = defineActivity('Note', async (_ctx, text: string) => void order.push(text))
    const short = defineOrchestration('Short', async (ctx) => ctx.callActivity(note, 'short'))
    const forever = defineOrchestration('Forever', async (ctx, n: number) => {
      if (n >= 500) return 'enough'
      if (n % 100 === 99) await ctx.callActivity(note, `loop ${n}`)
      return ctx.continueAsNew(n + 1)
    })
    await using hub = await createTestHub({ orchestrations: [forever, short], activities: [note], wrapService: tap.wrapService, concurrency: { orchestrations: 1, activities: 1 } })
    const long = await hub.client.start(forever, 0, { instanceId: 'long' })
    await hub.client.start(short)
    await hub.runUntilIdle()
    expect(await long.result()).toBe('enough')
    expect(order.indexOf('short')).toBeLessThan(2)
    expect(tap.log.commits.filter(({ checkpoint }) => checkpoint.state?.instanceId === 'long').length).toBeGreaterThanOrEqual(50)
    expect(await long.state()).toMatchObject({ generation: 500, status: 'Completed' })
    expect(hub.service.occupancy()).toMatchObject({ delayed: 0, readyOrchestrations: 0 })
  })

  it('beyond the bound leaves a generation that any worker can begin', async () => {
    await using hub = await createTestHub({ orchestrations: [loop] })
    const order = await hub.client.start(loop, limits.maxGenerationsPerTurn * 3)
    await hub.restartWorker()
    expect(await order.result()).toBe('done')
  })

  it('loses no event, whenever it arrives, and keeps their order', async () => {
    const collect = defineOrchestration('Collect', async (ctx, seen: number[]): Promise<number[]> => {
      if (seen.length === 60) return seen
      const next = await ctx.waitForExternalEvent<number>('N')
      return ctx.continueAsNew([...seen, next]) as never
    })
    await using hub = await createTestHub({ orchestrations: [collect] })
    const order = await hub.client.start(collect, [])
    for (let i = 0; i < 60; i++) {
      await order.raiseEvent('N', i)
      if (i % 7 === 0) await hub.runUntilIdle()
    }
    expect(await order.result()).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  it('drops answers and timers of the generation before', async () => {
    const results: string[] = []
    const slow = defineActivity('Slow', async (ctx) => void results.push(ctx.executionId ?? ''))
    const flow = defineOrchestration('Flow', async (ctx, n: number) => {
      if (n === 2) return ctx.executionId
      void ctx.callActivity(slow)
      void ctx.createTimer('1h')
      await ctx.createTimer('1m')
      return ctx.continueAsNew(n + 1)
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [slow] })
    const order = await hub.client.start(flow, 0)
    await hub.advance('3h')
    const last = await order.result()
    expect(results.length).toBe(2)
    expect(new Set([...results, last]).size).toBe(3)
    expect(hub.service.occupancy()).toMatchObject({ delayed: 0, readyOrchestrations: 0 })
  })

  it('terminated in the same batch stays terminated', async () => {
    const flow = defineOrchestration('Flow', async (ctx, n: number) => {
      await ctx.waitForExternalEvent('Go')
      return ctx.continueAsNew(n + 1)
    })
    await using hub = await createTestHub({ orchestrations: [flow] })
    const order = await hub.client.start(flow, 0)
    await hub.runUntilIdle()
    await Promise.all([order.raiseEvent('Go'), order.terminate('stop')])
    await hub.runUntilIdle()
    expect(await order.state()).toMatchObject({ status: 'Terminated' })
  })

  it('to a version this worker does not take stores the generation for one that does', async () => {
    const versions = (version: string) =>
      defineOrchestration('V', async (ctx, n: number) => (n === 0 ? ctx.continueAsNew(1, { version: '2' }) : `v${version}`), { version })
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [versions('1')], wrapService: tap.wrapService, version: '1', versionMatch: 'strict' })
    const order = await hub.client.start(versions('1'), 0, { instanceId: 'v' })
    await hub.advance('10s')
    expect(await order.state()).toMatchObject({ status: 'Running', version: '2', generation: 1 })
    expect(typesOf(await hub.history('v'))).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'OrchestratorCompleted'])
    await using newer = new TaskHubWorker(hub.service, { orchestrations: [versions('2')], version: '2', versionMatch: 'strict' })
    await newer.start()
    await hub.advance('1m')
    expect(await order.result()).toBe('v2')
    await newer.stop({ deadline: 0 })
  })
})
