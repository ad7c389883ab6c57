/** What the worker does when the store fails, lies or is slow; and that nothing it keeps in memory outlives a turn that was not committed. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, type Logger } from '@dtfx/core'
import { AmbiguousCommitError, LockLostError, PermanentError, TransientError, deferred, dtfxError, type CommitResult } from '@dtfx/core/provider'
import { createTestHub } from '@dtfx/testing'
import { drive, settle } from './drive.js'
import { firstCalls, tapped } from './tapped-service.js'

const add = defineActivity('Add', async (_ctx, [a, b]: [number, number]) => a + b)
const sum = defineOrchestration('Sum', async (ctx, count: number) => {
  let total = 0
  for (let i = 1; i <= count; i++) total = await ctx.callActivity(add, [total, i])
  return total
})
const definitions = { orchestrations: [sum], activities: [add] }

function errorLog(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = []
  return { lines, logger: { enabled: () => true, log: (level, message) => void (level === 'error' && lines.push(message)) } }
}

describe('a commit', () => {
  it('whose result is unknown is asked for again, and found, when it had taken effect', async () => {
    const tap = tapped({ complete: firstCalls(1, async (next) => next().then(() => Promise.reject(new AmbiguousCommitError('the commit', 'connection lost')))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 3)
    await drive(hub, 60_000)
    expect(await order.result()).toBe(6)
    const ids = tap.log.commits.map(({ checkpoint }) => checkpoint.checkpointId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(tap.log.commits.every(({ outcome }) => outcome === 'committed')).toBe(true)
    expect(tap.log.releases).toEqual([])
  })

  it('whose result is unknown is asked for again, and made, when it had not', async () => {
    const tap = tapped({ complete: firstCalls(3, () => Promise.reject(new AmbiguousCommitError('the commit', 'connection lost'))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 2)
    await drive(hub, 60_000)
    expect(await order.result()).toBe(3)
    expect(tap.log.releases).toEqual([])
  })

  it('that stays unknown gives the item back, so that no lock leaks', async () => {
    const tap = tapped({ complete: () => Promise.reject(new AmbiguousCommitError('the commit', 'connection lost')) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 2)
    await drive(hub, 30_000)
    expect(tap.log.releases[0]).toEqual([])
    delete tap.taps.complete
    await drive(hub, 300_000)
    expect(await order.result()).toBe(3)
    expect(hub.service.occupancy()).toMatchObject({ heldOrchestrations: 0 })
  })

  it('that fails for a passing reason is made again', async () => {
    const tap = tapped({ complete: firstCalls(2, () => Promise.reject(new TransientError('the commit', 'throttled'))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 2)
    await drive(hub, 60_000)
    expect(await order.result()).toBe(3)
  })

  it('that the store refuses for good fails the instance with the reason', async () => {
    const tap = tapped({ complete: (next, checkpoint) => (checkpoint.outbound.length > 0 ? Promise.reject(new PermanentError('the commit', 'payload too large')) : next()) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 2)
    await hub.advance('1m')
    expect(await order.state()).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_PERMANENT' } } })
    expect(hub.service.occupancy()).toMatchObject({ heldOrchestrations: 0, readyOrchestrations: 0 })
  })

  it('that lost its lock is given up without a word to the store, and the turn runs again', async () => {
    const log = errorLog()
    const tap = tapped({ complete: firstCalls(1, () => Promise.reject(new LockLostError('the item'))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService, lockTimeoutMs: 60_000, logger: log.logger })
    const order = await hub.client.start(sum, 2)
    await drive(hub, 300_000)
    expect(await order.result()).toBe(3)
    expect(tap.log.releases).toEqual([])
    expect(log.lines).toEqual([])
  })

  it('that is stale runs again on the new state, and nothing of the old copy is used', async () => {
    let count = 0
    const tap = tapped({
      complete: async (next, _checkpoint, item) => {
        if (++count % 2 === 1) return next()
        await item.release([])
        return { outcome: 'stale' } as CommitResult
      },
    })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 4)
    await hub.advance('5m')
    expect(await order.result()).toBe(10)
    expect(tap.log.commits.filter(({ outcome }) => outcome === 'stale').length).toBeGreaterThan(2)
  })
})

describe('a load', () => {
  it('that fails for a passing reason is tried again, with a growing delay', async () => {
    let calls = 0
    const tap = tapped({ load: async (next) => (++calls <= 4 ? Promise.reject(new TransientError('the load', 'throttled')) : next()) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 2)
    await hub.runUntilIdle()
    expect(calls).toBe(1)
    await hub.advance('1m')
    expect(await order.result()).toBe(3)
  })

  it('that fails always ends in quarantine, with the reason', async () => {
    let calls = 0
    const tap = tapped({ load: async () => Promise.reject((++calls, dtfxError('DTFX_WIRE_INVALID', { what: 'history row 7', problem: 'no JSON' }))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    await hub.client.start(sum, 2, { instanceId: 'damaged' })
    await hub.advance('1h')
    expect(calls).toBe(5)
    const quarantined = []
    for await (const message of hub.service.quarantine.list()) quarantined.push(message)
    expect(quarantined).toMatchObject([{ instanceId: 'damaged', code: 'DTFX_POISON', reason: 'history row 7 is not valid: no JSON' }])
    expect(hub.service.occupancy()).toMatchObject({ heldOrchestrations: 0, readyOrchestrations: 0, delayed: 0 })
  })

  it('that fails and cannot even be given back costs nothing but the lock', async () => {
    const tap = tapped({ load: firstCalls(1, () => Promise.reject(new PermanentError('the load', 'broken'))), release: firstCalls(1, () => Promise.reject(new TransientError('the release', 'throttled'))) })
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService, lockTimeoutMs: 60_000 })
    const order = await hub.client.start(sum, 2)
    await drive(hub, 600_000)
    expect(await order.result()).toBe(3)
  })
})

describe('what is kept in memory', () => {
  it('is used by the next turn, and loads nothing then', async () => {
    const tap = tapped()
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService })
    const order = await hub.client.start(sum, 5)
    await hub.runUntilIdle()
    expect(await order.result()).toBe(15)
    expect(tap.log.loads).toEqual(['loaded', 'unchanged', 'unchanged', 'unchanged', 'unchanged', 'unchanged'])
    expect(hub.worker.cachedInstances).toBe(0)
  })

  it('is used when messages wait while a turn is committed', async () => {
    const burst = defineOrchestration('Burst', async (ctx) => {
      const results = await Promise.all(Array.from({ length: 50 }, (_, i) => ctx.callActivity(add, [i, 0])))
      return results.reduce((a, b) => a + b, 0)
    })
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [burst], activities: [add], wrapService: tap.wrapService, concurrency: { orchestrations: 4, activities: 3 } })
    const order = await hub.client.start(burst)
    await hub.runUntilIdle()
    expect(await order.result()).toBe(1225)
    expect(tap.log.loads.filter((each) => each === 'loaded').length).toBe(1)
  })

  it('is not needed: the same results without', async () => {
    const tap = tapped()
    await using hub = await createTestHub({ ...definitions, wrapService: tap.wrapService, cache: false })
    const order = await hub.client.start(sum, 5)
    await hub.runUntilIdle()
    expect(await order.result()).toBe(15)
    expect(tap.log.loads.every((each) => each === 'loaded')).toBe(true)
  })

  it('never holds more than allowed, and what left it comes back from its history', async () => {
    const wait = defineOrchestration('Wait', async (ctx, n: number) => n + (await ctx.waitForExternalEvent<number>('Go')))
    await using hub = await createTestHub({ orchestrations: [wait], cache: { maxInstances: 3 } })
    const orders = await hub.client.startMany(wait, Array.from({ length: 10 }, (_, n) => ({ input: n })))
    await hub.runUntilIdle()
    expect(hub.worker.cachedInstances).toBe(3)
    for (const order of orders) await order.raiseEvent('Go', 100)
    expect(await Promise.all(orders.map((order) => order.result()))).toEqual(orders.map((_, n) => n + 100))
  })

  it('is discarded with a turn that failed: the next one sees what is stored', async () => {
    let faults = 3
    const seen: boolean[] = []
    await using hub = await createTestHub({
      ...definitions,
      middleware: {
        orchestration: [
          async (ctx, next) => {
            seen.push(ctx.isCached)
            const outcome = await next()
            if (!ctx.newEvents.some((event) => event.type === 'ExecutionStarted') && faults-- > 0) throw new Error('host trouble')
            return outcome
          },
        ],
      },
    })
    const order = await hub.client.start(sum, 3)
    await hub.advance('5m')
    expect(await order.result()).toBe(6)
    expect(seen).toEqual([false, true, false, false, false, true, true])
  })

  it('is discarded when a later generation of the turn failed', async () => {
    let faults = 2
    const relay = defineOrchestration('Relay', async (ctx, round: number) => {
      await ctx.waitForExternalEvent('Go')
      return round === 2 ? round : ctx.continueAsNew(round + 1)
    })
    await using hub = await createTestHub({
      orchestrations: [relay],
      middleware: {
        orchestration: [
          async (ctx, next) => {
            const isSecond = ctx.newEvents.some((event) => event.type === 'ExecutionStarted' && event.generation === 1)
            if (isSecond && faults-- > 0) throw new Error('host trouble')
            return next()
          },
        ],
      },
    })
    const order = await hub.client.start(relay, 1)
    await hub.runUntilIdle()
    await order.raiseEvent('Go')
    await hub.runUntilIdle()
    // The next turn, before the event comes back, is built on what is stored.
    await order.suspend()
    await hub.runUntilIdle()
    expect((await order.state())?.status).toBe('Suspended')
    await order.resume()
    await hub.advance('5m')
    await order.raiseEvent('Go')
    await hub.advance('5m')
    expect(await order.result()).toBe(2)
  })
})

describe('a turn that lost its lock before its code ran', () => {
  it('runs nothing and disturbs no other turn of the same worker', async () => {
    const counter = defineOrchestration('Counter', async (ctx) => {
      const seen: number[] = []
      while (seen.length < 4) seen.push(await ctx.waitForExternalEvent<number>('N'))
      return seen
    })
    let holdUp = 0
    const held: (() => void)[] = []
    const tap = tapped()
    await using hub = await createTestHub({
      orchestrations: [counter],
      lockTimeoutMs: 60_000,
      wrapService: tap.wrapService,
      middleware: {
        orchestration: [
          async (_ctx, next) => {
            if (holdUp-- === 1) await new Promise<void>((resolve) => held.push(resolve))
            return next()
          },
        ],
      },
    })
    const order = await hub.client.start(counter, undefined, { instanceId: 'c' })
    await hub.runUntilIdle()
    holdUp = 1
    await order.raiseEvent('N', 1)
    await settle()
    expect(held.length).toBe(1)
    // Renewals fail, the lock ends, and another slot takes the instance while the first still waits in its middleware.
    tap.taps.renew = () => Promise.reject(new TransientError('the renewal', 'throttled'))
    await drive(hub, 61_000)
    delete tap.taps.renew
    expect(tap.log.commits.length).toBe(2)
    await order.raiseEvent('N', 2)
    await settle()
    // It goes on, and its commit is on its way for long; meanwhile another turn uses what the worker keeps of the instance.
    const late = deferred<void>()
    tap.taps.complete = async (next) => {
      delete tap.taps.complete
      await late.promise
      return next()
    }
    held[0]?.()
    await settle()
    delete tap.taps.complete
    await order.raiseEvent('N', 3)
    await settle()
    late.resolve()
    await order.raiseEvent('N', 4)
    await hub.runUntilIdle()
    expect(await order.result()).toEqual([1, 2, 3, 4])
  })
})
