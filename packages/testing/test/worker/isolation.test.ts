import { describe, expect, it } from 'vitest'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { deferred, type HistoryEvent, type InstanceSnapshot } from '@dtfx/core/provider'
import { activitySleep, createTestHub } from '@dtfx/testing'
import { tapped } from './tapped-service.js'

const go = defineEvent<number>('Go')
const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent(go))

describe('what is broken stays alone', () => {
  it('a message nobody understands is set aside; others of the instance proceed', async () => {
    await using hub = await createTestHub({ orchestrations: [waits] })
    const handle = await hub.client.start(waits)
    await hub.runUntilIdle()
    const instance = { instanceId: handle.instanceId }
    const event = { type: 'Nonsense', eventId: -1, timestamp: hub.clock.nowTicks() } as unknown as HistoryEvent
    await hub.service.client.send([{ id: 'poison', target: { kind: 'instance', instanceId: handle.instanceId }, message: { event, instance } }])
    await handle.raiseEvent(go, 7)
    expect(await handle.result()).toBe(7)
    const aside: string[] = []
    for await (const each of hub.service.quarantine.list()) aside.push(`${each.id} ${each.code}`)
    expect(aside).toEqual(['poison DTFX_POISON'])
  })

  it('a damaged history fails its own instance, with a code', async () => {
    const broken = { id: '' }
    const service = tapped({
      load: async (next, item) => {
        const found = await next()
        if (found === 'unchanged' || item.instanceId !== broken.id) return found
        return { ...found, history: [...found.history, ...found.history] } as InstanceSnapshot
      },
    })
    await using hub = await createTestHub({ orchestrations: [waits], wrapService: service.wrapService, cache: false })
    const sick = await hub.client.start(waits)
    const well = await hub.client.start(waits)
    await hub.runUntilIdle()
    broken.id = sick.instanceId
    await sick.raiseEvent(go, 1)
    await well.raiseEvent(go, 2)
    expect(await well.result()).toBe(2)
    await expect(sick.result()).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_HISTORY_CORRUPT' } } })
  })

  it('an orchestration that awaits fetch fails with a code; others go on', async () => {
    const fetches = defineOrchestration('Fetches', async () => {
      await fetch('http://127.0.0.1:9/')
    })
    await using hub = await createTestHub({ orchestrations: [fetches, waits], determinism: 'strict' })
    const bad = await hub.client.start(fetches)
    const good = await hub.client.start(waits)
    await good.raiseEvent(go, 3)
    await expect(bad.result()).rejects.toMatchObject({ failure: { properties: { code: expect.stringMatching(/^DTFX_/) as string } } })
    expect(await good.result()).toBe(3)
  })

  it('an activity that ends after its instance changes nothing', async () => {
    const gate = deferred<string>()
    const begun = deferred<void>()
    const slow = defineActivity('Slow', async () => {
      begun.resolve()
      return gate.promise
    })
    const hasty = defineOrchestration('Hasty', async (ctx) => {
      void ctx.callActivity(slow).catch(() => {})
      await ctx.waitForExternalEvent(go)
      return 'done'
    })
    await using hub = await createTestHub({ orchestrations: [hasty], activities: [slow] })
    const handle = await hub.client.start(hasty)
    await begun.promise
    await handle.raiseEvent(go, 1)
    expect(await handle.result()).toBe('done')
    const before = await hub.history(handle.instanceId)
    gate.resolve('late')
    await hub.runUntilIdle()
    expect(await hub.history(handle.instanceId)).toEqual(before)
    expect(hub.service.occupancy()).toMatchObject({ heldActivities: 0, readyOrchestrations: 0, delayed: 0 })
  })
})

describe('on replay', () => {
  it.each([{ cache: false as const }, {}])('ctx.log is silent: each line once, %o', async (options) => {
    const lines: string[] = []
    const step = defineActivity('Step', (_ctx, n: number) => n)
    const logs = defineOrchestration('Logs', async (ctx) => {
      ctx.log.info('first')
      await ctx.callActivity(step, 1)
      ctx.log.info('second')
      await ctx.callActivity(step, 2)
      ctx.log.info('third')
    })
    const logger = { enabled: () => true, log: (_level: string, message: string, _fields?: unknown, event?: number) => void (event === undefined && lines.push(message)) }
    await using hub = await createTestHub({ orchestrations: [logs], activities: [step], logger, ...options })
    await (await hub.client.start(logs)).result()
    expect(lines).toEqual(['first', 'second', 'third'])
  })
})

describe('rewind', () => {
  it('with retries: the last attempt is made again, the earlier ones and what succeeded are kept', async () => {
    const calls = { good: 0, bad: 0 }
    const good = defineActivity('Good', () => ++calls.good)
    const bad = defineActivity('Bad', () => {
      if (++calls.bad <= 3) throw new Error(`bad ${calls.bad}`)
      return 'fine'
    })
    const flow = defineOrchestration('Flow', async (ctx) => [await ctx.callActivity(good), await ctx.callActivity(bad, undefined, { retry: { maxAttempts: 3, firstDelay: '1s' } })])
    await using hub = await createTestHub({ orchestrations: [flow], activities: [good, bad] })
    const handle = await hub.client.start(flow)
    await hub.advance('1m')
    await expect(handle.result()).rejects.toThrow('bad 3')
    await handle.rewind('again')
    await hub.advance('1m')
    expect(await handle.result()).toEqual([1, 'fine'])
    expect(calls).toEqual({ good: 1, bad: 4 })
  })
})

describe('a lock that is lost', () => {
  it('aborts the activity, whose result is not written; it runs again', async () => {
    const seen: unknown[] = []
    const nap = defineActivity('Nap', async (ctx) => {
      if (ctx.deliveryCount > 1) return 'second'
      await activitySleep('1h', ctx.signal).catch(() => {})
      seen.push((ctx.signal.reason as { code?: unknown } | undefined)?.code)
      return 'first'
    })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(nap))
    const service = tapped()
    const wrapService: typeof service.wrapService = (inner) => {
      const outer = service.wrapService(inner)
      const startWorker: typeof outer.startWorker = async (spec) => {
        const port = await outer.startWorker(spec)
        const nextActivity: typeof port.nextActivity = async (request, signal) => {
          const item = await port.nextActivity(request, signal)
          return Object.assign(Object.create(item) as typeof item, { renew: () => new Promise<never>(() => {}) })
        }
        return { ...port, nextActivity }
      }
      return { ...outer, startWorker }
    }
    await using hub = await createTestHub({ orchestrations: [flow], activities: [nap], lockTimeoutMs: 60_000, wrapService })
    const handle = await hub.client.start(flow)
    await hub.advance('3m')
    expect(seen).toEqual(['DTFX_LOCK_LOST'])
    expect(await handle.result()).toBe('second')
  })
})
