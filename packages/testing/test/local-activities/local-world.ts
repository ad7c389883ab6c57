/** One process that runs an orchestration of five activities on the in-memory provider and meets one fault at one of its writes, and those that come after it. Virtual time; every run of an activity is recorded. */
import { defineActivity, defineOrchestration, TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, type CommitDiscipline } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { createOrchestrationService, type MemoryService } from '@dtfx/testing/memory'
import type { InstanceChange } from '../../src/memory/store.js'
import type { StepName } from '../../src/memory/steps.js'
import { driveUntil } from '../../src/simulation/drive-until.js'
import { FaultDice, type StepFault } from '../../src/simulation/fault-dice.js'
import { noFaults } from '../../src/simulation/fault-options.js'
import { SimulatedProcess } from '../../src/simulation/simulated-process.js'

const lockTimeoutMs = 30_000

/** A run of an activity: where, with what, and what it answered. */
export interface Run {
  readonly processId: number
  readonly input: number
  readonly nonce: string
}

export interface WorldPlan {
  readonly commit: CommitDiscipline
  readonly localActivities?: boolean | undefined
  /** Fault of the first process at its n-th write, from 1. */
  readonly fault?: { readonly at: number; readonly kind: StepFault } | undefined
  /** The first process dies when so many activities have begun in it. */
  readonly dieAtRun?: number | undefined
  /** How long an activity takes. @default 0 */
  readonly takesMs?: number | undefined
}

export interface Outcome {
  readonly status: string | undefined
  readonly output: unknown
  readonly runs: readonly Run[]
  /** Writes of the first process, in their order. */
  readonly steps: readonly StepName[]
  readonly processes: number
  /** What the store still has in progress. */
  readonly left: number
  /** Activities that began before anything was committed that asks for them. */
  readonly begunBeforeCommit: number
}

/** Draws nothing: one fault at one step. */
class OneFault extends FaultDice {
  readonly steps: StepName[] = []

  constructor(
    clock: VirtualClock,
    readonly fault: WorldPlan['fault'],
  ) {
    super(noFaults, seededRandom(1), clock)
  }

  override step({ name }: { readonly name: StepName }): StepFault {
    this.steps.push(name)
    return this.steps.length === this.fault?.at ? this.fault.kind : 'none'
  }
}

class LocalWorld {
  readonly clock = new VirtualClock()
  readonly runs: Run[] = []
  readonly dice: OneFault
  readonly service: MemoryService
  begunBeforeCommit = 0
  isCommitted = false
  processes = 0
  #moves = 0

  constructor(readonly plan: WorldPlan) {
    this.service = createOrchestrationService({ commit: plan.commit, localActivities: plan.localActivities ?? true, lockTimeoutMs }, { clock: this.clock })
    this.dice = new OneFault(this.clock, plan.fault)
    const writing = (_record: unknown, { history }: InstanceChange): void => {
      if (history?.events.some(({ type }) => type === 'TaskScheduled') === true) this.isCommitted = true
    }
    this.service.attach({ writing, sent: () => {} }, { copies: () => [0], place: () => undefined })
  }

  startProcess(): Promise<void> {
    const processId = ++this.processes
    const process: SimulatedProcess = new SimulatedProcess({
      service: this.service,
      dice: processId === 1 ? this.dice : new OneFault(this.clock, undefined),
      seed: processId,
      lockTimeoutMs,
      worker: (clock) => {
        const work = defineActivity('Work', async (_ctx, input: number) => {
          const run = { processId, input, nonce: `${processId}/${this.runs.length}` }
          this.runs.push(run)
          if (!this.isCommitted) this.begunBeforeCommit++
          if (processId === 1 && this.runs.length === this.plan.dieAtRun) process.die()
          await sleep(clock, this.plan.takesMs ?? 0)
          return run.nonce
        })
        const flow = defineOrchestration('Flow', (ctx) => Promise.all([1, 2, 3, 4, 5].map((input) => ctx.callActivity(work, input))))
        return { orchestrations: [flow], activities: [work] }
      },
      onDeath: () => void this.startProcess(),
      onMove: () => this.#moves++,
    })
    return process.start()
  }

  async run(): Promise<Outcome> {
    const client = new TaskHubClient(this.service)
    await client.start('Flow', undefined, { instanceId: 'i' })
    await this.startProcess()
    await driveUntil({
      clock: this.clock,
      endMs: this.clock.monotonicMs() + 30 * 60_000,
      moves: () => this.#moves + this.service.occupancy().moves,
      isDone: () => this.#left() === 0 && this.service.occupancy().moves > 1,
    })
    const state = await client.state('i')
    return { status: state?.status, output: state?.output, runs: this.runs, steps: this.dice.steps, processes: this.processes, left: this.#left(), begunBeforeCommit: this.begunBeforeCommit }
  }

  #left(): number {
    const { readyOrchestrations, heldOrchestrations, readyActivities, heldActivities, delayed } = this.service.occupancy()
    return readyOrchestrations + heldOrchestrations + readyActivities + heldActivities + delayed
  }
}

export function runWorld(plan: WorldPlan): Promise<Outcome> {
  return new LocalWorld(plan).run()
}
