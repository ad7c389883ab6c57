/**
 * The crash points of a commit that writes the state first: what is lost between two steps is made good by whoever gets the session next, and nothing happens twice.
 */
import { defineActivity, defineEvent, defineOrchestration, type TaskHubWorkerOptions } from '@dtfx/core'
import { AmbiguousCommitError, deferred, type WireObject } from '@dtfx/core/provider'
import type { ServiceBusOptions } from '@dtfx/service-bus'
import { afterAll, describe, expect, vi } from 'vitest'
import { BusConnection } from '../src/bus/bus-connection.js'
import { trackingLane } from '../src/tracking/tracking-lane.js'
import { newHubName, onlyEmulated, useBed } from './bed.js'
import { eventually, eventuallyEqual } from './eventually.js'
import { roles, useHubs, type TestHub } from './use-hubs.js'

const bed = useBed()
const openHub = useHubs(bed)
const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx, name: string) => ctx.callActivity(hello, name))

async function newHub(given?: ServiceBusOptions): Promise<TestHub> {
  const hub = await openHub(given)
  return { ...hub, work: (options: Partial<TaskHubWorkerOptions> = {}, ...rest) => hub.work({ orchestrations: [greets], activities: [hello], ...options }, ...rest) }
}

const own = (state: WireObject | undefined): WireObject => (state?.['Dtfx'] ?? {}) as WireObject

