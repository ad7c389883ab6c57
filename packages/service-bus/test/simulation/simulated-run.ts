/** One run of the simulation: processes that work on a hub while their requests fail and they die, instances of all kinds, and the judgement of what came of it. Each run has a broker and a time of its own. */
import { TaskHubClient, TaskHubWorker, type HistoryEvent } from '@dtfx/core'
import { seededRandom, sleep, systemClock, type WireObject } from '@dtfx/core/provider'
import { createOrchestrationService, type ServiceBusService } from '@dtfx/service-bus'
import { startServiceBusEmulator, type ServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { replayHistory } from '@dtfx/testing'
import { newHubName } from '../bed.js'
import { HubView, type SeenMessage } from '../hub-view.js'
import type { ActivityRun } from '../scenario.js'
import { FastClock, type Traffic } from './fast-clock.js'
import { FragileProcess, type Faults } from './fragile-process.js'
import { goEvent, problemsOfFlow, simulatedProgram, wantedTypes } from './simulated-program.js'

const seats = 2
const roles = ['orchestrator', 'worker', 'tracking'] as const
/** Of the fast time. The SDK measures the wait for a session in real time: it is never the first to give up. */
const options = { lockDuration: '300s', requestTimeout: '200s', acceptTimeout: '20m', jumpStartInterval: '10s' } as const
/** Of the fast time, many times a lock: without progress for so long nothing is expected any more. */
const stuckMs = 3_600_000
/** As many activities as a flow has at once. Whoever takes more dies with more: at 30 % a process makes seven requests, and what is put back again and again would be more and more. */
const concurrency = { orchestrations: 4, activities: 2 } as const
/** Real time, for each of the two waits of a run. */
const limitMs = 240_000

export interface RunReport {
  readonly problems: readonly string[]
  readonly failures: number
  readonly deaths: number
}

/** What a run waits for. */
interface Open {
  readonly left: readonly string[]
  /** Changes as long as something comes of it. */
  readonly progress: string
}

export interface RunPlan {
  readonly storageConnectionString: string
  readonly seed: number
  /** That a step goes wrong. */
  readonly chance: number
}

export async function simulatedRun(plan: RunPlan): Promise<RunReport> {
  const traffic = { begun: 0, open: 0 }
  const clock = new FastClock(traffic)
  const expired: string[] = []
  const bus = await startServiceBusEmulator({ clock, log: (line) => void (/expired/.test(line) && expired.push(line)) })
  try {
    const report = await new SimulatedRun(plan, bus, clock, traffic).report()
    // Where nothing goes wrong nobody leaves a lock behind.
    return plan.chance > 0 ? report : { ...report, problems: [...report.problems, ...expired] }
  } finally {
    await bus.close()
    clock.stop()
  }
}

class SimulatedRun {
  readonly taskHub = newHubName()
  readonly faults: Faults
  readonly runs: ActivityRun[] = []
  readonly processes: FragileProcess[] = []
  readonly instances: readonly string[]
  #isOver = false

  constructor(
    readonly plan: RunPlan,
    readonly bus: ServiceBusEmulator,
    readonly clock: FastClock,
    traffic: Traffic,
  ) {
    const { seed, chance } = plan
    this.instances = chance > 0.1 ? ['a'] : ['a', 'b']
    this.faults = { chance, random: seededRandom(seed), traffic }
  }

  async report(): Promise<RunReport> {
    const service = createOrchestrationService(this.#options, { clock: this.clock })
    await service.createHub()
    const working = Array.from({ length: seats }, (_, seat) => this.#seat(seat))
    try {
      const problems = await this.#problems(service)
      this.#isOver = true
      for (const process of this.processes) process.die()
      await Promise.all(working)
      if (problems.length > 0) problems.push(...(await this.#statesLeft()))
      return { problems, failures: sum(this.processes.map((each) => each.failures)), deaths: this.processes.length - seats }
    } finally {
      this.#isOver = true
      for (const process of this.processes) process.die()
      await service.deleteHub()
      await service.close()
    }
  }

  get #options() {
    return { connectionString: this.bus.connectionString, storageConnectionString: this.plan.storageConnectionString, taskHub: this.taskHub, ...options }
  }

  async #problems(service: ServiceBusService): Promise<string[]> {
    const client = new TaskHubClient(service)
    for (const instanceId of this.instances) await (await client.start('Flow', { results: [] }, { instanceId })).raiseEvent(goEvent, 'go!')
    const notOver = await this.#until('not over', async () => {
      const states = await Promise.all(this.instances.map((each) => client.state(each)))
      const left = states.flatMap((state) => (state?.status === 'Completed' ? [] : [`${state?.instanceId} is ${state?.status}`]))
      return { left, progress: JSON.stringify([left, this.#counts.map(({ sizeBytes }) => sizeBytes)]) }
    })
    if (notOver.length > 0) return notOver
    // What was left undone is made good by those who are alive; then nothing is left.
    this.faults.chance = 0
    let fewest = Infinity
    const left = await this.#until('left', () => {
      const counts = this.#counts.map(({ active, locked, scheduled, deferred, sessions }) => active + locked + scheduled + deferred + sessions)
      fewest = Math.min(fewest, sum(counts))
      return { left: roles.flatMap((role, index) => (counts[index] === 0 ? [] : [role])), progress: String(fewest) }
    })
    const judged = await Promise.all(this.instances.map((instanceId) => this.#judge(client, instanceId)))
    return [...left, ...(await this.#setAside(client)), ...judged.flat()]
  }

  /** A process after the other. */
  async #seat(seat: number): Promise<void> {
    const { seed } = this.plan
    while (!this.#isOver) {
      const process = new FragileProcess({ ...this.#options, localActivities: (seed + seat) % 2 === 0 }, this.faults, this.clock)
      this.processes.push(process)
      const worker = new TaskHubWorker(process.service, { ...simulatedProgram((each) => this.runs.push(each)), concurrency, maxSuspectTurns: 100_000, autoCreate: false, watchdog: false, ...(seat === 0 ? undefined : { cache: false as const }) })
      // One that does not even start is as good as dead.
      await worker.start().catch(() => process.die())
      await process.death
      // Its loops would ask for ever, and be refused.
      await Promise.all([worker.stop({ deadline: 0 }), process.service.close()])
    }
  }

  /** Undone within the time, if anything. */
  async #until(what: string, open: () => Promise<Open> | Open): Promise<string[]> {
    const endMs = systemClock.monotonicMs() + limitMs
    let [seen, seenMs] = ['', 0]
    for (;;) {
      const { left, progress } = await open()
      if (left.length === 0) return []
      const nowMs = this.clock.monotonicMs()
      if (progress !== seen) [seen, seenMs] = [progress, nowMs]
      if (nowMs - seenMs > stuckMs) return [...left.map((each) => `${what}, and nothing happens any more: ${each}`), ...this.#outline]
      if (systemClock.monotonicMs() > endMs) return [...left.map((each) => `${what} after ${limitMs} ms: ${each}`), ...this.#outline]
      await sleep(systemClock, 10)
    }
  }

  get #counts() {
    return roles.map((role) => this.bus.counts(`${this.taskHub}/${role}`))
  }

  /** For people. */
  get #outline(): readonly string[] {
    return [...roles.map((role, index) => `${role} ${JSON.stringify(this.#counts[index])}`), `${this.processes.filter(({ isDead }) => !isDead).length} of ${this.processes.length} processes are alive`]
  }

  /** With those of the children. */
  get #sessionIds(): readonly string[] {
    return [...new Set([...this.instances, ...this.runs.map(({ instanceId }) => instanceId)])]
  }

  /** For people. */
  async #statesLeft(): Promise<string[]> {
    const view = new HubView(this.bus.connectionString, this.taskHub)
    try {
      const states = await Promise.all(this.#sessionIds.map(async (id) => ({ id, state: await view.state(id) })))
      return states.flatMap(({ id, state }) => (state === undefined ? [] : [`the state of session ${id} is ${outlineOf(state)}`]))
    } finally {
      await view.close()
    }
  }

  async #setAside(client: TaskHubClient): Promise<string[]> {
    const view = new HubView(this.bus.connectionString, this.taskHub)
    try {
      const found = await Promise.all(roles.map(async (role) => (await view.peek(role, 'deadLetter')).map((message) => ({ role, message }))))
      const problems = await Promise.all(found.flat().map(async ({ role, message }) => ((await this.#mayBeSetAside(client, role, message)) ? [] : [`set aside in ${role}: ${message.type} ${JSON.stringify(message.body)}, ${message.raw.deadLetterReason}`])))
      return problems.flat()
    } finally {
      await view.close()
    }
  }

  /**
   * An activity whose processes died ten times with it, the later ones when they had sent a copy in its place and had not completed it yet: the broker sets it aside. Its task is answered, by the copy; replayed, it would run in vain.
   */
  async #mayBeSetAside(client: TaskHubClient, role: string, { type, raw, body, event }: SeenMessage): Promise<boolean> {
    if (role !== 'worker' || type !== 'TaskScheduled' || raw.deadLetterReason !== 'MaxDeliveryCountExceeded') return false
    const { InstanceId: instanceId, ExecutionId: executionId } = body['OrchestrationInstance'] as { InstanceId: string; ExecutionId: string }
    const { events } = await client.get(instanceId).history()
    const start = events.find((each) => each.type === 'ExecutionStarted')
    // An earlier generation went on with all its results.
    return start?.instance.executionId !== executionId || events.some((each) => each.type === 'TaskCompleted' && each.taskScheduledId === event['EventId'])
  }

  async #judge(client: TaskHubClient, instanceId: string): Promise<string[]> {
    const { events } = await client.get(instanceId).history()
    const problems = problemsOfFlow((await client.state(instanceId))?.output, this.runs)
    const child = events.find((event) => event.type === 'SubOrchestrationInstanceCreated')
    const ofChild = child === undefined ? [] : (await client.get(child.instanceId).history()).events
    for (const [name, history] of [['flow', events], ['child', ofChild]] as const) {
      const types = history.filter(({ type }) => type !== 'OrchestratorStarted' && type !== 'OrchestratorCompleted').map(({ type }) => type)
      if (types.join() !== wantedTypes[name].join()) problems.push(`history of the ${name}: ${types.join()}`)
      problems.push(...(await this.#replayed(name, history)))
    }
    return problems.map((problem) => `${instanceId}: ${problem}`)
  }

  async #replayed(name: string, history: readonly HistoryEvent[]): Promise<string[]> {
    const { status } = await replayHistory(simulatedProgram(() => {}).orchestrations, history)
    return status === 'Completed' ? [] : [`replay of the ${name} ends ${status}`]
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** A state of a session in a line. */
function outlineOf({ Events: events, Dtfx: own }: WireObject): string {
  const types = (events as readonly WireObject[]).map((event) => /\.(\w+?)(Event)?,/.exec(String(event['$type']))?.[1])
  const { Outbox: outbox, ...rest } = (own ?? {}) as WireObject
  const targets = ((outbox ?? []) as readonly WireObject[]).map((each) => `${String(each['Id'])} to ${String(each['Target'] ?? 'an activity')}`)
  return JSON.stringify({ types, outbox: targets, ...rest })
}
