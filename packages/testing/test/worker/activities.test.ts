/** Attempts of activities: limits, timeouts, abort reasons, results that cannot be delivered, inputs and errors of every kind. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, type FailureDetails } from '@dtfx/core'
import { LockLostError, PermanentError, TransientError, deferred, type OutboundMessage } from '@dtfx/core/provider'
import { activitySleep, createTestHub, type TestHub } from '@dtfx/testing'
import { drive, settle } from './drive.js'
import { firstCalls, tapped } from './tapped-service.js'

/** Runs one activity once and tells how it ended. */
const once = defineOrchestration('Once', async (ctx) => {
  try {
    return { result: await ctx.callActivity('Work') }
  } catch (error) {
    return { failure: (error as { failure: FailureDetails }).failure }
  }
})

interface Ended {
  readonly result?: unknown
  readonly failure?: FailureDetails
}

async function outcomeOf(run: Parameters<typeof defineActivity>[1], options: { timeout?: string; hub?: object } = {}): Promise<Ended> {
  const work = defineActivity('Work', run as () => unknown, options.timeout === undefined ? {} : { timeout: options.timeout as '1s' })
  await using hub = await createTestHub({ orchestrations: [once], activities: [work], ...options.hub })
  const order = await hub.client.start(once)
  await hub.advance('1h')
  return (await order.result()) as Ended
}

describe('what an activity throws', () => {
  class OddError extends Error {
    override name = 'OddError'
  }
  const chain = Array.from({ length: 40 }).reduce<Error>((cause, _, i) => new OddError(`level ${i}`, { cause }), new Error('root'))

  it.each([
    ['an error', new OddError('plain'), { errorType: 'OddError', errorMessage: 'plain' }],
    ['text', 'just text', { errorType: 'NonError', errorMessage: 'just text' }],
    ['nothing', undefined, { errorType: 'NonError', errorMessage: 'undefined' }],
    ['an object without prototype', Object.create(null), { errorType: 'NonError', errorMessage: '{}' }],
    ['a symbol', Symbol('s'), { errorType: 'NonError', errorMessage: 'Symbol(s)' }],
    ['many errors', new AggregateError([new OddError('one'), 'two'], 'several'), { errorType: 'AggregateError', properties: { errors: [{ errorMessage: 'one' }, { errorMessage: 'two' }] } }],
  ])('%s arrives as data', async (_what, thrown, expected) => {
    const { failure } = await outcomeOf(() => {
      throw thrown
    })
    expect(failure).toMatchObject(expected)
  })

  it('a deep chain of causes and a message of a megabyte arrive, cut', async () => {
    const { failure } = await outcomeOf(async () => Promise.reject(chain))
    let depth = 0
    for (let each: FailureDetails | undefined = failure; each !== undefined; each = each.innerFailure) depth++
    expect(depth).toBe(16)
    const long = await outcomeOf(async () => Promise.reject(new Error('x'.repeat(1_000_000))))
    expect(long.failure?.errorMessage.length).toBeLessThan(33_000)
  })

  it('an error that cannot be looked at arrives as one that cannot be described', async () => {
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('do not look')
      },
      getPrototypeOf() {
        throw new Error('do not look')
      },
    })
    expect((await outcomeOf(async () => Promise.reject(hostile))).failure?.errorMessage).toBe('An error that cannot be described was thrown.')
  })
})

describe('inputs and results', () => {
  async function send(input: string | undefined): Promise<unknown> {
    const seen: unknown[] = []
    const work = defineActivity('Work', async (_ctx, value: unknown) => seen.push(value))
    await using hub = await createTestHub({ orchestrations: [once], activities: [work] })
    const message: OutboundMessage = {
      id: 'm',
      target: { kind: 'activity' },
      message: { instance: { instanceId: 'i', executionId: 'x' }, event: { type: 'TaskScheduled', eventId: 0, timestamp: '2030-01-01T00:00:00.000Z', name: 'Work', input } },
    }
    await hub.service.client.send([message])
    await hub.runUntilIdle()
    return seen.length === 0 ? 'not called' : seen[0]
  }

  it.each([
    [undefined, undefined],
    ['[]', undefined],
    ['[1]', 1],
    ['["a,b"]', 'a,b'],
    ['[[1,2]]', [1, 2]],
    ['[null]', null],
    ['[{"a":[1]}]', { a: [1] }],
    ['[ 7 ]', 7],
    ['[1,2]', [1, 2]],
    ['"bare"', 'bare'],
    ['{"bare":1}', { bare: 1 }],
    ['[1', 'not called'],
    ['no json', 'not called'],
  ])('%s is read as %j', async (input, expected) => {
    expect(await send(input)).toEqual(expected)
  })

  it('an unreadable input and a result that is no JSON are failures with codes', async () => {
    const work = defineActivity('Work', async () => new Map([[1, 2]]))
    await using hub = await createTestHub({ orchestrations: [once], activities: [work] })
    expect(((await (await hub.client.start(once)).result()) as Ended).failure).toMatchObject({ properties: { code: 'DTFX_NOT_SERIALIZABLE' } })
  })
})