describe.concurrent('a process dies', { timeout: 90_000 }, () => {
  onlyEmulated('behind the write of the state: the outbox is sent at each accept until it is sent, with the ids it has there', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const busy = hub.busy('worker')
    await client.start(greets, 'you', { instanceId: 'a' })
    for (let death = 0; death < 3; death++) {
      const hits = busy.hits
      const worker = await hub.work({})
      await eventually('it was tried to send', () => busy.hits > hits)
      await worker.die()
      expect(await view.names('worker')).toEqual([])
      expect(await view.names('orchestrator')).toEqual(['ExecutionStarted a'])
    }
    const state = own(await view.state('a'))
    expect(state['Sequence']).toBe(1)
    const [entry] = state['Outbox'] as readonly WireObject[]
    busy.remove()
    const last = await hub.work({ concurrency: { activities: 0 } })
    await eventuallyEqual(() => view.names('orchestrator'), [])
    expect((await view.peek('worker')).map(({ raw }) => raw.applicationProperties?.['DtfxId'])).toEqual([entry?.['Id']])
    await last.die()
    // All was sent, and its input is gone: who comes now sends nothing of it again.
    await client.get('a').raiseEvent('Anything')
    const later = await hub.work({ concurrency: { activities: 0 } })
    await eventuallyEqual(() => view.names('orchestrator'), [])
    expect(await view.names('worker')).toEqual(['TaskScheduled'])
    await later.die()
    await hub.work({})
    expect(await client.get('a').result({ timeout: '40s' })).toBe('Hello you!')
    await hub.empty()
  })

  onlyEmulated('again and again: at its eighth delivery a message is replaced, with its outbox sent, before the broker sets it aside', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const queue = `${view.hub}/orchestrator`
    const busy = hub.busy('worker')
    await client.start(greets, 'you', { instanceId: 'a' })
    const worker = await hub.work({ maxSuspectTurns: 1_000 })
    const deliveries = async (): Promise<number> => (await view.peek('orchestrator'))[0]?.raw.deliveryCount ?? 0
    for (let count = 1; count <= 8; count++) {
      await eventually('it is delivered', () => bed.bus.counts(queue).locked === 1)
      bed.bus.faults.expireSession(queue, 'a')
      await eventually(`${count} deliveries failed`, async () => (await deliveries()) === count)
    }
    // Now it may be replaced, but its outbox cannot be sent yet: it stays. And nobody asks in a hurry.
    const before = busy.hits
    await eventually('it is tried again', () => busy.hits > before + 1)
    expect(bed.bus.counts(queue)).toMatchObject({ deadLettered: 0 })
    expect((await view.peek('orchestrator'))[0]?.raw.deliveryCount).toBe(8)
    expect(worker.service.requests['bus accept orchestrator'] ?? 0).toBeLessThan(40)
    busy.remove()
    expect(await client.get('a').result({ timeout: '40s' })).toBe('Hello you!')
    // The copy, and the answer of the activity.
    expect(worker.service.requests['bus send orchestrator']).toBe(2)
    await hub.empty()
  })

  onlyEmulated('before the inputs of the last turn are completed: the state stays until they are, and a start that comes again starts nothing', async () => {
    const hub = await newHub()
    const { view, client } = hub
    let runs = 0
    const once = defineOrchestration('Once', () => Promise.resolve(++runs))
    const lost = bed.bus.faults.inject({ on: 'settle', queue: `${view.hub}/orchestrator`, fault: { kind: 'lose-acknowledgement', effect: 'before' }, times: 1_000_000 })
    const handle = await client.start(once, undefined, { instanceId: 'a' })
    const first = await hub.work({ orchestrations: [once] })
    await eventually('it is tried to complete the start', () => lost.hits > 0)
    await first.die()
    // Now it is tracked, by a worker that gets no orchestrations.
    const letSession = await view.hold('orchestrator', 'a')
    const tracker = hub.open()
    const port = await tracker.startWorker({ workerId: 'tracker', concurrency: { orchestrations: 1, activities: 1 } })
    expect(await handle.result({ timeout: '40s' })).toBe(1)
    await letSession()
    // Twice it comes to clear the state, and finds that the start is still there.
    await eventually('it is looked for the start', () => (tracker.requests['bus peek orchestrator'] ?? 0) >= 2)
    expect((await view.state('a'))?.['Events']).toHaveLength(4)
    expect(await view.names('orchestrator')).toEqual(['ExecutionStarted a'])
    await port.stop(0)
    lost.remove()
    await hub.work({ orchestrations: [once] })
    await hub.empty()
    expect(runs).toBe(1)
  })

  onlyEmulated('with a finished instance whose state still waits to be cleared: what comes late is consumed, and the state is cleared all the same', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const letTracking = await view.hold('tracking', trackingLane('a'))
    await client.start(greets, 'you', { instanceId: 'a' })
    const first = await hub.work({})
    await eventuallyEqual(async () => (await view.names('tracking')).filter((name) => name.startsWith('HistoryState')).length, 2)
    await first.die()
    await client.get('a').raiseEvent('Late')
    await client.get('a').terminate('late')
    const second = await hub.work({})
    await eventuallyEqual(() => view.names('orchestrator'), [])
    await second.die()
    await letTracking()
    await hub.work({})
    expect(await client.get('a').result({ timeout: '40s' })).toBe('Hello you!')
    await hub.empty()
  })

  onlyEmulated('and what it told comes again behind the end of the instance: the state is cleared all the same', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const letTracking = await view.hold('tracking', trackingLane('a'))
    await client.start(greets, 'you', { instanceId: 'a' })
    const first = await hub.work({})
    await eventuallyEqual(async () => (await view.names('tracking')).length, 2)
    await eventuallyEqual(() => view.names('orchestrator'), [])
    await first.die()
    const [earlier] = await view.peek('tracking')
    const { body, applicationProperties } = earlier?.raw ?? expect.fail('nothing is told')
    await view.send('tracking', { body: body as Buffer, sessionId: trackingLane('a'), messageId: 'again', ...(applicationProperties === undefined ? undefined : { applicationProperties }) })
    // Somebody else has the session: clearing its state is put off.
    const letSession = await view.hold('orchestrator', 'a')
    await letTracking()
    await hub.work({})
    await eventuallyEqual(async () => (await client.state('a'))?.status, 'Completed')
    await eventually('it is put off', () => hub.counts('tracking').scheduled === 1)
    await letSession()
    await hub.empty()
  })
})

describe.concurrent('an activity', { timeout: 90_000 }, () => {
  onlyEmulated('whose workers die again and again: its message is replaced by a copy, long before the broker sets it aside', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const handle = await client.start(greets, 'you', { instanceId: 'a' })
    await hub.work({ concurrency: { activities: 0 } })
    await eventuallyEqual(() => view.names('worker'), ['TaskScheduled'])
    const receiver = view.client.createReceiver(`${view.hub}/worker`)
    for (let death = 0; death < 4; death++) for (const message of await receiver.receiveMessages(1)) await receiver.abandonMessage(message)
    await receiver.close()
    expect((await view.peek('worker')).map(({ raw }) => raw.deliveryCount)).toEqual([4])
    const { service } = await hub.work({})
    expect(await handle.result({ timeout: '40s' })).toBe('Hello you!')
    expect(service.requests['bus send worker']).toBe(1)
    await hub.empty()
  })
})

