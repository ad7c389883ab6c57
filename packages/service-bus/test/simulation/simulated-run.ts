/** One run of the simulation: processes that work on a hub while their requests fail and they die, instances of all kinds, and the judgement of what came of it. */
import { TaskHubClient, TaskHubWorker, type HistoryEvent } from '@dtfx/core'
import { seededRandom, sleep, systemClock } from '@dtfx/core/provider'
import { replayHistory } from '@dtfx/testing'
import { trackingLane } from '../../src/tracking/tracking-lane.js'
import { newHubName, type Bed } from '../bed.js'
import type { ActivityRun } from '../scenario.js'
import { FragileProcess, type Faults } from './fragile-process.js'
import { goEvent, problemsOfFlow, simulatedProgram, wantedTypes } from './simulated-program.js'

const seats = 2
const roles = ['orchestrator', 'worker', 'tracking'] as const
/** Locks end only when the run ends them, as if their time were over: who is stuck with one is seen. */
const options = { lockDuration: '300s', requestTimeout: '30s', acceptTimeout: '20s', jumpStartInterval: '2s' } as const
/** Without progress for so long all locks end. */
const stallMs = 2_500
const limitMs = 400_000

export interface RunReport {
  readonly problems: readonly string[]
  readonly failures: number
  readonly deaths: number
}

export async function simulatedRun(bed: Bed, seed: number, chance: number): Promise<RunReport> {
  const run = new SimulatedRun(bed, seed, chance)
  return run.report()
}

class SimulatedRun {
  readonly taskHub = newHubName()
  readonly faults: Faults
  readonly runs: ActivityRun[] = []
  readonly processes: FragileProcess[] = []
  readonly instances: readonly string[]
  #isOver = false

  constructor(
    readonly bed: Bed,
    readonly seed: number,
    readonly chance: number,
  ) {
    this.instances = chance > 0.1 ? ['a'] : ['a', 'b']
    this.faults = { chance, random: seededRandom(seed) }
  }

  async report(): Promise<RunReport> {
    const service = this.bed.open({ taskHub: this.taskHub, ...options })
    await service.createHub()
    const client = new TaskHubClient(service)
    const working = Array.from({ length: seats }, (_, seat) => this.#seat(seat))
    for (const instanceId of this.instances) await (await client.start('Flow', { results: [] }, { instanceId })).raiseEvent(goEvent, 'go!')
    const problems: string[] = []
    try {
      await this.#until('not over', problems, async () => {
        const states = await Promise.all(this.instances.map((each) => client.state(each)))
        return states.flatMap((state) => (state?.status === 'Completed' ? [] : [`${state?.instanceId} is ${state?.status}`]))
      })
      // What was left undone is made good by those who are alive; then nothing is left.
      this.faults.chance = 0
      await this.#until('left', problems, () =>
        roles.flatMap((role) => {
          const { active, locked, scheduled, deadLettered, sessions } = this.bed.bus.counts(`${this.taskHub}/${role}`)
          // An activity whose process died ten times is set aside by the broker; a copy has taken its place, or its instance would not be over.
          const isSetAside = deadLettered > 0 && !(role === 'worker' && this.chance >= 0.3)
          return active + locked + scheduled + sessions === 0 && !isSetAside ? [] : [`${role} ${JSON.stringify({ active, locked, scheduled, deadLettered, sessions })}`]
        }),
      )
      if (problems.length === 0) for (const instanceId of this.instances) problems.push(...(await this.#judge(client, instanceId)))
    } finally {
      this.#isOver = true
      for (const process of this.processes) process.die()
      await Promise.all(working)
      await service.close()
    }
    return { problems, failures: this.processes.reduce((sum, { failures }) => sum + failures, 0), deaths: this.processes.length - seats }
  }

  /** A process after the other. */
  async #seat(seat: number): Promise<void> {
    while (!this.#isOver) {
      const { busConnectionString: connectionString, storageConnectionString } = this.bed
      const process = new FragileProcess({ connectionString, storageConnectionString, taskHub: this.taskHub, ...options, localActivities: (this.seed + seat) % 2 === 0 }, this.faults)
      this.processes.push(process)
      const worker = new TaskHubWorker(process.service, { ...simulatedProgram((each) => this.runs.push(each)), concurrency: { orchestrations: 4, activities: 4 }, maxSuspectTurns: 100_000, autoCreate: false, watchdog: false, ...(seat === 0 ? undefined : { cache: false as const }) })
      // One that does not even start is as good as dead.
      await worker.start().catch(() => process.die())
      await process.death
      await process.service.close()
    }
  }

  async #until(what: string, problems: string[], open: () => Promise<readonly string[]> | readonly string[]): Promise<void> {
    const endMs = systemClock.monotonicMs() + limitMs
    let [seen, seenMs] = ['', systemClock.monotonicMs()]
    for (;;) {
      const left = await open()
      if (left.length === 0) return
      const nowMs = systemClock.monotonicMs()
      if (nowMs > endMs) return void problems.push(...left.map((each) => `${what}: ${each}`))
      const now = `${left.join()} ${JSON.stringify(roles.map((role) => this.bed.bus.counts(`${this.taskHub}/${role}`).sizeBytes))}`
      if (now !== seen) [seen, seenMs] = [now, nowMs]
      else if (nowMs - seenMs > stallMs) {
        seenMs = nowMs
        this.#endLocks()
      }
      await sleep(systemClock, 25)
    }
  }

  #endLocks(): void {
    const { faults } = this.bed.bus
    faults.expireLocks(`${this.taskHub}/worker`)
    const children = this.runs.filter(({ input }) => input === 'child').map(({ instanceId }) => instanceId)
    for (const id of [...this.instances, ...children]) {
      faults.expireSession(`${this.taskHub}/orchestrator`, id)
      faults.expireSession(`${this.taskHub}/tracking`, trackingLane(id))
    }
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
