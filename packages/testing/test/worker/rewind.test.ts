/** Rewind: what failed runs again, what succeeded does not, however often it is done and wherever the failure was. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, type OrchestrationContext } from '@dtfx/core'
import type { HistoryEvent, OutboundMessage } from '@dtfx/core/provider'
import { createTestHub, replayHistory, type TestHub } from '@dtfx/testing'

/** Activities that fail while they are broken, and count their runs. */
function workshop() {
  const broken = new Set<string>()
  const runs = new Map<string, number>()
  const work = defineActivity('Work', async (_ctx, name: string) => {
    runs.set(name, (runs.get(name) ?? 0) + 1)
    if (broken.has(name)) throw new Error(`${name} is broken`)
    return name
  })
  return { work, broken, runs, count: (name: string) => runs.get(name) ?? 0 }
}

async function failed(hub: TestHub, id: string): Promise<void> {
  await hub.advance('1h')
  expect(await hub.client.state(id)).toMatchObject({ status: 'Failed' })
}

describe('rewind', () => {
  it('runs the failed activity again, and what came before not', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => [await ctx.callActivity(shop.work, 'a'), await ctx.callActivity(shop.work, 'b'), await ctx.callActivity(shop.work, 'c')])
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    shop.broken.add('b')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    const before = (await order.state())?.executionId
    shop.broken.clear()
    await order.rewind('fixed')
    expect(await order.result()).toEqual(['a', 'b', 'c'])
    expect([shop.count('a'), shop.count('b'), shop.count('c')]).toEqual([1, 2, 1])
    expect((await order.state())?.executionId).not.toBe(before)
    expect((await order.state())?.failure).toBeUndefined()
    await replayHistory(flow, await order.history())
  })

  it('can fail, and be done, again', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(shop.work, 'a'))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    shop.broken.add('a')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    for (let i = 0; i < 3; i++) {
      await failed(hub, 'f')
      await order.rewind()
      await hub.runUntilIdle()
    }
    shop.broken.clear()
    await failed(hub, 'f')
    await order.rewind()
    expect(await order.result()).toBe('a')
    expect(shop.count('a')).toBe(5)
  })

  it('runs failed siblings again, and those whose answers were dropped when the first one failed', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => Promise.all(['a', 'b', 'c', 'd'].map((name) => ctx.callActivity(shop.work, name))))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work], concurrency: { activities: 1 } })
    shop.broken.add('b').add('d')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    shop.broken.clear()
    await order.rewind()
    await hub.runUntilIdle()
    expect(await order.result()).toEqual(['a', 'b', 'c', 'd'])
    expect(shop.count('a')).toBe(1)
  })

  it('waits anew for timers that were open when it failed', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => {
      const timer = ctx.createTimer('2h')
      await ctx.callActivity(shop.work, 'a')
      await timer
      return 'both'
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    shop.broken.add('a')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    shop.broken.clear()
    await order.rewind()
    await hub.advance('30m')
    expect((await order.state())?.status).toBe('Running')
    await hub.advance('31m')
    expect(await order.result()).toBe('both')
  })

  it('gives a call that used up its retries one more attempt', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(shop.work, 'a', { retry: { maxAttempts: 3, firstDelay: '1s' } }))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    shop.broken.add('a')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    expect(shop.count('a')).toBe(3)
    shop.broken.clear()
    await order.rewind()
    await hub.advance('1m')
    expect(await order.result()).toBe('a')
    expect(shop.count('a')).toBe(4)
  })

  it('gives one more attempt to every call that used up its retries, also when others went on meanwhile', async () => {
    const shop = workshop()
    const twice = { retry: { maxAttempts: 2, firstDelay: '1s' as const } }
    const flow = defineOrchestration('Flow', async (ctx) => Promise.all([ctx.callActivity(shop.work, 'a', twice), ctx.callActivity(shop.work, 'e'), ctx.callActivity(shop.work, 'a', twice)]))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work], concurrency: { activities: 2 }, cache: false })
    shop.broken.add('a')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    shop.broken.clear()
    await order.rewind()
    await hub.advance('1m')
    expect(await order.result()).toEqual(['a', 'e', 'a'])
  })

  it('keeps failures that the code had handled', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => {
      const first = await ctx.callActivity(shop.work, 'a').catch(() => 'handled')
      await ctx.callActivity(shop.work, 'b')
      return first
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    shop.broken.add('a').add('b')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    shop.broken.clear()
    await order.rewind()
    expect(await order.result()).toBe('handled')
    expect([shop.count('a'), shop.count('b')]).toEqual([1, 2])
  })

  it('reaches the failed leaf of a tree, through children and their children', async () => {
    const shop = workshop()
    const leaf = defineOrchestration('Leaf', async (ctx, name: string) => ctx.callActivity(shop.work, name))
    const middle = defineOrchestration('Middle', async (ctx, names: string[]) => Promise.all(names.map((name) => ctx.callSubOrchestration(leaf, name, { instanceId: name }))))
    const top = defineOrchestration('Top', async (ctx) => [...(await ctx.callSubOrchestration(middle, ['a', 'b'], { instanceId: 'm1' })), ...(await ctx.callSubOrchestration(middle, ['c'], { instanceId: 'm2' }))])
    await using hub = await createTestHub({ orchestrations: [leaf, middle, top], activities: [shop.work] })
    shop.broken.add('b')
    const order = await hub.client.start(top, undefined, { instanceId: 't' })
    await failed(hub, 't')
    await failed(hub, 'm1')
    shop.broken.clear()
    await order.rewind()
    await hub.runUntilIdle()
    expect(await order.result()).toEqual(['a', 'b', 'c'])
    expect(shop.count('b')).toBe(2)
    expect((await hub.client.state('m1'))?.parent?.executionId).toBe((await order.state())?.executionId)
    for (const id of ['t', 'm1', 'm2', 'a', 'b', 'c']) expect((await hub.client.state(id))?.status).toBe('Completed')
  })

  it('starts children anew that were terminated, and ends those that still ran', async () => {
    const shop = workshop()
    const slow = defineOrchestration('Slow', async (ctx, name: string) => `${name} ${await ctx.waitForExternalEvent<string>('Go')}`)
    const flow = defineOrchestration('Flow', async (ctx) => Promise.all([ctx.callSubOrchestration(slow, 'x'), ctx.callSubOrchestration(slow, 'y'), ctx.callActivity(shop.work, 'a')]))
    await using hub = await createTestHub({ orchestrations: [slow, flow], activities: [shop.work] })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await hub.runUntilIdle()
    const ids = (await hub.history('f')).flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))
    await hub.client.terminate(ids[0] as string)
    await failed(hub, 'f')
    await order.rewind()
    await hub.runUntilIdle()
    expect(await Promise.all(ids.map(async (id) => (await hub.client.state(id))?.status))).toEqual(['Terminated', 'Terminated'])
    const again = (await hub.history('f')).flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))
    expect(new Set([...ids, ...again]).size).toBe(4)
    for (const id of again) await hub.client.raiseEvent(id, 'Go', 'on')
    expect(await order.result()).toEqual(['x on', 'y on', 'a'])
    expect(shop.count('a')).toBe(1)
  })

  it('does not touch what belongs to another parent: an id that was in use is asked for again', async () => {
    const slow = defineOrchestration('Slow', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callSubOrchestration(slow, undefined, { instanceId: 'shared' }))
    await using hub = await createTestHub({ orchestrations: [slow, flow] })
    const owner = await hub.client.start(slow, undefined, { instanceId: 'shared' })
    await hub.runUntilIdle()
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    await owner.terminate()
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    await hub.client.raiseEvent('shared', 'Go', 'mine')
    expect(await order.result()).toBe('mine')
  })

  it('of code that failed by itself runs the mended code on the same history', async () => {
    let isMended = false
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => {
      const a = await ctx.callActivity(shop.work, 'a')
      if (!isMended) throw new Error('a bug')
      return a
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work] })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    isMended = true
    await order.rewind()
    expect(await order.result()).toBe('a')
    expect(shop.count('a')).toBe(1)
  })

  it('keeps events that came before it, and those sent right after it', async () => {
    const shop = workshop()
    const flow = defineOrchestration('Flow', async (ctx) => {
      await ctx.callActivity(shop.work, 'a')
      return [await ctx.waitForExternalEvent<string>('E'), await ctx.waitForExternalEvent<string>('E')]
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [shop.work], concurrency: { activities: 1 } })
    shop.broken.add('a')
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await order.raiseEvent('E', 'before')
    await failed(hub, 'f')
    await order.raiseEvent('E', 'lost: it was over')
    await hub.runUntilIdle()
    shop.broken.clear()
    const to = (id: string, event: HistoryEvent): OutboundMessage => ({ id, target: { kind: 'instance', instanceId: 'f' }, message: { instance: { instanceId: 'f' }, event } })
    const head = { eventId: -1, timestamp: '2030-01-01T01:00:00.000Z' }
    await hub.service.client.send([to('r', { type: 'ExecutionRewound', ...head }), to('e', { type: 'EventRaised', ...head, name: 'E', input: '"after"' })])
    await hub.runUntilIdle()
    expect(await order.result()).toEqual(['before', 'after'])
  })

  it('of an instance that did not fail changes nothing', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
    await using hub = await createTestHub({ orchestrations: [flow] })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await hub.runUntilIdle()
    const rewind = { id: 'r', target: { kind: 'instance' as const, instanceId: 'f' }, message: { instance: { instanceId: 'f' }, event: { type: 'ExecutionRewound' as const, eventId: -1, timestamp: '2030-01-01T00:00:00.000Z' } } }
    await hub.service.client.send([rewind])
    await order.raiseEvent('Go', 'x')
    expect(await order.result()).toBe('x')
    await hub.service.client.send([{ ...rewind, id: 'r2' }])
    await hub.runUntilIdle()
    expect((await order.state())?.status).toBe('Completed')
  })
})