describe.concurrent('the write of a state', { timeout: 90_000 }, () => {
  /** Tells the connections of this hub from the others. */
  const ownTimeoutMs = 9_876
  afterAll(() => vi.restoreAllMocks())

  onlyEmulated('whose answer is lost is found in the state: the turn is not taken for one that lost a race', async () => {
    const hub = await newHub({ requestTimeout: ownTimeoutMs })
    const { view, client } = hub
    let lost = 0
    const request = BusConnection.prototype.request
    vi.spyOn(BusConnection.prototype, 'request').mockImplementation(async function (this: BusConnection, operation, ...rest) {
      const answer = await request.call(this, operation, ...rest)
      if (operation === 'set-state orchestrator' && this.parts.requestTimeoutMs === ownTimeoutMs && lost++ === 0) throw new AmbiguousCommitError(operation, 'its answer is lost')
      return answer
    })
    await client.start(greets, 'you', { instanceId: 'a' })
    const worker = await hub.work({ concurrency: { activities: 0 } })
    await eventuallyEqual(() => view.names('worker'), ['TaskScheduled'])
    await eventuallyEqual(() => view.names('orchestrator'), [])
    await worker.die()
    expect(own(await view.state('a'))['Sequence']).toBe(1)
    expect(worker.service.requests['bus set-state orchestrator']).toBe(1)
    await hub.work({})
    expect(await client.get('a').result({ timeout: '40s' })).toBe('Hello you!')
    await hub.empty()
  })
})

describe.concurrent('the end of an instance is tracked', { timeout: 90_000 }, () => {
  onlyEmulated('before its answer is sent: the state is not cleared, and the answer comes', async () => {
    const hub = await newHub()
    const { view, client } = hub
    let runs = 0
    const child = defineOrchestration('Child', () => Promise.resolve(++runs))
    const parent = defineOrchestration('Parent', (ctx) => ctx.callSubOrchestration(child, undefined, { instanceId: 'child' }))
    const handle = await client.start(parent, undefined, { instanceId: 'parent' })
    const first = await hub.work({ orchestrations: [parent] })
    await eventuallyEqual(() => view.names('orchestrator'), ['ExecutionStarted child'])
    await first.die()
    // Its turn is written and tracked; what it answers is not sent.
    const letTracking = await view.hold('tracking', trackingLane('child'))
    const busy = hub.busy('orchestrator')
    const second = await hub.work({ orchestrations: [child] })
    await eventually('it answers', () => busy.hits > 0)
    await eventually('it is tracked', async () => (await view.names('tracking')).some((name) => name.startsWith('HistoryState')))
    await second.die()
    // A worker that hosts nothing tracks it.
    const letSession = await view.hold('orchestrator', 'child')
    await letTracking()
    const tracker = hub.open()
    const port = await tracker.startWorker({ workerId: 'tracker', concurrency: { orchestrations: 1, activities: 1 } })
    await eventuallyEqual(async () => (await client.state('child'))?.status, 'Completed')
    await letSession()
    await eventually('the tracking messages are taken, or wait', () => hub.counts('tracking').active + hub.counts('tracking').locked === 0)
    expect(own(await view.state('child'))['Outbox']).toHaveLength(1)
    await port.stop(0)
    busy.remove()
    await hub.work({ orchestrations: [parent, child] })
    expect(await handle.result({ timeout: '40s' })).toBe(1)
    expect(runs).toBe(1)
    await hub.empty()
  })
})

