import { describe, expect, it } from 'vitest'
import { deferred } from '../../src/base/deferred.js'
import { LockLostError, TransientError } from '../../src/errors/provider-errors.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import { Dispatcher } from '../../src/worker/dispatcher.js'
import { InstanceCache, type CachedInstance } from '../../src/worker/instance-cache.js'
import { LockRenewer, type Renewable } from '../../src/worker/lock-renewer.js'
import { limitRate } from '../../src/worker/rate-limit.js'
import { addMs, type Ticks } from '../../src/base/ticks.js'
import { started } from '../engine/history-events.js'
import { hostOn, ManualClock, settle, stateOf } from './worker-fixtures.js'

describe('InstanceCache', () => {
  const entry = (executionId: string): CachedInstance => ({
    version: 1,
    runtime: new RuntimeState('i', [started('f', undefined, { instance: { instanceId: 'i', executionId } })]),
    state: stateOf({ executionId }),
    consumedIds: { deleted: [], pending: [] },
    bytes: 1,
  })
  const cacheOf = (max: number) => {
    const evicted: string[] = []
    return { evicted, cache: new InstanceCache({ maxInstances: max, maxBytes: 1_000 }, ({ runtime }) => evicted.push(runtime.executionId)) }
  }

  it('evicts the oldest, but not what was used since', () => {
    const { cache, evicted } = cacheOf(2)
    cache.put('a', entry('a'))
    cache.put('b', entry('b'))
    cache.get('a')
    cache.put('c', entry('c'))
    expect([evicted, cache.size, cache.get('b')]).toEqual([['b'], 2, undefined])
  })

  it('ends also when everything was used', () => {
    const { cache, evicted } = cacheOf(2)
    for (const id of ['a', 'b']) cache.put(id, entry(id))
    for (const id of ['a', 'b']) cache.get(id)
    cache.put('c', entry('c'))
    expect([evicted.length, cache.size]).toEqual([1, 2])
  })

  it('forgets an execution that another one of the instance follows, not one that goes on', () => {
    const { cache, evicted } = cacheOf(2)
    cache.put('a', entry('a1'))
    cache.put('a', entry('a1'))
    expect(evicted).toEqual([])
    cache.put('a', entry('a2'))
    expect(evicted).toEqual(['a1'])
    cache.clear()
    expect([evicted, cache.size]).toEqual([['a1', 'a2'], 0])
  })

  it('of size 0 keeps nothing', () => {
    const { cache, evicted } = cacheOf(0)
    cache.put('a', entry('a'))
    expect([evicted, cache.size]).toEqual([['a'], 0])
  })
})

