/**
 * What an orchestration costs in requests, exactly. Client and worker are services of their own, so that what waits for the result is not counted; waits for work (`accept`, `receive`) are not either: a session that was
 * accepted is one that is released.
 */
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import type { ServiceBusOptions, ServiceBusService } from '@dtfx/service-bus'
import { expect } from 'vitest'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { patientClock } from '../patient-clock.js'

type Counts = Readonly<Record<string, number>>

const bed = useBed()

const start: Counts = { 'bus send orchestrator': 1, 'table replace jump-starts': 1, 'table insert instances': 1, 'table delete jump-starts': 1 }

function workCounts(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([operation]) => !/^bus (accept|receive) |^bus release tracking|create|query jump-starts/.test(operation)))
}

function difference(before: Counts, after: Counts): Counts {
  return Object.fromEntries(Object.entries(workCounts(after)).flatMap(([operation, count]) => (count === (before[operation] ?? 0) ? [] : [[operation, count - (before[operation] ?? 0)]])))
}

/** The counts when they are as expected, or after a while as they are. */
async function settled(service: ServiceBusService, before: Counts, expected: Counts): Promise<Counts> {
  const endMs = systemClock.monotonicMs() + 10_000
  for (;;) {
    const sent = difference(before, service.requests)
    if (JSON.stringify(sorted(sent)) === JSON.stringify(sorted(expected)) || systemClock.monotonicMs() > endMs) return sent
    await sleep(systemClock, 20)
  }
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function expectCounts(activities: number, options: ServiceBusOptions, expected: Counts): Promise<void> {
  const taskHub = newHubName()
  const isOpen = (turns: number): boolean => {
    const { active, locked } = bed.bus.counts(`${taskHub}/tracking`)
    return active + locked > 0 || (service.requests['bus release orchestrator'] ?? 0) < turns
  }
  const hello = defineActivity('Hello', async (_ctx, city: string) => {
    // Through the queue every turn has a session and is tracked on its own: so that two never come together, each waits for the one before.
    while (options.localActivities === false && isOpen(Number(city) + 1)) await sleep(systemClock, 5)
    return `Hello ${city}!`
  })
  const sequence = defineOrchestration('Sequence', async (ctx) => {
    for (let i = 0; i < activities; i++) await ctx.callActivity(hello, String(i))
  })
  const service = bed.open({ taskHub, ...options }, { clock: patientClock })
  const worker = new TaskHubWorker(service, { orchestrations: [sequence], activities: [hello] })
  await worker.start()
  const clientService = bed.open({ taskHub, ...options })
  const client = new TaskHubClient(clientService)
  await client.state('none')
  const [before, clientBefore] = [workCounts(service.requests), workCounts(clientService.requests)]
  await (await client.start(sequence)).result({ timeout: '30s' })
  expect(sorted(await settled(service, before, expected))).toEqual(sorted(expected))
  const { 'table query instances': _wait, ...ofClient } = difference(clientBefore, clientService.requests)
  expect(sorted(ofClient)).toEqual(sorted(start))
  await worker.stop()
}

/** Of the tracking store for each message: the history, our row, .NET's row. Its session is kept for other instances. */
function tracking(messages: number): Counts {
  return { 'bus send tracking': messages, 'bus complete tracking': messages, 'table transaction instances': messages, 'table replace instances': 2 * messages }
}

onlyEmulated.for([1, 5])('%i local activities one after the other: a write of the state for each turn and one that clears it, one session, one message to track', { timeout: 60_000 }, async (activities) => {
  await expectCounts(activities, {}, {
    'bus get-state orchestrator': 1,
    'bus set-state orchestrator': activities + 2,
    'bus complete orchestrator': 1,
    'bus release orchestrator': 1,
    'table query instances': 1,
    ...tracking(1),
  })
})

onlyEmulated.for([1, 5])('%i activities through the queue: a session, a message there and back and one to track for each turn', { timeout: 60_000 }, async (activities) => {
  await expectCounts(activities, { localActivities: false }, {
    'bus get-state orchestrator': activities + 1,
    'bus set-state orchestrator': activities + 2,
    'bus complete orchestrator': activities + 1,
    'bus release orchestrator': activities + 1,
    'bus send worker': activities,
    'bus complete worker': activities,
    'bus send orchestrator': activities,
    'table query instances': 1,
    ...tracking(activities + 1),
  })
})

onlyEmulated('many activities on few slots: each runs once', { timeout: 60_000 }, async () => {
  const taskHub = newHubName()
  const runs = new Map<number, number>()
  const count = defineActivity('Count', async (_ctx, n: number) => {
    runs.set(n, (runs.get(n) ?? 0) + 1)
    await sleep(systemClock, 20)
    return n
  })
  const fan = defineOrchestration('Fan', async (ctx) => (await Promise.all(Array.from({ length: 40 }, (_, n) => ctx.callActivity(count, n)))).length)
  const services = [bed.open({ taskHub, localActivities: false }), bed.open({ taskHub, localActivities: false })]
  const workers = services.map((service) => new TaskHubWorker(service, { orchestrations: [fan], activities: [count], concurrency: { activities: 2, orchestrations: 2 } }))
  for (const worker of workers) await worker.start()
  const [service] = services
  expect(await (await new TaskHubClient(service as ServiceBusService).start(fan)).result({ timeout: '30s' })).toBe(40)
  expect([...runs.values()].filter((times) => times !== 1)).toEqual([])
  await Promise.all(workers.map((worker) => worker.stop()))
})
