import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, DurableError, TaskHubWorker, type Logger, type LogFields, type Metrics } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import { activitySleep, createTestHub } from '@dtfx/testing'

interface Line {
  readonly message: string
  readonly fields: LogFields | undefined
  readonly event: number | undefined
}

function recorder(): { readonly lines: Line[]; readonly counts: { name: string; attributes: unknown }[]; readonly logger: Logger; readonly metrics: Metrics } {
  const lines: Line[] = []
  const counts: { name: string; attributes: unknown }[] = []
  return {
    lines,
    counts,
    logger: { enabled: () => true, log: (_level, message, fields, event) => void lines.push({ message, fields, event }) },
    metrics: { count: (name, _value, attributes) => void counts.push({ name, attributes }), record: () => {}, gauge: () => {} },
  }
}

describe('the signal of an activity', () => {
  const reasons: unknown[] = []
  const waits = defineActivity('Waits', async (ctx) => {
    await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
    reasons.push((ctx.signal.reason as { code?: unknown }).code ?? (ctx.signal.reason as Error).name)
    throw ctx.signal.reason
  })
  const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(waits))

  it('tells at once that the instance is gone; the late result is discarded and logged', async () => {
    const { logger, lines, counts, metrics } = recorder()
    reasons.length = 0
    await using hub = await createTestHub({ orchestrations: [calls], activities: [waits], logger, metrics })
    const handle = await hub.client.start(calls)
    const before = hub.service.occupancy().moves
    while (hub.service.occupancy().heldActivities === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(hub.service.occupancy().moves).toBeGreaterThan(before)
    await handle.terminate('enough')
    await hub.runUntilIdle()
    expect(reasons).toEqual(['DTFX_INSTANCE_GONE'])
    expect(lines.find(({ event }) => event === 54)).toMatchObject({ fields: { instanceId: handle.instanceId, eventType: 'TaskFailed' } })
    expect(counts.filter(({ name }) => name === 'dtfx.messages.discarded')).toHaveLength(1)
    expect((await handle.state())?.status).toBe('Terminated')
  })

  it('tells that the worker stops; the activity runs again on another one', async () => {
    let runs = 0
    const started = deferred<void>()
    const twice = defineActivity('Twice', async (ctx) => {
      if (++runs === 2) return 'second'
      const aborted = new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
      started.resolve()
      await aborted
      expect(DurableError.is(ctx.signal.reason, 'DTFX_WORKER_STATE')).toBe(true)
      throw ctx.signal.reason
    })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(twice))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [twice] })
    const handle = await hub.client.start(flow)
    await started.promise
    await hub.restartWorker()
    expect(await handle.result()).toBe('second')
    expect((await hub.history(handle.instanceId)).filter(({ type }) => type === 'TaskFailed')).toEqual([])
  })

  it('tells that its time is over', async () => {
    const slow = defineActivity('Slow', async (ctx) => activitySleep('1h', ctx.signal), { timeout: '10s' })
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(slow).catch((error: Error & { failure: { errorType: string } }) => error.failure.errorType))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [slow] })
    const handle = await hub.client.start(flow)
    await hub.advance('11s')
    expect(await handle.result()).toBe('TaskTimeoutError')
  })
})

describe('limits of activities', () => {
  function counting(name: string, concurrency?: number) {
    const seen = { now: 0, most: 0, order: [] as string[] }
    const activity = defineActivity(
      name,
      async (ctx, label: string) => {
        seen.order.push(label)
        seen.most = Math.max(seen.most, ++seen.now)
        await activitySleep('1s', ctx.signal)
        seen.now--
      },
      { concurrency },
    )
    return { seen, activity }
  }

  it('of one: never more at once, all in the end, and others are not held up', async () => {
    const narrow = counting('Narrow', 2)
    const wide = counting('Wide')
    const flow = defineOrchestration('Flow', async (ctx) => {
      const all = [0, 1, 2, 3, 4, 5].map((n) => ctx.callActivity(narrow.activity, `n${n}`))
      await Promise.all([...all, ...['a', 'b', 'c'].map((label) => ctx.callActivity(wide.activity, label))])
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [narrow.activity, wide.activity], concurrency: { activities: 5 } })
    const handle = await hub.client.start(flow)
    await hub.runUntilIdle()
    expect([narrow.seen.now, wide.seen.now]).toEqual([2, 3])
    await hub.advance('1m')
    await handle.result()
    expect(narrow.seen.most).toBe(2)
    expect(narrow.seen.order.slice().sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
  })

  it('of all per second', async () => {
    let ran = 0
    const quick = defineActivity('Quick', () => void ran++)
    const flow = defineOrchestration('Flow', async (ctx) => void (await Promise.all(Array.from({ length: 50 }, () => ctx.callActivity(quick)))))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [quick], maxActivitiesPerSecond: 10 })
    const handle = await hub.client.start(flow)
    await hub.advance('1s')
    expect(ran).toBeGreaterThanOrEqual(9)
    expect(ran).toBeLessThanOrEqual(12)
    await hub.advance('5s')
    await handle.result()
  })
})

describe('faults and unknown names', () => {
  it('each fault is a line and a count, n of max, and then the activity fails with a code', async () => {
    const { logger, lines, counts, metrics } = recorder()
    const work = defineActivity('Work', () => 1)
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(work).catch((error: { failure: { properties?: { code?: unknown } } }) => error.failure.properties?.code))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [work], maxFaults: 3, logger, metrics, middleware: { activity: [() => Promise.reject(new Error('broken'))] } })
    const handle = await hub.client.start(flow)
    await hub.runUntilIdle()
    expect(lines.filter(({ event }) => event === 200)).toHaveLength(1)
    await hub.advance('5m')
    expect(await handle.result()).toBe('DTFX_MIDDLEWARE_FAILED')
    expect(lines.filter(({ event }) => event === 200).map(({ message }) => /\((\d of \d)\)/.exec(message)?.[1])).toEqual(['1 of 3', '2 of 3', '3 of 3'])
    expect(counts.filter(({ name }) => name === 'dtfx.faults').map(({ attributes }) => attributes)).toEqual([1, 2, 3].map((count) => ({ kind: 'activity', count, max: 3 })))
  })

  it('an unknown orchestration waits for a worker that knows it, and fails after its grace', async () => {
    const late = defineOrchestration('Late', async () => 'here')
    await using hub = await createTestHub({ unknownNameGraceMs: 60_000 })
    const saved = await hub.client.start(late)
    const lost = await hub.client.start('Never')
    await hub.advance('10s')
    expect((await saved.state())?.status).toBe('Pending')
    await using other = new TaskHubWorker(hub.service, { orchestrations: [late], unknownNameGraceMs: 60_000 })
    await other.start()
    await hub.advance('2m')
    expect(await saved.result()).toBe('here')
    await expect(lost.result()).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_UNKNOWN_ORCHESTRATION' } } })
  })
})