describe('the signal', () => {
  /** An activity that waits for its signal and tells why it aborted. */
  function listener() {
    const reasons: unknown[] = []
    const started = deferred<void>()
    const work = defineActivity('Work', async (ctx) => {
      started.resolve()
      await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => (reasons.push((ctx.signal.reason as { code?: unknown }).code), resolve()), { once: true }))
      throw ctx.signal.reason
    })
    return { work, reasons, started }
  }

  async function begun(options: object = {}): Promise<{ hub: TestHub; id: string } & ReturnType<typeof listener>> {
    const parts = listener()
    const hub = await createTestHub({ orchestrations: [once], activities: [parts.work], ...options })
    const { instanceId: id } = await hub.client.start(once)
    await parts.started.promise
    await settle()
    return { hub, id, ...parts }
  }

  it('aborts at once when the instance is terminated', async () => {
    const { hub, id, reasons } = await begun()
    await hub.client.terminate(id)
    await settle()
    expect(reasons).toEqual(['DTFX_INSTANCE_GONE'])
    await hub.stop()
  })

  it('aborts when the lock is lost, and the late end is harmless', async () => {
    const tap = tapped()
    const { hub, id, reasons } = await begun({ lockTimeoutMs: 60_000, wrapService: tap.wrapService })
    tap.taps.renewActivity = () => Promise.reject(new TransientError('the renewal', 'throttled'))
    await drive(hub, 59_000)
    expect(reasons).toEqual([])
    await drive(hub, 1_000)
    expect(reasons).toEqual(['DTFX_LOCK_LOST'])
    expect((await hub.client.state(id))?.status).toBe('Running')
    expect(tap.log.activityReleases).toEqual([])
    await hub.stop()
  })

  it('aborts when the worker stops; another worker runs the activity again', async () => {
    const { hub, id, reasons } = await begun()
    await hub.restartWorker()
    await settle()
    expect(reasons).toEqual(['DTFX_WORKER_STATE'])
    expect((await hub.client.state(id))?.status).toBe('Running')
    await hub.stop()
  })

  it('aborts at the timeout, and the attempt fails with it, whatever the code does', async () => {
    const reasons: unknown[] = []
    const outcome = await outcomeOf(
      async (ctx: { signal: AbortSignal }) => {
        ctx.signal.addEventListener('abort', () => reasons.push((ctx.signal.reason as { code: string }).code))
        await activitySleep('10m')
        return 'late'
      },
      { timeout: '1m' },
    )
    expect(outcome.failure).toMatchObject({ errorType: 'TaskTimeoutError', properties: { code: 'DTFX_TASK_TIMEOUT' } })
    expect(reasons).toEqual(['DTFX_TASK_TIMEOUT'])
  })

  it('that aborted before anybody looked is aborted when looked at', async () => {
    const outcome = await outcomeOf(
      async (ctx: { signal: AbortSignal }) => {
        await activitySleep('2m')
        return ctx.signal.aborted
      },
      { timeout: '5m' },
    )
    expect(outcome).toEqual({ result: false })
  })
})

