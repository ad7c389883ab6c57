/**
 * `simulate`: workers, clients and a store in one process and on one virtual clock, with crashes, lost locks, duplicates, delays and unknown results drawn from a seed. The same seed gives the same run.
 * When the faults have ended, everything must come to its end in bounded virtual time, with the right results.
 */
import { TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, type CommitDiscipline, type Logger } from '@dtfx/core/provider'
import { VirtualClock } from '../clock/virtual-clock.js'
import { createOrchestrationService, type MemoryService } from '../memory/index.js'
import { simulationDefinitions } from './definitions.js'
import { driveUntil } from './drive-until.js'
import { FaultDice, type FaultCounts } from './fault-dice.js'
import { checkFaults, type FaultOptions } from './fault-options.js'
import { gatedService } from './gated-service.js'
import { HistoryMonitor } from './history-monitor.js'
import { judgeEnd } from './judge-end.js'
import { Ledger } from './ledger.js'
import { messageFaults } from './message-faults.js'
import { ProcessGate } from './process-gate.js'
import { randomScenario } from './random-scenario.js'
import type { Scenario } from './scenario.js'
import { ScriptRunner } from './script-runner.js'
import { SimulatedProcess } from './simulated-process.js'
import { describeViolation, type Violation } from './violation.js'

export interface SimulationOptions {
  readonly seed: number
  /** Processes with a worker each. @default 3 */
  readonly workers?: number | undefined
  /** @default 'atomic' */
  readonly commit?: CommitDiscipline | undefined
  /** `false`: none. */
  readonly faults?: FaultOptions | false | undefined
  /** Keep suspended instances in memory. @default true */
  readonly cache?: boolean | undefined
  /** Run activities where they were scheduled, when there is a free slot. @default true */
  readonly localActivities?: boolean | undefined
  /** Planned instances. @default 2 to 6, drawn */
  readonly instances?: number | undefined
  /** What to run instead of what the seed draws. */
  readonly scenario?: Scenario | undefined
  readonly logger?: Logger | undefined
}

export interface SimulationReport {
  readonly seed: number
  readonly commit: CommitDiscipline
  /** Empty: every promise was kept. */
  readonly violations: readonly string[]
  readonly faults: FaultCounts
  readonly scenario: Scenario
  /** Commits, activities that ran, processes that lived, and virtual time until everything was over. */
  readonly writes: number
  readonly activities: number
  readonly processes: number
  readonly virtualMs: number
}

const lockTimeoutMs = 30_000
const restartMs = 5_000
/** Deadlines of orderly stops, and virtual time after which one that has not ended hangs: it may have stood still twice. */
const maxStopMs = 10_000
const hungStopMs = 5 * 60_000
/** Virtual time in which everything must have come to its end after the last fault. */
const convergenceMs = 120 * 60_000

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const run = new SimulationRun(options)
  return run.toEnd()
}

class SimulationRun {
  readonly #options: SimulationOptions
  readonly #clock = new VirtualClock()
  readonly #ledger = new Ledger()
  readonly #dice: FaultDice
  readonly #service: MemoryService
  readonly #monitor: HistoryMonitor
  readonly #scenario: Scenario
  readonly #living = new Set<SimulatedProcess>()
  readonly #stopProblems: Violation[] = []
  #processes = 0
  #moves = 0
  #isOver = false
  /** Processes that start now run the code after its change. */
  #isChanged = true

  constructor(options: SimulationOptions) {
    const { seed, commit = 'atomic', instances, localActivities } = options
    this.#options = options
    this.#dice = new FaultDice(checkFaults(options.faults, seed), seededRandom(seed ^ 0x51ed270b), this.#clock)
    this.#service = createOrchestrationService({ commit, lockTimeoutMs, localActivities }, { clock: this.#clock, random: seededRandom(seed ^ 0x2545f491) })
    this.#monitor = new HistoryMonitor(commit)
    this.#service.attach(this.#monitor, messageFaults(this.#dice, commit))
    // Under `messages-first` a turn that is lost may have started a child under an id that the next attempt gives to another call: that is documented, and not drawn.
    this.#scenario = options.scenario ?? randomScenario(seed, { instances, explicitChildIds: commit !== 'messages-first' })
  }

