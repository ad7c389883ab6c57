/**
 * Each request to the bus goes wrong once: its acknowledgement is lost before or after it took effect, the connection ends, the service is busy, the lock ends. The instance ends with the right result all the same, and nothing is left in
 * the queues. By default every seventh case is run; `DTFX_FAULTS=all` runs all of them.
 */
import { TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import type { Fault, FaultRule } from '@dtfx/service-bus-emulator'
import { describe, expect } from 'vitest'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { goEvent, problemsOf, scenario, type ActivityRun } from '../scenario.js'

const bed = useBed()
const step = process.env['DTFX_FAULTS'] === 'all' ? 1 : 7
/** Short, so that what is lost is missed soon. */
const options = { lockDuration: '4s', requestTimeout: '2s', acceptTimeout: '2s', jumpStartInterval: '1h' } as const

const kinds: readonly Fault[] = [
  { kind: 'lose-acknowledgement', effect: 'before', thenDrop: true },
  { kind: 'lose-acknowledgement', effect: 'after', thenDrop: true },
  { kind: 'lose-acknowledgement', effect: 'before' },
  { kind: 'lose-acknowledgement', effect: 'after' },
  { kind: 'server-busy' },
]
/** What goes wrong, and how many of them there are in a run. */
const places: readonly (Pick<FaultRule, 'on' | 'request'> & { readonly role: string; readonly count: number })[] = [
  { on: 'send', role: 'orchestrator', count: 6 },
  { on: 'send', role: 'worker', count: 5 },
  { on: 'send', role: 'tracking', count: 6 },
  { on: 'settle', role: 'orchestrator', count: 6 },
  { on: 'settle', role: 'worker', count: 3 },
  { on: 'settle', role: 'tracking', count: 6 },
  { on: 'request', request: 'set-session-state', role: 'orchestrator', count: 7 },
  { on: 'request', request: 'get-session-state', role: 'orchestrator', count: 3 },
  { on: 'attach', role: 'orchestrator', count: 4 },
  { on: 'attach', role: 'tracking', count: 4 },
]

interface Case {
  readonly localActivities: boolean
  readonly rule: (hub: string) => FaultRule
  readonly name: string
}

function cases(): readonly Case[] {
  const all = [true, false].flatMap((localActivities) =>
    places
      .filter(({ role }) => !(localActivities && role === 'worker'))
      .flatMap(({ on, request, role, count }) =>
        kinds.flatMap((fault) =>
          Array.from({ length: count }, (_, skip) => ({
            localActivities,
            name: `${fault.kind}${'effect' in fault ? ` ${fault.effect}${fault.thenDrop === true ? ', connection ends' : ''}` : ''} on ${request ?? on} ${role} #${skip + 1}, ${localActivities ? 'local' : 'through the queue'}`,
            rule: (hub: string): FaultRule => ({ on, skip, queue: `${hub}/${role}`, fault, ...(request === undefined ? undefined : { request }) }),
          })),
        ),
      ),
  )
  return all.filter((_, index) => index % step === 0)
}

async function run({ localActivities, rule }: Case): Promise<string[]> {
  const taskHub = newHubName()
  const runs: ActivityRun[] = []
  const service = bed.open({ taskHub, localActivities, ...options })
  await service.createHub()
  const injected = bed.bus.faults.inject(rule(taskHub))
  const worker = new TaskHubWorker(service, { ...scenario((each) => runs.push(each)), concurrency: { orchestrations: 4, activities: 4 } })
  const client = new TaskHubClient(service)
  await worker.start()
  const handle = await client.start<unknown>('Flow', { results: [], isLarge: false })
  await handle.raiseEvent(goEvent, 'go!')
  const output = await handle.result({ timeout: '50s' })
  const problems = problemsOf(output, (await handle.history()).events, runs)
  const endMs = systemClock.monotonicMs() + 20_000
  const left = (): string[] => ['orchestrator', 'worker', 'tracking'].flatMap((role) => {
    const { active, locked, scheduled, deadLettered, sessions } = bed.bus.counts(`${taskHub}/${role}`)
    return active + locked + scheduled + deadLettered + sessions === 0 ? [] : [`${role}: ${JSON.stringify({ active, locked, scheduled, deadLettered, sessions })}`]
  })
  while (left().length > 0 && systemClock.monotonicMs() < endMs) await sleep(systemClock, 50)
  problems.push(...left())
  injected.remove()
  await worker.stop({ deadline: '2s' })
  await service.close()
  return problems
}

describe.concurrent('a request goes wrong once', () => {
  for (const each of cases()) onlyEmulated(each.name, { timeout: 120_000 }, async () => expect(await run(each)).toEqual([]))
})