describe('delivery of a result', () => {
  const work = defineActivity('Work', async () => 'done')
  const options = { orchestrations: [once], activities: [work] }

  it('is repeated while the store fails for a passing reason; the activity runs once', async () => {
    let runs = 0
    const counted = defineActivity('Work', async () => ++runs)
    const tap = tapped({ completeActivity: firstCalls(3, () => Promise.reject(new TransientError('the completion', 'throttled'))) })
    await using hub = await createTestHub({ orchestrations: [once], activities: [counted], wrapService: tap.wrapService })
    const order = await hub.client.start(once)
    await drive(hub, 60_000)
    expect(await order.result()).toEqual({ result: 1 })
    expect(tap.log.activityReleases).toEqual([])
  })

  it('that the store refuses for good becomes the failure of the activity', async () => {
    const tap = tapped({ completeActivity: (next, event) => (event.type === 'TaskCompleted' ? Promise.reject(new PermanentError('the completion', 'too large')) : next()) })
    await using hub = await createTestHub({ ...options, wrapService: tap.wrapService })
    const order = await hub.client.start(once)
    expect(((await order.result()) as Ended).failure).toMatchObject({ properties: { code: 'DTFX_PERMANENT' } })
  })

  it('that goes on failing gives the item back, so that no lock leaks', async () => {
    const tap = tapped({ completeActivity: () => Promise.reject(new TransientError('the completion', 'throttled')) })
    await using hub = await createTestHub({ ...options, wrapService: tap.wrapService })
    const order = await hub.client.start(once)
    await drive(hub, 60_000)
    expect(tap.log.activityReleases.length).toBeGreaterThan(0)
    delete tap.taps.completeActivity
    await drive(hub, 300_000)
    expect(await order.result()).toEqual({ result: 'done' })
  })

  it('with a lost lock is given up; the other attempt counts', async () => {
    const tap = tapped({ completeActivity: firstCalls(1, () => Promise.reject(new LockLostError('the item'))) })
    await using hub = await createTestHub({ ...options, wrapService: tap.wrapService, lockTimeoutMs: 60_000 })
    const order = await hub.client.start(once)
    await drive(hub, 120_000)
    expect(await order.result()).toEqual({ result: 'done' })
    expect(tap.log.activityReleases).toEqual([])
  })

  it('a message that is no activity is set aside', async () => {
    await using hub = await createTestHub(options)
    const event = { type: 'EventRaised' as const, eventId: -1, timestamp: '2030-01-01T00:00:00.000Z', name: 'E' }
    await hub.service.client.send([{ id: 'odd', target: { kind: 'activity' }, message: { instance: { instanceId: 'i' }, event } }])
    await hub.runUntilIdle()
    const found = []
    for await (const message of hub.service.quarantine.list()) found.push(message)
    expect(found).toMatchObject([{ id: 'odd', code: 'DTFX_POISON', reason: 'a EventRaised event is no activity' }])
  })
})

describe('limits', () => {
  it('of one activity hold, no slot waits for it, and others are not held up', async () => {
    let running = 0
    let most = 0
    const ends: string[] = []
    const slow = defineActivity('Slow', async (_ctx, i: number) => {
      most = Math.max(most, ++running)
      await activitySleep('10s')
      running--
      ends.push(`slow ${i}`)
    }, { concurrency: 2 })
    const quick = defineActivity('Quick', async (_ctx, i: number) => void ends.push(`quick ${i}`))
    const flow = defineOrchestration('Flow', async (ctx) => {
      await Promise.all([...Array.from({ length: 20 }, (_, i) => ctx.callActivity(slow, i)), ...Array.from({ length: 20 }, (_, i) => ctx.callActivity(quick, i))])
    })
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [flow], activities: [slow, quick], concurrency: { activities: 5 }, wrapService: tap.wrapService })
    const order = await hub.client.start(flow)
    await hub.advance('1s')
    expect(ends.filter((each) => each.startsWith('quick')).length).toBe(20)
    expect(most).toBe(2)
    await hub.advance('130s')
    expect((await order.state())?.status).toBe('Completed')
    expect(most).toBe(2)
    expect(tap.log.activityReleases.length).toBeLessThan(60)
  })

  it('of one activity leave nothing waiting while there is room and a free slot', async () => {
    const ends: number[] = []
    const one = defineActivity('One', async (_ctx, i: number) => {
      await activitySleep('1s')
      ends.push(i)
    }, { concurrency: 1 })
    const blocker = defineActivity('Blocker', async () => activitySleep('1h'))
    const flow = defineOrchestration('Flow', async (ctx) => {
      void ctx.callActivity(blocker)
      await Promise.all(Array.from({ length: 30 }, (_, i) => ctx.callActivity(one, i)))
      return ends.length
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [one, blocker], concurrency: { activities: 40 } })
    const order = await hub.client.start(flow)
    await hub.advance('60s')
    expect(await order.state()).toMatchObject({ status: 'Completed' })
  })

  it('of starts per second hold, after any idle time', async () => {
    const starts: number[] = []
    const work = defineActivity('Work', async () => void starts.push(hubOf.hub.clock.nowMs()))
    const flow = defineOrchestration('Flow', async (ctx) => {
      await ctx.createTimer('10m')
      await Promise.all(Array.from({ length: 100 }, () => ctx.callActivity(work)))
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [work], maxActivitiesPerSecond: 10 })
    const hubOf = { hub }
    const order = await hub.client.start(flow)
    await hub.advance('11m')
    expect((await order.state())?.status).toBe('Completed')
    for (const start of starts) expect(starts.filter((each) => each >= start && each < start + 1_000).length).toBeLessThanOrEqual(20)
    expect((starts.at(-1) as number) - (starts[0] as number)).toBeGreaterThanOrEqual(8_000)
  })
})
