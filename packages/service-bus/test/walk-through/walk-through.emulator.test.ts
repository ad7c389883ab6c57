/** The way of an orchestration through the queues, step by step: each step is a worker that can do this step only. And what is there when a worker dies in the middle of it. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineActivity, defineOrchestration, type HistoryEvent } from '@dtfx/core'
import type { WireObject } from '@dtfx/core/provider'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { trackingLane } from '../../src/tracking/tracking-lane.js'
import { onlyEmulated, useBed } from '../bed.js'
import { buildWorker } from '../crash/worker-seat.js'
import { eventually, eventuallyEqual } from '../eventually.js'
import type { HubView } from '../hub-view.js'
import { useHubs } from '../use-hubs.js'
import type { StuckArguments } from './stuck-worker.js'

const bed = useBed()
const newHub = useHubs(bed)
const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx, name: string) => {
  const greeting = await ctx.callActivity(hello, name)
  return { greeting }
})
/** Takes turns, but runs no activity. */
const turnsOnly = { orchestrations: [greets], concurrency: { activities: 0 } }

/** What the tracking queue says last of the instance: its status there is .NET's number. */
async function lastTracked(view: HubView): Promise<unknown> {
  const states = (await view.peek('tracking')).filter(({ type }) => type === 'HistoryState').map(({ event }) => event['State'] as WireObject)
  return states.at(-1)?.['OrchestrationStatus']
}

/** Without what differs from run to run. */
function shape(events: readonly HistoryEvent[]): unknown[] {
  return events.map((event) => ({
    type: event.type,
    eventId: event.eventId,
    ...('name' in event ? { name: event.name } : undefined),
    ...('input' in event ? { input: event.input } : undefined),
    ...('taskScheduledId' in event ? { answers: event.taskScheduledId } : undefined),
    ...('result' in event ? { result: event.result } : undefined),
  }))
}

describe('an orchestration with one activity', { timeout: 120_000 }, () => {
  let stepwise: unknown[]

  onlyEmulated('step by step: which message is on which queue', async () => {
    const hub = await newHub()
    const { view, client } = hub
    const types = (): Promise<unknown> => view.state('a').then((state) => (state?.['Events'] as readonly WireObject[] | undefined)?.map(({ $type }) => /(\w+)Event,/.exec(String($type))?.[1]))

    // 1. The client puts the start into the orchestrator queue, in the session of the instance.
    const handle = await client.start(greets, 'you', { instanceId: 'a' })
    expect(await view.names('orchestrator')).toEqual(['ExecutionStarted a'])
    expect(await view.names('worker')).toEqual([])
    expect(await view.names('tracking')).toEqual([])
    expect(await view.state('a')).toBeUndefined()

    // 2. The hub runs the orchestration up to its first activity: that goes into the worker queue, what happened into the tracking queue. The state of the session remembers it.
    const letTracking = await view.hold('tracking', trackingLane('a'))
    const first = await hub.work(turnsOnly)
    await eventually('the first turn is over', async () => (await view.names('worker')).length > 0 && (await view.names('orchestrator')).length === 0)
    await first.die()
    expect(await view.names('worker')).toEqual(['TaskScheduled'])
    expect(await types()).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'OrchestratorCompleted'])
    expect([...new Set((await view.peek('tracking')).map(({ sessionId }) => sessionId))]).toEqual([trackingLane('a')])
    expect(await lastTracked(view)).toBe(0)

    // 3. The activity is run, and its result goes into the orchestrator queue. Only then is its message gone.
    const letSession = await view.hold('orchestrator', 'a')
    const second = await hub.work({ activities: [hello], concurrency: { orchestrations: 1 } })
    await eventually('the activity is over', async () => (await view.names('worker')).length === 0)
    await second.die()
    expect(await view.names('orchestrator')).toEqual(['TaskCompleted a'])
    const [completed] = await view.peek('orchestrator')
    expect(completed?.event).toMatchObject({ TaskScheduledId: 0, Result: '"Hello you!"' })

    // 4. The orchestration is woken by it, replayed from its state, and comes to its end. That, too, goes into the tracking queue.
    await letSession()
    const third = await hub.work(turnsOnly)
    await eventually('the last turn is over', async () => (await view.names('orchestrator')).length === 0)
    await third.die()
    expect(await view.names('worker')).toEqual([])
    expect(await types()).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'OrchestratorCompleted', 'OrchestratorStarted', 'TaskCompleted', 'ExecutionCompleted', 'OrchestratorCompleted'])
    expect(await lastTracked(view)).toBe(1)
    expect((await client.state('a'))?.status).toBe('Pending')

    // 5. The tracking queue is written into the instance store, and the state of the session is not needed any more.
    await letTracking()
    await hub.work(turnsOnly)
    expect(await handle.result({ timeout: '40s' })).toEqual({ greeting: 'Hello you!' })
    await hub.empty()
    stepwise = shape((await handle.history()).events)
    expect(stepwise).toHaveLength(8)
  })

  onlyEmulated('with local activities it has the same history, and the worker queue is not used', async () => {
    const hub = await newHub({ localActivities: true })
    const { service } = await hub.work({ orchestrations: [greets], activities: [hello] })
    const handle = await hub.client.start(greets, 'you', { instanceId: 'a' })
    expect(await handle.result({ timeout: '40s' })).toEqual({ greeting: 'Hello you!' })
    expect(shape((await handle.history()).events)).toEqual(stepwise)
    expect(service.requests['bus send worker']).toBeUndefined()
    await hub.empty()
  })
})

describe('a worker that is killed in the middle of an activity', { timeout: 120_000 }, () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dtfx-walk-'))
    await buildWorker(join(folder, 'stuck.mjs'), fileURLToPath(new URL('stuck-worker.ts', import.meta.url)))
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  onlyEmulated('the message is still there, and the activity runs again', async () => {
    const times = { lockDuration: '6s', requestTimeout: '3s' } as const
    const hub = await newHub(times)
    const { view, client } = hub
    const logPath = join(folder, 'runs.log')
    const handle = await client.start(greets, 'you', { instanceId: 'a' })
    await hub.work(turnsOnly)
    const args: StuckArguments = { logPath, service: { taskHub: hub.name, connectionString: bed.busConnectionString, storageConnectionString: bed.storageConnectionString, ...times } }
    const child = spawn(process.execPath, [join(folder, 'stuck.mjs'), JSON.stringify(args)], { stdio: ['pipe', 'ignore', 'inherit'] })
    const gone = new Promise((resolve) => child.once('exit', resolve))
    try {
      await eventually('the activity runs', () => existsSync(logPath))
      const [before] = await view.peek('worker')
      child.kill('SIGKILL')
      await gone
      const [after] = await view.peek('worker')
      expect(after?.raw.messageId).toBe(before?.raw.messageId)
      expect(readFileSync(logPath, 'utf8')).toBe('you\n')
      let runs = 0
      const again = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}, run ${++runs}!`)
      await hub.work({ activities: [again] })
      expect(await handle.result({ timeout: '60s' })).toEqual({ greeting: 'Hello you, run 1!' })
      await hub.empty()
      await eventuallyEqual(async () => (await handle.history()).events.filter(({ type }) => type === 'TaskScheduled').length, 1)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