describe('LockRenewer', () => {
  const clockAndItem = (renew: (now: Ticks) => Promise<{ lockedUntil: Ticks | undefined; instanceGone?: true }>) => {
    const clock = new ManualClock()
    const item = { lockedUntil: addMs(clock.nowTicks(), 60_000), renewals: 0, renew: () => (item.renewals++, renew(clock.nowTicks())) }
    const told: string[] = []
    const renewer = new LockRenewer<Renewable>(clock, { lost: (slot) => told.push(`lost ${slot}`), instanceGone: (slot) => told.push(`gone ${slot}`) })
    return { clock, item, told, renewer }
  }
  const extend = (now: Ticks) => Promise.resolve({ lockedUntil: addMs(now, 60_000) })

  it('renews what has less than half of its lock left, again and again', async () => {
    const { clock, item, told, renewer } = clockAndItem(extend)
    renewer.watch(0, item)
    await clock.advance(29_000)
    expect(item.renewals).toBe(0)
    await clock.advance(300_000)
    expect(item.renewals).toBeGreaterThanOrEqual(8)
    expect(told).toEqual([])
    renewer.unwatch(0)
    await clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it('tells once that the lock is lost', async () => {
    const { clock, item, told, renewer } = clockAndItem(() => Promise.reject(new LockLostError('x')))
    renewer.watch(3, item)
    await clock.advance(200_000)
    expect([told, item.renewals]).toEqual([['lost 3'], 1])
  })

  it('tries again while the lock lasts when renewing fails for another reason', async () => {
    let failures = 1
    const { clock, item, told, renewer } = clockAndItem((now) => (failures-- > 0 ? Promise.reject(new TransientError('renewing', 'busy')) : extend(now)))
    renewer.watch(0, item)
    await clock.advance(59_000)
    expect([told, item.renewals]).toEqual([[], 2])
  })

  it('tells that nobody waits any more', async () => {
    const { clock, item, told, renewer } = clockAndItem(async (now) => ({ ...(await extend(now)), instanceGone: true }))
    renewer.watch(1, item)
    await clock.advance(31_000)
    expect(told).toEqual(['gone 1'])
  })

  it('says nothing of an item that has ended meanwhile, and sets no timer for locks without end', async () => {
    const gate = deferred<never>()
    const { clock, item, told, renewer } = clockAndItem(() => gate.promise)
    renewer.watch(0, item)
    await clock.advance(31_000)
    renewer.unwatch(0)
    gate.reject(new LockLostError('x'))
    await settle()
    expect(told).toEqual([])
    renewer.stop()
    const endless = new LockRenewer<Renewable>(clock, { lost: () => {} })
    endless.watch(0, { lockedUntil: undefined, renew: () => Promise.resolve({ lockedUntil: undefined }) })
    expect(clock.pending).toBe(0)
  })
})

describe('limitRate', () => {
  it.each([1, 10, 100])('lets %i items a second arrive, whoever asks', async (perSecond) => {
    const clock = new ManualClock()
    let arrived = 0
    const fetch = limitRate(() => Promise.resolve(++arrived), perSecond, clock)
    const { signal } = new AbortController()
    for (let i = 0; i < perSecond * 20; i++) void fetch(signal)
    await settle()
    expect(arrived).toBeLessThanOrEqual(Math.max(1, perSecond / 10))
    await clock.advance(10_000)
    expect(arrived).toBeGreaterThanOrEqual(perSecond * 10)
    expect(arrived).toBeLessThanOrEqual(perSecond * 10 + Math.max(1, perSecond / 10))
  })

  it('fetches nothing after a stop, and a failed fetch costs the next one nothing', async () => {
    const clock = new ManualClock()
    const stop = new AbortController()
    let calls = 0
    const fetch = limitRate(() => (++calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(calls)), 1, clock)
    await expect(fetch(stop.signal)).rejects.toThrow('down')
    expect(await fetch(stop.signal)).toBe(2)
    const waiting = fetch(stop.signal)
    const refused = expect(waiting).rejects.toThrow()
    await settle()
    stop.abort()
    await refused
    expect(calls).toBe(2)
  })
})

describe('Dispatcher', () => {
  const worksOn = (concurrency: number, process: (item: number) => Promise<void>, fetch?: (signal: AbortSignal) => Promise<number>) => {
    const clock = new ManualClock()
    const waiting: ((item: number) => void)[] = []
    const returned: number[] = []
    const next = (signal: AbortSignal): Promise<number> =>
      new Promise((resolve, reject) => {
        waiting.push(resolve)
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    const plan = { name: 'test', gauge: 'dtfx.activities.active' as const, concurrency, host: hostOn(clock), fetch: fetch ?? next, process, giveBack: (item: number) => (returned.push(item), Promise.resolve()) }
    return { clock, waiting, returned, dispatcher: new Dispatcher<number>(plan) }
  }

  it('asks for as much as it has free slots', async () => {
    const gates = [deferred<void>(), deferred<void>()]
    const { waiting, dispatcher } = worksOn(2, (item) => (gates[item] as (typeof gates)[0]).promise)
    dispatcher.start()
    await settle()
    expect(waiting).toHaveLength(2)
    waiting[0]?.(0)
    await settle()
    expect([waiting.length, dispatcher.active]).toEqual([2, 1])
    gates[0]?.resolve()
    await settle()
    expect([waiting.length, dispatcher.active]).toEqual([3, 0])
    expect(await dispatcher.stop(0)).toBe(0)
  })

  it('goes on after an error of fetch or process, with a growing delay', async () => {
    let calls = 0
    const { clock, dispatcher } = worksOn(1, () => Promise.reject(new Error('process')), () => (++calls % 2 === 1 ? Promise.reject(new Error('fetch')) : Promise.resolve(calls)))
    dispatcher.start()
    await settle()
    expect(calls).toBe(1)
    await clock.advance(60)
    expect(calls).toBe(2)
    await clock.advance(60_000)
    expect(calls).toBeGreaterThan(5)
    expect(calls).toBeLessThan(30)
    await dispatcher.stop(0)
  })

  it('waits at a stop for what is in progress, until the deadline', async () => {
    const gate = deferred<void>()
    const { clock, waiting, dispatcher } = worksOn(1, () => gate.promise)
    dispatcher.start()
    await settle()
    waiting[0]?.(0)
    await settle()
    const stopping = dispatcher.stop(1_000)
    await clock.advance(1_000)
    expect(await stopping).toBe(1)
    gate.resolve()
    expect(await dispatcher.stop(1_000)).toBe(0)
  })

  it('gives back what was locked at the moment of the stop', async () => {
    const item = deferred<number>()
    const { returned, dispatcher } = worksOn(1, () => Promise.resolve(), () => item.promise)
    dispatcher.start()
    const stopping = dispatcher.stop(1_000)
    item.resolve(7)
    await stopping
    expect(returned).toEqual([7])
  })
})