describe.concurrent('ids of consumed messages', { timeout: 90_000 }, () => {
  onlyEmulated('one leaves only when its message is completed: the input that stays for a local activity is known after hundreds of others', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const number = defineEvent<number>('Number')
    const isOpen = deferred<void>()
    const slow = defineActivity('Slow', async () => isOpen.promise)
    const count = 300
    const counts = defineOrchestration('Counts', async (ctx) => {
      const seen = [await ctx.waitForExternalEvent(number)]
      const running = ctx.callActivity(slow)
      while (seen.length <= count) seen.push(await ctx.waitForExternalEvent(number))
      await running
      return seen
    })
    const handle = await client.start(counts, undefined, { instanceId: 'a' })
    const options = { orchestrations: [counts], activities: [slow] }
    await hub.work(options, { localActivities: true })
    await eventuallyEqual(async () => (await client.state('a'))?.status, 'Running')
    await eventuallyEqual(() => view.names('orchestrator'), [])
    await handle.raiseEvent(number, 0)
    await eventually('the activity runs, and its input stays', () => hub.counts('orchestrator').locked === 1)
    for (let each = 1; each <= count; each++) await handle.raiseEvent(number, each)
    await eventually('only one message stays', () => hub.counts('orchestrator').locked + hub.counts('orchestrator').active === 1)
    bed.bus.faults.expireSession(`${view.hub}/orchestrator`, 'a')
    await eventually('it is taken again', () => hub.counts('orchestrator').active === 0)
    isOpen.resolve()
    expect(await handle.result({ timeout: '40s' })).toEqual(Array.from({ length: count + 1 }, (_, each) => each))
    expect((await handle.history()).events.filter(({ type }) => type === 'EventRaised')).toHaveLength(count + 1)
  })
})

describe.concurrent('the duplicate detection of the broker', { timeout: 90_000 }, () => {
  const queuesOf = (hub: string, requiresDuplicateDetection: boolean): void => {
    for (const role of roles) bed.bus.createQueue({ name: `${hub}/${role}`, requiresSession: role !== 'worker', requiresDuplicateDetection, duplicateDetectionWindowMs: 4 * 3_600_000, lockDurationMs: 20_000 })
  }

  onlyEmulated('is not relied on: without it what is sent twice counts once', async () => {
    const taskHub = newHubName()
    queuesOf(taskHub, false)
    const hub = await newHub({ taskHub })
    for (const role of roles) bed.bus.faults.inject({ on: 'send', queue: `${taskHub}/${role}`, fault: { kind: 'lose-acknowledgement', effect: 'after', thenDrop: true }, times: 4 })
    const go = defineEvent<number>('Go')
    const child = defineOrchestration('Child', (ctx, name: string) => ctx.callActivity(hello, name))
    const parent = defineOrchestration('Parent', async (ctx) => {
      const first = await ctx.waitForExternalEvent(go)
      await ctx.createTimer(20)
      const greeted = await ctx.callSubOrchestration(child, 'you')
      return [first, await ctx.waitForExternalEvent(go), greeted]
    })
    await hub.work({ orchestrations: [parent, child] })
    const handle = await hub.client.start(parent, undefined, { instanceId: 'a' })
    for (const each of [1, 2]) await handle.raiseEvent(go, each)
    expect(await handle.result({ timeout: '40s' })).toEqual([1, 2, 'Hello you!'])
    const { events } = await handle.history()
    expect(events.filter(({ type }) => type === 'EventRaised')).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'SubOrchestrationInstanceCompleted')).toHaveLength(1)
    await hub.empty()
  })

  onlyEmulated('swallows nothing of a rewound instance: what it sends again has other ids', async () => {
    const taskHub = newHubName()
    queuesOf(taskHub, true)
    const hub = await newHub({ taskHub })
    let fails = true
    const fragile = defineActivity('Fragile', () => {
      if (fails) throw new Error('not yet')
      return 'done'
    })
    const child = defineOrchestration('Child', (ctx) => ctx.callActivity(fragile))
    const parent = defineOrchestration('Parent', async (ctx) => [await ctx.callActivity(hello, 'you'), await ctx.callSubOrchestration(child)])
    await hub.work({ orchestrations: [parent, child], activities: [hello, fragile] })
    const handle = await hub.client.start(parent, undefined, { instanceId: 'a' })
    await eventuallyEqual(async () => (await handle.state())?.status, 'Failed')
    const { executionId } = (await handle.state()) ?? {}
    fails = false
    await handle.rewind('again')
    expect(await handle.result({ timeout: '40s' })).toEqual(['Hello you!', 'done'])
    expect((await handle.state())?.executionId).not.toBe(executionId)
    await hub.empty()
  })
})
