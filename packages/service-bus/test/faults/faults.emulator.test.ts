/**
 * Each request to the bus goes wrong once: its acknowledgement is lost before or after it took effect, the connection ends, the service is busy, the lock ends. The instance ends with the right result all the same, and nothing is left in
 * the queues. By default every eleventh case is run; `DTFX_FAULTS=all` runs all of them. A case whose fault does not strike fails: it would prove nothing.
 */
import { TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import type { Fault, FaultRule } from '@dtfx/service-bus-emulator'
import { describe, expect } from 'vitest'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { goEvent, problemsOf, scenario, type ActivityRun } from '../scenario.js'

const bed = useBed()
const step = process.env['DTFX_FAULTS'] === 'all' ? 1 : 11
/** Short, so that what is lost is missed soon. */
const options = { lockDuration: '4s', requestTimeout: '2s', acceptTimeout: '2s', jumpStartInterval: '1h' } as const

const kinds: readonly Fault[] = [
  { kind: 'lose-acknowledgement', effect: 'before', thenDrop: true },
  { kind: 'lose-acknowledgement', effect: 'after', thenDrop: true },
  { kind: 'lose-acknowledgement', effect: 'before' },
  { kind: 'lose-acknowledgement', effect: 'after' },
  { kind: 'server-busy' },
]
interface Place extends Pick<FaultRule, 'on' | 'request'> {
  readonly role: 'orchestrator' | 'worker' | 'tracking'
  /** How many of them each run has that nothing disturbs: with local activities, and through the queue. Some runs have a few more. */
  readonly counts: readonly [local: number, queued: number]
}

/** What goes wrong. */
const places: readonly Place[] = [
  { on: 'send', role: 'orchestrator', counts: [5, 13] },
  { on: 'send', role: 'worker', counts: [0, 6] },
  { on: 'send', role: 'tracking', counts: [6, 10] },
  { on: 'settle', role: 'orchestrator', counts: [5, 13] },
  { on: 'settle', role: 'worker', counts: [0, 8] },
  { on: 'settle', role: 'tracking', counts: [6, 10] },
  { on: 'request', request: 'set-session-state', role: 'orchestrator', counts: [12, 12] },
  { on: 'request', request: 'get-session-state', role: 'orchestrator', counts: [3, 3] },
  { on: 'attach', role: 'orchestrator', counts: [4, 4] },
  { on: 'attach', role: 'worker', counts: [1, 3] },
  { on: 'attach', role: 'tracking', counts: [2, 2] },
]
/** How many more of a kind a run may have before somebody has to look: they are without a case. Links are opened, and states read, as often as it happens. */
const mayBeMore = 3

interface Case {
  readonly localActivities: boolean
  readonly rule: (hub: string) => FaultRule
  readonly name: string
}

function nameOf({ on, request, role }: Place): string {
  return `${request ?? on} ${role}`
}

function cases(): readonly Case[] {
  const all = [true, false].flatMap((localActivities) =>
    places.flatMap((place) =>
      kinds.flatMap((fault) =>
        Array.from({ length: countOf(place, localActivities) }, (_, skip) => ({
          localActivities,
          name: `${fault.kind}${'effect' in fault ? ` ${fault.effect}${fault.thenDrop === true ? ', connection ends' : ''}` : ''} on ${nameOf(place)} #${skip + 1}, ${localActivities ? 'local' : 'through the queue'}`,
          rule: (hub: string): FaultRule => ({ ...ruleOf(place, hub), skip, fault }),
        })),
      ),
    ),
  )
  return all.filter((_, index) => index % step === 0)
}

function countOf({ counts: [local, queued] }: Place, localActivities: boolean): number {
  return localActivities ? local : queued
}

function isBySession({ on, request }: Place): boolean {
  return on === 'attach' || request === 'get-session-state'
}

function ruleOf({ on, request, role }: Place, hub: string): Omit<FaultRule, 'fault'> {
  return { on, queue: `${hub}/${role}`, ...(request === undefined ? undefined : { request }) }
}

interface Run {
  readonly localActivities: boolean
  readonly rules: (hub: string) => readonly FaultRule[]
}

/** What is wrong with it, and how often each rule struck. */
async function run({ localActivities, rules }: Run): Promise<{ readonly problems: readonly string[]; readonly hits: readonly number[] }> {
  const taskHub = newHubName()
  const runs: ActivityRun[] = []
  const service = bed.open({ taskHub, localActivities, ...options })
  await service.createHub()
  const injected = rules(taskHub).map((rule) => bed.bus.faults.inject(rule))
  const worker = new TaskHubWorker(service, { ...scenario((each) => runs.push(each)), concurrency: { orchestrations: 4, activities: 4 } })
  const client = new TaskHubClient(service)
  await worker.start()
  const handle = await client.start<unknown>('Flow', { results: [], isLarge: false })
  await handle.raiseEvent(goEvent, 'go!')
  const output = await handle.result({ timeout: '50s' })
  const problems = problemsOf(output, (await handle.history()).events, runs)
  problems.push(...(await left(taskHub)))
  for (const each of injected) each.remove()
  await worker.stop({ deadline: '2s' })
  await service.close()
  return { problems, hits: injected.map(({ hits }) => hits) }
}

/** After a while. */
async function left(taskHub: string): Promise<readonly string[]> {
  const endMs = systemClock.monotonicMs() + 20_000
  for (;;) {
    const found = ['orchestrator', 'worker', 'tracking'].flatMap((role) => {
      const { active, locked, scheduled, deadLettered, sessions } = bed.bus.counts(`${taskHub}/${role}`)
      return active + locked + scheduled + deadLettered + sessions === 0 ? [] : [`${role}: ${JSON.stringify({ active, locked, scheduled, deadLettered, sessions })}`]
    })
    if (found.length === 0 || systemClock.monotonicMs() > endMs) return found
    await sleep(systemClock, 50)
  }
}

describe.concurrent('a request goes wrong once', () => {
  for (const { name, localActivities, rule } of cases()) {
    onlyEmulated(name, { timeout: 120_000 }, async () => {
      const { problems, hits } = await run({ localActivities, rules: (hub) => [rule(hub)] })
      expect([...problems, ...(hits[0] === 1 ? [] : ['the fault did not strike: there are fewer requests of its kind than `counts` says'])]).toEqual([])
    })
  }
})

describe('a run without faults', () => {
  for (const localActivities of [true, false]) {
    onlyEmulated(`has as many requests as there are cases, ${localActivities ? 'local' : 'through the queue'}`, { timeout: 120_000 }, async () => {
      const { problems, hits } = await run({ localActivities, rules: (hub) => places.map((place): FaultRule => ({ ...ruleOf(place, hub), fault: { kind: 'delay', delayMs: 0 }, times: 1_000_000 })) })
      const wrong = places.flatMap((place, index) => {
        const [count, hit] = [countOf(place, localActivities), hits[index] ?? 0]
        return hit >= count && (isBySession(place) || hit <= count + mayBeMore) ? [] : [`${nameOf(place)}: \`counts\` says ${count}, and there were ${hit}`]
      })
      expect([...problems, ...wrong]).toEqual([])
    })
  }
})
