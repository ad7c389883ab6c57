/** Inputs that nobody can process: each ends in quarantine or in a coded failure, alone, and never comes round for ever. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, TaskHubWorker, type LogFields, type Logger, type OrchestrationMiddleware } from '@dtfx/core'
import { limits, type HistoryEvent, type InstanceSnapshot, type OutboundMessage, type QuarantinedMessage } from '@dtfx/core/provider'
import { createTestHub, type TestHub } from '@dtfx/testing'
import { drive, settle } from './drive.js'
import { tapped } from './tapped-service.js'

const at = '2030-01-01T00:00:00.000Z'
const waiting = defineOrchestration('Waiting', async (ctx, label: string) => `${label} got ${await ctx.waitForExternalEvent<string>('Go')}`)

async function quarantined(hub: TestHub): Promise<QuarantinedMessage[]> {
  const found: QuarantinedMessage[] = []
  for await (const message of hub.service.quarantine.list()) found.push(message)
  return found
}

function message(id: string, event: unknown, instanceId = 'i'): OutboundMessage {
  return { id, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event: event as HistoryEvent } }
}

/** Changes what the store says of one instance. */
function damaged(instanceId: string, change: (snapshot: InstanceSnapshot) => InstanceSnapshot) {
  const tap = tapped()
  tap.taps.load = async (next, item) => {
    const found = await next()
    return found === 'unchanged' || item.instanceId !== instanceId || found.state === undefined ? found : change(found)
  }
  return tap
}

describe('a message nobody understands', () => {
  it.each([
    ['a type of the future', { type: 'ExecutionTeleported', eventId: -1, timestamp: at }],
    ['a type that is no message', { type: 'OrchestratorStarted', eventId: -1, timestamp: at }],
    ['an answer to nothing', { type: 'TaskCompleted', eventId: -1, timestamp: at, result: '1' }],
    ['a timer without time', { type: 'TimerFired', eventId: -1, timestamp: at, timerId: 0, fireAt: 'soon' }],
    ['a start of nothing', { type: 'ExecutionStarted', eventId: -1, timestamp: at }],
    ['an event without name', { type: 'EventRaised', eventId: -1, timestamp: at }],
  ])('%s is set aside alone, also before the start', async (_what, event) => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const order = await hub.client.start(waiting, 'x', { instanceId: 'i', startAt: new Date('2030-01-01T00:01:00Z') })
    await hub.service.client.send([message('poison-1', event)])
    await hub.advance('2m')
    await hub.service.client.send([message('poison-2', event)])
    await order.raiseEvent('Go', 'it')
    expect(await order.result()).toBe('x got it')
    expect((await quarantined(hub)).map(({ id, code }) => [id, code])).toEqual([['poison-1', 'DTFX_POISON'], ['poison-2', 'DTFX_POISON']])
  })

  it('is logged with its reason and can be deleted', async () => {
    const lines: [string, LogFields | undefined][] = []
    const logger: Logger = { enabled: () => true, log: (_level, text, fields) => void lines.push([text, fields]) }
    await using hub = await createTestHub({ orchestrations: [waiting], logger })
    await hub.service.client.send([message('poison', { type: 'ExecutionTeleported', eventId: -1, timestamp: at })])
    await hub.runUntilIdle()
    expect(lines.find(([text]) => text.includes('set aside'))).toMatchObject([expect.stringContaining('a ExecutionTeleported event is no message to an instance'), { messageId: 'poison', instanceId: 'i' }])
    expect(await hub.service.quarantine.delete('poison')).toBe(true)
  })
})

describe('a damaged history', () => {
  const strange = { type: 'ExecutionTeleported', eventId: -1, timestamp: at } as unknown as HistoryEvent
  const withStrangeEvent = (snapshot: InstanceSnapshot): InstanceSnapshot => (snapshot.history.length === 0 ? snapshot : { ...snapshot, history: [...snapshot.history, strange] })

  it('fails its instance with a code, tells the parent, and disturbs nobody else', async () => {
    const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(waiting, 'child', { instanceId: 'sick' }))
    const tap = damaged('sick', withStrangeEvent)
    await using hub = await createTestHub({ orchestrations: [parent, waiting], cache: false, wrapService: tap.wrapService })
    const order = await hub.client.start(parent)
    const healthy = await hub.client.start(waiting, 'well', { instanceId: 'well' })
    await hub.runUntilIdle()
    await hub.client.raiseEvent('sick', 'Go', 'it')
    await healthy.raiseEvent('Go', 'it')
    expect(await healthy.result()).toBe('well got it')
    await hub.advance('1m')
    expect(await hub.client.state('sick')).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_HISTORY_CORRUPT' } } })
    await expect(order.result()).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_SUB_ORCHESTRATION_FAILED' } } })
    expect((await hub.history('sick')).length).toBeGreaterThan(0)
  })

  it('of a finished instance changes nothing of it, and does not keep its id from being used', async () => {
    const tap = damaged('sick', (snapshot) => (snapshot.state?.status === 'Completed' ? withStrangeEvent(snapshot) : snapshot))
    const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(waiting, 'child', { instanceId: 'sick' }))
    await using hub = await createTestHub({ orchestrations: [parent, waiting], cache: false, wrapService: tap.wrapService })
    const first = await hub.client.start(waiting, 'x', { instanceId: 'sick' })
    await first.raiseEvent('Go', 'it')
    await first.result()
    await hub.client.raiseEvent('sick', 'Go', 'late')
    await hub.runUntilIdle()
    expect(await first.state()).toMatchObject({ status: 'Completed' })
    const order = await hub.client.start(parent)
    await hub.runUntilIdle()
    await hub.client.raiseEvent('sick', 'Go', 'anew')
    expect(await order.result()).toBe('child got anew')
  })
})