type Plan = { readonly kind: 'work'; readonly name: string; readonly retries: number; readonly handled: boolean } | { readonly kind: 'all' | 'each' | 'child'; readonly steps: readonly Plan[] } | { readonly kind: 'timer'; readonly minutes: number }

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('work' as const), name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), retries: fc.constantFrom(0, 0, 2), handled: fc.constantFrom(false, false, true) }),
    fc.record({ kind: fc.constant('timer' as const), minutes: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constantFrom('all' as const, 'each' as const, 'child' as const), steps: fc.array(tie('plan'), { minLength: 1, maxLength: 4 }) }),
  ),
}))

describe('rewind of any program', () => {
  it('completes it once nothing is broken any more, with a history that replays', async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.subarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 }), fc.boolean(), async (program, broken, isCached) => {
        const shop = workshop()
        const child = defineOrchestration('Child', async (ctx, steps: readonly Plan[]) => each(ctx as OrchestrationContext, steps))
        const run = async (ctx: OrchestrationContext, step: Plan): Promise<unknown> => {
          if (step.kind === 'timer') return ctx.createTimer(`${step.minutes}m`).then(() => 'time')
          if (step.kind === 'all') return Promise.all(step.steps.map((each) => run(ctx, each)))
          if (step.kind === 'each') return each(ctx, step.steps)
          if (step.kind !== 'work') return ctx.callSubOrchestration(child, step.steps)
          const call = ctx.callActivity(shop.work, step.name, step.retries === 0 ? {} : { retry: { maxAttempts: step.retries, firstDelay: '1s' } })
          return step.handled ? call.catch(() => ctx.callActivity(shop.work, 'fallback')) : call
        }
        async function each(ctx: OrchestrationContext, steps: readonly Plan[]): Promise<unknown[]> {
          const results: unknown[] = []
          for (const step of steps) results.push(await run(ctx, step))
          return results
        }
        const flow = defineOrchestration('Flow', async (ctx) => run(ctx as OrchestrationContext, program))
        await using hub = await createTestHub({ orchestrations: [flow, child], activities: [shop.work], concurrency: { activities: 2 }, cache: isCached ? {} : false })
        for (const name of broken) shop.broken.add(name)
        const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
        await hub.advance('2h')
        shop.broken.clear()
        if ((await order.state())?.status === 'Failed') await order.rewind()
        await hub.advance('2h')
        expect(await order.state()).toMatchObject({ status: 'Completed' })
        await replayHistory(flow, await order.history())
      }),
      { numRuns: 60 },
    )
  })
})
