/**
 * Many orchestrations on a store that fails at random: commits and results that are ambiguous before or after they took effect, or throttled; loads that fail; middleware that throws
 * before and after the work; a restart in between. Every outcome must be right, nothing may be applied twice, nothing may be left behind. Seeds are printed with the test; the same seed does the same.
 */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineEvent, defineOrchestration, type TaskHubWorkerOptions } from '@dtfx/core'
import { AmbiguousCommitError, seededRandom, TransientError, type Random } from '@dtfx/core/provider'
import { createTestHub } from '@dtfx/testing'
import { drive } from './drive.js'
import { tapped } from './tapped-service.js'

const add = defineActivity('Add', async (_ctx, [a, b]: [number, number]) => a + b)
const tick = defineEvent<number>('Tick')
const child = defineOrchestration('Child', async (ctx, n: number) => ctx.callActivity(add, [n, 1]))
const sums = defineOrchestration('Sums', async (ctx, n: number) => {
  const parallel = await Promise.all(Array.from({ length: n }, (_, i) => ctx.callActivity(add, [i, i])))
  const one = await ctx.callSubOrchestration(child, n)
  await ctx.createTimer('10s')
  return parallel.reduce((a, b) => a + b, 0) + one
})
const counts = defineOrchestration('Counts', async (ctx, { left, total }: { left: number; total: number }) => {
  const value = await ctx.waitForExternalEvent(tick)
  const next = { left: left - 1, total: total + value }
  return next.left === 0 ? next.total : ctx.continueAsNew(next)
})

/** With probability `share`, one of the failures instead of (or after) the call. */
function unreliable<T>(random: Random, share: number, next: () => Promise<T>): Promise<T> {
  const dice = random.next()
  if (dice >= share) return next()
  const kind = Math.floor((dice / share) * 3)
  if (kind === 0) return Promise.reject(new TransientError('the store', 'throttled'))
  if (kind === 1) return Promise.reject(new AmbiguousCommitError('the write', 'before'))
  return next().then(() => Promise.reject(new AmbiguousCommitError('the write', 'after')))
}

async function survive(seed: number, worker: TaskHubWorkerOptions): Promise<void> {
  const random = seededRandom(seed)
  const faulty = { share: 0.15 }
  const tap = tapped({
    load: (next) => (random.next() < faulty.share / 3 ? Promise.reject(new TransientError('a load', 'throttled')) : next()),
    complete: (next) => unreliable(random, faulty.share, () => next()),
    completeActivity: (next) => unreliable(random, faulty.share, next),
  })
  const maybe = async <T>(_ctx: unknown, next: () => Promise<T>): Promise<T> => {
    if (random.next() < faulty.share / 3) throw new Error('middleware before')
    const outcome = await next()
    if (random.next() < faulty.share / 3) throw new Error('middleware after')
    return outcome
  }
  const definitions = { orchestrations: [sums, child, counts], activities: [add] }
  await using hub = await createTestHub({ ...definitions, ...worker, seed, maxFaults: 1000, wrapService: tap.wrapService, middleware: { orchestration: [maybe], activity: [maybe] } })
  const sumHandles = await Promise.all([1, 3, 5, 8].map((n) => hub.client.start(sums, n)))
  const countHandle = await hub.client.start(counts, { left: 12, total: 0 })
  for (let i = 1; i <= 12; i++) {
    await countHandle.raiseEvent(tick, i)
    if (i % 4 === 0) await drive(hub, 3_000)
    if (i === 8) await hub.restartWorker()
  }
  await drive(hub, 600_000)
  faulty.share = 0
  await drive(hub, 600_000)
  expect(await Promise.all(sumHandles.map((handle) => handle.result()))).toEqual([1, 3, 5, 8].map((n) => n * (n - 1) + n + 1))
  expect(await countHandle.result()).toBe(78)
  expect(hub.service.occupancy()).toMatchObject({ heldOrchestrations: 0, heldActivities: 0 })
}

describe.each<[string, TaskHubWorkerOptions]>([
  ['cached', {}],
  ['cache off', { cache: false }],
  ['one instance cached', { cache: { maxInstances: 1 } }],
])('a store that fails at random, %s', (_name, options) => {
  it.each(Array.from({ length: 12 }, (_, i) => i + 1))('seed %i', (seed) => survive(seed, options))
})
