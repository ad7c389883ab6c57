/** Middleware around turns and attempts: when it runs, what it sees, what it may change, and what its own failures lead to. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, defineProperty, type ActivityMiddleware, type OrchestrationMiddleware } from '@dtfx/core'
import { createTestHub } from '@dtfx/testing'

const add = defineActivity('Add', async (_ctx, n: number) => n + 1)
const twice = defineOrchestration('Twice', async (ctx) => {
  const one = await ctx.callActivity(add, 0)
  return ctx.callActivity(add, one)
})
const definitions = { orchestrations: [twice], activities: [add] }

describe('middleware', () => {
  it('runs once per turn and attempt, the first outermost, with a context each', async () => {
    const steps: string[] = []
    const trail = defineProperty<string>('trail')
    const layer = (name: string): OrchestrationMiddleware => async (ctx, next) => {
      ctx.properties.set(trail, `${ctx.properties.get(trail) ?? ''}${name}`)
      steps.push(`turn ${ctx.properties.get(trail)}`)
      const outcome = await next()
      steps.push(`/turn ${name}: ${outcome.actions.map((action) => action.type).join()}`)
      return outcome
    }
    const activity: ActivityMiddleware = async (ctx, next) => {
      const outcome = await next()
      steps.push(`${ctx.name} #${ctx.event.eventId} ${outcome.status}`)
      return outcome
    }
    await using hub = await createTestHub({ ...definitions, middleware: { orchestration: [layer('a'), layer('b')], activity: [activity] } })
    expect(await (await hub.client.start(twice)).result()).toBe(2)
    const turn = (actions: string): string[] => ['turn a', 'turn ab', `/turn b: ${actions}`, `/turn a: ${actions}`]
    expect(steps).toEqual([...turn('ScheduleTask'), 'Add #0 completed', ...turn('ScheduleTask'), 'Add #1 completed', ...turn('Complete')])
  })

  it('sees what the turn begins with', async () => {
    const seen: unknown[] = []
    await using hub = await createTestHub({
      ...definitions,
      middleware: { orchestration: [async (ctx, next) => (seen.push([ctx.isCached, ctx.pastEvents.length, ctx.newEvents.map(({ type }) => type), ctx.deliveryCount, ctx.definition?.name]), next())] },
    })
    const order = await hub.client.start(twice, undefined, { tags: { team: 'x' } })
    await order.result()
    expect(seen).toEqual([
      [false, 0, ['OrchestratorStarted', 'ExecutionStarted'], 1, 'Twice'],
      [true, 0, ['OrchestratorStarted', 'TaskCompleted'], 1, 'Twice'],
      [true, 0, ['OrchestratorStarted', 'TaskCompleted'], 1, 'Twice'],
    ])
  })

  it('makes its async context visible in the activity', async () => {
    const tenant = new AsyncLocalStorage<string>()
    const who = defineActivity('Who', async () => {
      await Promise.resolve()
      return tenant.getStore()
    })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(who))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [who], middleware: { activity: [(ctx, next) => tenant.run(ctx.tags['tenant'] ?? 'nobody', next)] } })
    expect(await (await hub.client.start(flow, undefined, { tags: { tenant: 'acme' } })).result()).toBe('acme')
  })

  it('may replace the outcome of an activity, either way', async () => {
    const flaky = defineActivity('Flaky', async () => {
      throw new Error('no')
    })
    const flow = defineOrchestration('Flow', async (ctx) => [await ctx.callActivity<string>('Flaky'), await ctx.callActivity(add, 1).catch((error: Error) => error.message)])
    await using hub = await createTestHub({
      orchestrations: [flow],
      activities: [flaky, add],
      middleware: {
        activity: [
          async (ctx, next) => {
            const outcome = await next()
            if (ctx.name === 'Add') return { status: 'failed', failure: { errorType: 'Veto', errorMessage: 'vetoed', isNonRetriable: true } }
            return outcome.status === 'failed' ? { status: 'completed', result: '"instead"' } : outcome
          },
        ],
      },
    })
    expect(await (await hub.client.start(flow)).result()).toEqual(['instead', expect.stringContaining('vetoed')])
  })

  it('never sees an exception of user code', async () => {
    const seen: string[] = []
    const bad = defineActivity('Bad', () => {
      throw new Error('user error')
    })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(bad))
    const watch = async <T extends object>(_ctx: unknown, next: () => Promise<T>): Promise<T> => {
      try {
        const outcome = await next()
        seen.push('status' in outcome ? String(outcome.status) : 'turn')
        return outcome
      } catch (error) {
        seen.push('exception')
        throw error
      }
    }
    await using hub = await createTestHub({ orchestrations: [flow], activities: [bad], middleware: { orchestration: [watch], activity: [watch] } })
    await expect((await hub.client.start(flow)).result()).rejects.toThrow('user error')
    expect(seen).toEqual(['turn', 'failed', 'turn'])
  })

  it('may complete an orchestration and an activity that nobody registered', async () => {
    await using hub = await createTestHub({
      middleware: {
        orchestration: [
          async (ctx, next) => {
            if (ctx.definition !== undefined) return next()
            const done = ctx.newEvents.find((event) => event.type === 'TaskCompleted')
            if (done?.type === 'TaskCompleted') return { actions: [{ type: 'Complete', id: 1, status: 'Completed', result: done.result }] }
            return { actions: [{ type: 'ScheduleTask', id: 0, name: 'Foreign', input: '[]' }], customStatus: '"calling"' }
          },
        ],
        activity: [async (ctx, next) => (ctx.definition === undefined ? { status: 'completed', result: '"by middleware"' } : next())],
      },
    })
    const order = await hub.client.start('Elsewhere')
    expect(await order.result()).toBe('by middleware')
    expect(hub.worker.cachedInstances).toBe(0)
  })

  it('that replaced the outcome of a turn: the next turn replays what was recorded', async () => {
    const isCached: boolean[] = []
    await using hub = await createTestHub({
      ...definitions,
      middleware: {
        orchestration: [
          async (ctx, next) => {
            isCached.push(ctx.isCached)
            const { actions } = await next()
            return { actions: [...actions], customStatus: '"seen"' }
          },
        ],
      },
    })
    const order = await hub.client.start(twice)
    expect(await order.result()).toBe(2)
    expect(isCached).toEqual([false, false, false])
    expect((await order.state())?.customStatus).toBe('seen')
  })
})

describe('middleware that fails', () => {
  const failures: [string, OrchestrationMiddleware & ActivityMiddleware][] = [
    ['rejects', (async () => Promise.reject(new Error('broken'))) as never],
    ['throws before it returns a promise', (() => {
      throw new Error('broken')
    }) as never],
    ['throws what is no error', (() => {
      throw Object.create(null) as Error
    }) as never],
    ['returns nothing', (async () => undefined) as never],
    ['calls next twice', (async (_ctx: unknown, next: () => Promise<unknown>) => (await next(), next())) as never],
    ['returns nonsense', (async () => ({ actions: [{ type: 'Nonsense', id: 3 }], status: 'odd' })) as never],
    ['changes the outcome in place', (async (_ctx: unknown, next: () => Promise<{ actions?: unknown[]; status?: string }>) => {
      const outcome = await next()
      if (outcome.actions === undefined) return { ...outcome, status: 'odd' }
      outcome.actions.push({ type: 'Complete', id: 99, status: 'Completed' })
      return outcome
    }) as never],
  ]

  it.each(failures)('%s: the instance is tried again, and then fails with a code', async (_name, middleware) => {
    let calls = 0
    await using hub = await createTestHub({ ...definitions, maxFaults: 3, middleware: { orchestration: [(ctx, next) => (calls++, middleware(ctx as never, next as never) as never)] } })
    const order = await hub.client.start(twice)
    await hub.advance('10m')
    expect(await order.state()).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_MIDDLEWARE_FAILED' } } })
    expect(calls).toBe(3)
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0, heldOrchestrations: 0, delayed: 0 })
  })

  it.each(failures)('%s: the activity is tried again, and then fails with a code, while others complete', async (_name, middleware) => {
    const fine = defineActivity('Fine', async () => 'fine')
    const flow = defineOrchestration('Flow', async (ctx) => {
      const all = await Promise.allSettled([ctx.callActivity(add, 1), ctx.callActivity(fine)])
      return all.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as { failure: { properties: { code: string } } }).failure.properties.code))
    })
    let calls = 0
    await using hub = await createTestHub({
      orchestrations: [flow],
      activities: [add, fine],
      maxFaults: 3,
      middleware: { activity: [(ctx, next) => (ctx.name === 'Fine' ? next() : (calls++, middleware(ctx as never, next as never) as never))] },
    })
    const order = await hub.client.start(flow)
    await hub.advance('10m')
    expect(await order.result()).toEqual(['DTFX_MIDDLEWARE_FAILED', 'fine'])
    expect(calls).toBe(3)
  })

  it('now and then costs nothing but time, and its faults are not added up over messages', async () => {
    let calls = 0
    const flow = defineOrchestration('Flow', async (ctx) => {
      let sum = 0
      for (let i = 0; i < 10; i++) sum = await ctx.callActivity(add, sum)
      return sum
    })
    const shaky = <T>(_ctx: unknown, next: () => Promise<T>): Promise<T> => {
      if (++calls % 2 === 0) throw new Error('shaky')
      return next()
    }
    await using hub = await createTestHub({ orchestrations: [flow], activities: [add], maxFaults: 3, middleware: { orchestration: [shaky], activity: [shaky] } })
    const order = await hub.client.start(flow)
    await hub.advance('1h')
    expect(await order.result()).toBe(10)
  })
})