  async toEnd(): Promise<SimulationReport> {
    const { seed, workers = 3, commit = 'atomic' } = this.#options
    const startMs = this.#clock.monotonicMs()
    this.#planDeployment()
    await Promise.all(Array.from({ length: workers }, () => this.#startProcess()))
    const script = new ScriptRunner({ clock: this.#clock, service: this.#service, client: this.#client(), ledger: this.#ledger, scenario: this.#scenario })
    script.start()
    const endMs = startMs + this.#dice.faults.untilMs + convergenceMs
    const isConverged = await driveUntil({ clock: this.#clock, endMs, moves: () => this.#moves + this.#service.occupancy().moves, isDone: () => script.isDone && this.#isQuiet() })
    this.#isOver = true
    const { orchestrations } = simulationDefinitions(this.#ledger)
    const reorders = this.#dice.faults.reorder > 0
    const found = await judgeEnd({ service: this.#service, scenario: this.#scenario, ledger: this.#ledger, commit, reorders, orchestrations, isConverged })
    const violations = [...this.#monitor.violations, ...[...script.violations, ...this.#stopProblems, ...found].map(describeViolation)]
    const virtualMs = this.#clock.monotonicMs() - startMs
    for (const process of this.#living) process.die()
    await this.#service.close()
    return { seed, commit, violations, faults: this.#dice.counts, scenario: this.#scenario, writes: this.#monitor.writes, activities: this.#ledger.activities.length, processes: this.#processes, virtualMs }
  }

  /** The change of the code: all processes end, and what starts from then on runs the new one, so that no old code meets what the new one has decided. */
  #planDeployment(): void {
    const atMs = this.#dice.deployMs()
    if (atMs === undefined) return
    this.#isChanged = false
    this.#clock.setTimer(atMs, () => {
      this.#isChanged = true
      for (const process of this.#living) process.die()
    })
  }

  #isQuiet(): boolean {
    const { readyOrchestrations, heldOrchestrations, readyActivities, heldActivities, delayed } = this.#service.occupancy()
    return readyOrchestrations + heldOrchestrations + readyActivities + heldActivities + delayed === 0
  }

  async #startProcess(): Promise<void> {
    const { seed, cache, logger } = this.#options
    const number = ++this.#processes
    const isChanged = this.#isChanged
    const process: SimulatedProcess = new SimulatedProcess({
      service: this.#service,
      dice: this.#dice,
      seed: seed * 1_000 + number,
      lockTimeoutMs,
      logger,
      worker: (clock) => ({
        ...simulationDefinitions(this.#ledger, { pause: (durationMs, signal) => sleep(clock, durationMs, signal), isChanged: () => isChanged }),
        concurrency: { orchestrations: 4, activities: 4 },
        workerId: `w${number}`,
        watchdog: false,
        ...(cache === false ? { cache: false } : {}),
      }),
      onMove: () => this.#moves++,
      onDeath: () => {
        this.#living.delete(process)
        this.#clock.setTimer(this.#dice.between(1, restartMs), () => {
          if (!this.#isOver) void this.#startProcess()
        })
      },
    })
    this.#living.add(process)
    await this.#begin(process)
  }

  async #begin(process: SimulatedProcess): Promise<void> {
    await process.start()
    const atMs = this.#dice.stopMs()
    if (atMs !== undefined) this.#clock.setTimer(atMs, () => void this.#stop(process))
  }

  /** A stop in good order. Then the same worker starts again, or its process ends and another takes its place. */
  async #stop(process: SimulatedProcess): Promise<void> {
    const isLiving = (): boolean => this.#living.has(process)
    if (!isLiving()) return
    const report = (detail: string): void => void (isLiving() && this.#stopProblems.push({ rule: 'stop', detail }))
    const cancel = this.#clock.setTimer(hungStopMs, () => report('a worker did not stop'))
    await process.stop(this.#dice.between(0, maxStopMs)).catch((error: unknown) => report(String(error)))
    cancel()
    if (this.#dice.random.next() < 0.5) await this.#begin(process)
    else process.die()
  }

  /** A client in a process of its own, which does not die: what it was not told is told again. */
  #client(): TaskHubClient {
    const gate = new ProcessGate({ dice: this.#dice, clock: this.#clock, mayDie: false, maxPauseMs: lockTimeoutMs, onDeath: () => {}, onMove: () => this.#moves++ })
    const connected = this.#service.connect({ clock: this.#clock, random: seededRandom(this.#options.seed ^ 0x1b873593) }, gate)
    return new TaskHubClient(gatedService(connected, { gate, dice: this.#dice }))
  }
}