describe('turns that come to no end', () => {
  it('on the same inputs, again and again, are given up: the inputs are set aside', async () => {
    let begun = 0
    const tap = tapped()
    tap.taps.renew = () => Promise.reject(new Error('no renewal'))
    await using hub = await createTestHub({
      orchestrations: [waiting],
      lockTimeoutMs: 60_000,
      wrapService: tap.wrapService,
      middleware: { orchestration: [() => (begun++, new Promise(() => {}))] },
    })
    await hub.client.start(waiting, 'x', { instanceId: 'i' })
    await settle()
    for (let i = 0; i < 20; i++) await drive(hub, 61_000)
    expect(begun).toBe(limits.maxSuspectTurns + 2)
    expect(await quarantined(hub)).toMatchObject([{ instanceId: 'i', code: 'DTFX_POISON' }])
  })

  it('because of an event, in one process after the other: the event is set aside unexecuted, and the instance goes on', async () => {
    const deaths: number[] = []
    const tap = tapped()
    tap.taps.renew = () => Promise.reject(new Error('the process is dead'))
    const deadly: OrchestrationMiddleware = (ctx, next) =>
      ctx.newEvents.some((event) => event.type === 'EventRaised' && event.name === 'Deadly') ? (deaths.push(ctx.deliveryCount), new Promise(() => {})) : next()
    await using hub = await createTestHub({ orchestrations: [waiting], lockTimeoutMs: 60_000, wrapService: tap.wrapService, middleware: { orchestration: [deadly] } })
    const order = await hub.client.start(waiting, 'x', { instanceId: 'i' })
    await settle()
    await order.raiseEvent('Deadly', 'now')
    await settle()
    for (let process = 0; process < 20; process++) {
      const next = new TaskHubWorker(tap.wrapService(hub.service), { orchestrations: [waiting], middleware: { orchestration: [deadly] }, watchdog: false })
      await next.start()
      await drive(hub, 61_000)
      const stopped = next.stop({ deadline: 1 })
      await drive(hub, 10)
      await stopped
    }
    expect(deaths).toEqual(Array.from({ length: limits.maxSuspectTurns + 2 }, (_each, index) => index + 1))
    expect(await quarantined(hub)).toMatchObject([{ instanceId: 'i', code: 'DTFX_POISON' }])
    await order.raiseEvent('Go', 'it')
    await drive(hub, 1_000)
    expect(await order.state()).toMatchObject({ status: 'Completed' })
  })
})

describe('bad code', () => {
  it('that loops for ever through continue-as-new leaves time for others', async () => {
    const forever = defineOrchestration('Forever', async (ctx, n: number) => ctx.continueAsNew(n + 1))
    const quick = defineOrchestration('Quick', async (_ctx, n: number) => n)
    await using hub = await createTestHub({ orchestrations: [forever, quick], concurrency: { orchestrations: 2 } })
    const loop = await hub.client.start(forever, 0)
    for (let i = 0; i < 20; i++) expect(await (await hub.client.start(quick, i)).result()).toBe(i)
    await loop.terminate('enough')
    await expect(loop.result()).rejects.toMatchObject({ reason: 'enough' })
    expect((await loop.state())?.generation).toBeGreaterThan(20)
  })

  it('that never awaits completes; that awaits what nobody will do fails with a code', async () => {
    const never = defineOrchestration('Never', async () => 5)
    const stuck = defineOrchestration('Stuck', async () => new Promise<number>(() => {}))
    const unreadable = defineOrchestration('Unreadable', async (_ctx, input: number) => input)
    await using hub = await createTestHub({ orchestrations: [never, stuck, unreadable] })
    expect(await (await hub.client.start(never)).result()).toBe(5)
    await expect((await hub.client.start(stuck)).result()).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_BLOCKED_ON_FOREIGN_PROMISE' } } })
    const instance = { instanceId: 'i', executionId: 'x' }
    await hub.service.client.send([message('s', { type: 'ExecutionStarted', eventId: -1, timestamp: at, name: 'Unreadable', instance, input: 'no json' })])
    await hub.runUntilIdle()
    expect(await hub.client.state('i')).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_PAYLOAD_UNREADABLE' } } })
  })

  it('150 000 answers in one batch are one turn', { timeout: 120_000 }, async () => {
    const count = 150_000
    const flow = defineOrchestration('Flow', async (ctx) => (await Promise.all(Array.from({ length: count }, () => ctx.callActivity<number>('Elsewhere')))).length)
    const tap = tapped()
    await using hub = await createTestHub({ orchestrations: [flow], concurrency: { activities: 0 }, wrapService: tap.wrapService })
    const order = await hub.client.start(flow, undefined, { instanceId: 'i' })
    await hub.runUntilIdle()
    await hub.service.client.send(Array.from({ length: count }, (_, id) => message(`a${id}`, { type: 'TaskCompleted', eventId: -1, timestamp: at, taskScheduledId: id, result: '1' })))
    await hub.runUntilIdle()
    expect((await order.state())?.output).toBe(count)
    expect(tap.log.commits.length).toBe(2)
  })

  it('an activity in the way of a limit of one does not hide unknown ones for ever', async () => {
    const one = defineActivity('One', async () => undefined, { concurrency: 1 })
    const flow = defineOrchestration('Flow', async (ctx) => {
      const missing = ctx.callActivity('Missing').catch((error: { failure: { properties: { code: string } } }) => error.failure.properties.code)
      await Promise.all(Array.from({ length: 20 }, () => ctx.callActivity(one)))
      return missing
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [one], concurrency: { activities: 2 } })
    const order = await hub.client.start(flow)
    await hub.advance('5m')
    expect(await order.result()).toBe('DTFX_UNKNOWN_ACTIVITY')
  })
})
