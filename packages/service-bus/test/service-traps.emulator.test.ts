/** What a namespace does to a worker: it is not there yet, restarts, throttles, is full, takes a session away, changes the case of its id, brings messages that nobody can read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineActivity, defineEvent, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { deferred, sleep, systemClock, type Clock, type Host, type QuarantinedMessage } from '@dtfx/core/provider'
import { startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import type { ServiceBusService } from '@dtfx/service-bus'
import { describe, expect } from 'vitest'
import { newHubName, onlyEmulated, useBed } from './bed.js'
import { eventually, eventuallyEqual } from './eventually.js'
import { roles, useHubs } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)
const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx, name: string) => ctx.callActivity(hello, name))
const go = defineEvent<string>('Go')
const waits = defineOrchestration('Waits', async (ctx) => ctx.callActivity(hello, await ctx.waitForExternalEvent(go)))
const programme = { orchestrations: [greets, waits], activities: [hello] }

async function listed(service: ServiceBusService): Promise<readonly QuarantinedMessage[]> {
  const found: QuarantinedMessage[] = []
  for await (const each of service.quarantine.list()) found.push(each)
  return found
}

describe.concurrent('a namespace', { timeout: 120_000 }, () => {
  onlyEmulated('that is not there when the worker starts: it is asked again until it is', async () => {
    const reserved = await startServiceBusEmulator()
    const { port, connectionString } = reserved
    await reserved.close()
    // Its pauses are short.
    const clock: Clock = { nowMs: () => systemClock.nowMs(), nowTicks: () => systemClock.nowTicks(), monotonicMs: () => systemClock.monotonicMs(), setTimer: (delayMs, ...rest) => systemClock.setTimer(delayMs > 5_000 ? delayMs : delayMs / 20, ...rest) }
    const service = bed.open({ connectionString, requestTimeout: '10s' }, { clock })
    const worker = new TaskHubWorker(service, programme)
    const started = worker.start()
    // Longer than a request that failed for another reason would be repeated.
    await sleep(systemClock, 3_000)
    await using _bus = await startServiceBusEmulator({ port })
    await started
    const handle = await new TaskHubClient(service).start(greets, 'you')
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    await worker.stop()
    await service.close()
  })

  onlyEmulated('that restarts, with what its file has: workers go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dtfx-bus-'))
    const file = join(folder, 'bus.log')
    let bus = await startServiceBusEmulator({ file })
    const { port, connectionString } = bus
    const service = bed.open({ connectionString, requestTimeout: '10s' })
    const worker = new TaskHubWorker(service, programme)
    await worker.start()
    const client = new TaskHubClient(service)
    const handle = await client.start(waits)
    await eventuallyEqual(async () => (await handle.state())?.status, 'Running')
    for (let restart = 0; restart < 2; restart++) {
      await bus.close()
      bus = await startServiceBusEmulator({ file, port })
    }
    await handle.raiseEvent(go, 'you')
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    await worker.stop()
    await service.close()
    await bus.close()
    rmSync(folder, { recursive: true, force: true })
  })

  onlyEmulated('that cuts the connection while an activity runs for a session: the activity is told at once, not when the lock is over, and runs again', async () => {
    await using bus = await startServiceBusEmulator()
    const service = bed.open({ connectionString: bus.connectionString, lockDuration: '300s', requestTimeout: '200s' })
    let runs = 0
    const cut = defineActivity('Cut', async (ctx) => {
      if (++runs > 1) return runs
      bus.faults.dropConnections()
      await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
      return 0
    })
    const cuts = defineOrchestration('Cuts', (ctx) => ctx.callActivity(cut))
    const worker = new TaskHubWorker(service, { orchestrations: [cuts], activities: [cut] })
    await worker.start()
    const handle = await new TaskHubClient(service).start(cuts)
    expect(await handle.result({ timeout: '60s' })).toBe(2)
    await worker.stop()
    await service.close()
  })

  onlyEmulated('that throttles: it is asked less often, and nothing is lost', async () => {
    // What was refused to be settled is settled when it comes again: when its lock is over.
    const hub = await newHub({ lockDuration: '6s', requestTimeout: '3s' })
    const rules = roles.flatMap((role) => (['send', 'settle', 'attach'] as const).map((on) => bed.bus.faults.inject({ on, queue: `${hub.name}/${role}`, fault: { kind: 'server-busy' }, times: 3, skip: on === 'send' && role === 'orchestrator' ? 1 : 0 })))
    const { service } = await hub.work(programme)
    const handle = await hub.client.start(greets, 'you')
    expect(await handle.result({ timeout: '60s' })).toBe('Hello you!')
    await hub.empty()
    expect(rules.filter(({ hits }) => hits > 0).length).toBeGreaterThan(5)
    expect(service.requests['bus accept orchestrator'] ?? 0).toBeLessThan(40)
  })

  onlyEmulated('whose queue is full: what is to be sent is sent when there is room', async () => {
    const name = newHubName()
    bed.bus.createQueue({ name: `${name}/worker`, maxSizeMegabytes: 1 })
    const hub = await newHub({ taskHub: name })
    let filled = 0
    for (const size of [200_000, 20_000, 2_000, 200]) while (await hub.view.send('worker', { body: Buffer.alloc(size) }).then(() => true, () => false)) filled++
    const handle = await hub.client.start(greets, 'you', { instanceId: 'a' })
    const { service } = await hub.work({ ...programme, concurrency: { activities: 0 } })
    await eventually('it was refused', () => (service.requests['bus send worker'] ?? 0) > 1)
    expect((await hub.view.names('worker')).includes('TaskScheduled')).toBe(false)
    const receiver = hub.view.client.createReceiver(`${name}/worker`, { receiveMode: 'receiveAndDelete' })
    while (filled > 0) filled -= (await receiver.receiveMessages(filled)).length
    await receiver.close()
    await hub.work({ activities: [hello], concurrency: { orchestrations: 1 } })
    expect(await handle.result({ timeout: '60s' })).toBe('Hello you!')
    await hub.empty()
  })

  onlyEmulated('that puts the ids of sessions into lower case: instances keep theirs', async () => {
    const hub = await newHub()
    bed.bus.faults.lowerCaseSessionIds(true)
    try {
      await hub.work(programme)
      const handle = await hub.client.start(waits, undefined, { instanceId: 'Order-ABC' })
      await eventuallyEqual(async () => (await handle.state())?.status, 'Running')
      await handle.raiseEvent(go, 'you')
      expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
      expect((await handle.state())?.instanceId).toBe('Order-ABC')
      expect((await handle.history()).events).not.toHaveLength(0)
      await hub.empty()
    } finally {
      bed.bus.faults.lowerCaseSessionIds(false)
    }
  })
})

describe.concurrent('the lock of a session', { timeout: 120_000 }, () => {
  onlyEmulated('is renewed during a long turn', async () => {
    const hub = await newHub({ lockDuration: '4s', requestTimeout: '2s' })
    const isOver = deferred<void>()
    const { service } = await hub.work({ ...programme, middleware: { orchestration: [async (_ctx, next) => (await isOver.promise, next())] } })
    const handle = await hub.client.start(greets, 'you')
    await eventually('it is renewed beyond its end', () => (service.requests['bus renew-session orchestrator'] ?? 0) >= 4)
    isOver.resolve()
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    await hub.empty()
  })

  onlyEmulated('is lost: the turn touches nothing any more, and another worker does it', async () => {
    const hub = await newHub()
    const isOver = deferred<void>()
    const isIdle = deferred<void>()
    let turns = 0
    const host: Host = { metrics: { count: () => {}, record: () => {}, gauge: (name, value) => void (name === 'dtfx.orchestrations.active' && turns > 0 && value === 0 && isIdle.resolve()) } }
    const first = await hub.work({ orchestrations: [greets], concurrency: { orchestrations: 1, activities: 0 }, middleware: { orchestration: [async (_ctx, next) => (turns++, await isOver.promise, next())] } }, {}, host)
    const handle = await hub.client.start(greets, 'you', { instanceId: 'a' })
    await eventually('its turn runs', () => turns === 1)
    bed.bus.faults.expireSession(`${hub.name}/orchestrator`, 'a')
    await hub.work(programme)
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    isOver.resolve()
    await isIdle.promise
    await first.die()
    expect(first.service.requests['bus complete orchestrator']).toBeUndefined()
    expect(first.service.requests['bus send worker']).toBeUndefined()
    expect((await handle.history()).events.filter(({ type }) => type === 'TaskScheduled')).toHaveLength(1)
    await hub.empty()
  })
})

describe.concurrent('messages', { timeout: 120_000 }, () => {
  onlyEmulated('that nobody can read are set aside with a reason; the others of their session go on', async () => {
    const hub = await newHub()
    const { view, client, service } = hub
    const handle = await client.start(waits, undefined, { instanceId: 'a' })
    const notJson = { body: Buffer.from('{ "Event": '), applicationProperties: { CompressionType: 'none' } }
    const legacy = { body: Buffer.from('binary xml') }
    const notZipped = { body: Buffer.from('plain, though it says otherwise'), applicationProperties: { CompressionType: 'gzip' } }
    const noBlob = { body: Buffer.alloc(0), applicationProperties: { CompressionType: 'none', MessageBlobKey: 'message-20240506|a/e/none' } }
    for (const [index, message] of [notJson, legacy, notZipped, noBlob].entries()) {
      await view.send('orchestrator', { ...message, messageId: `o${index}`, sessionId: 'a' })
      await view.send('worker', { ...message, messageId: `w${index}` })
      await view.send('tracking', { ...message, messageId: `t${index}`, sessionId: 'a' })
    }
    await handle.raiseEvent(go, 'you')
    await hub.work(programme)
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    await eventuallyEqual(() => roles.map((role) => hub.counts(role).deadLettered), [4, 4, 4])
    for (const role of roles) for (const { raw } of await view.peek(role, 'deadLetter')) expect([raw.deadLetterReason, raw.deadLetterErrorDescription]).toEqual(['DTFX_WIRE_INVALID', expect.stringMatching(/\w/) as string])

    const all = await listed(service)
    expect(all.map(({ id }) => id).sort()).toEqual(['o', 't', 'w'].flatMap((queue) => [0, 1, 2, 3].map((index) => `${queue}${index}`)))
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set(['DTFX_WIRE_INVALID']))
    expect(all.find(({ id }) => id === 'o3')).toMatchObject({ instanceId: 'a', reason: expect.stringContaining('message-20240506') as string })
    // One that comes again is set aside again; one that is deleted is gone; the others stay as they are.
    expect(await service.quarantine.replay('w1')).toBe(true)
    expect(await service.quarantine.delete('o2')).toBe(true)
    expect(await service.quarantine.delete('o2')).toBe(false)
    await eventuallyEqual(() => roles.map((role) => hub.counts(role).deadLettered), [3, 4, 4])
    expect((await listed(service)).map(({ id }) => id)).toEqual(expect.arrayContaining(['o0', 'o1', 'o3', 'w0', 'w1', 'w2', 'w3']))
  })

  onlyEmulated('that wait are scheduled copies: the count of the broker stays one of failures', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const handle = await client.start(greets, 'you', { instanceId: 'a' })
    const [before] = await view.peek('orchestrator')
    const first = await hub.work({ activities: [hello], unknownNameGraceMs: 3_600_000 })
    await eventually('it came three times', async () => ((await view.peek('orchestrator'))[0]?.raw.applicationProperties?.['DtfxDeliveries'] ?? 0) === 3)
    await first.die()
    const seen = await view.peek('orchestrator')
    expect(seen.map(({ type, raw }) => ({ type, id: raw.applicationProperties?.['DtfxId'], deliveryCount: raw.deliveryCount }))).toEqual([{ type: 'ExecutionStarted', id: before?.raw.applicationProperties?.['DtfxId'], deliveryCount: 0 }])
    expect(seen[0]?.body).toEqual(before?.body)
    expect(hub.counts('orchestrator')).toMatchObject({ deadLettered: 0 })
    await hub.work(programme)
    expect(await handle.result({ timeout: '60s' })).toBe('Hello you!')
    await hub.empty()
  })
})

describe.concurrent('activities from the worker queue', { timeout: 120_000 }, () => {
  onlyEmulated('that run when nothing more is fetched are settled all the same: each runs once', async () => {
    const hub = await newHub()
    const count = 12
    const isOver = deferred<void>()
    let runs = 0
    const slow = defineActivity('Slow', async (_ctx, input: number) => (runs++, await isOver.promise, input))
    const many = defineOrchestration('Many', (ctx) => Promise.all(Array.from({ length: count }, (_, each) => ctx.callActivity(slow, each))))
    const handle = await hub.client.start(many)
    const { service } = await hub.work({ orchestrations: [many], activities: [slow], concurrency: { activities: count } })
    await eventually('all run', () => runs === count)
    isOver.resolve()
    expect(await handle.result({ timeout: '40s' })).toHaveLength(count)
    await hub.empty()
    expect(runs).toBe(count)
    expect(service.requests['bus complete worker']).toBe(count)
  })
})
