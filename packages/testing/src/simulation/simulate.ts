/**
 * `simulate`: workers, clients and a store in one process and on one virtual clock, with crashes, lost locks, duplicates, delays and unknown results drawn from a seed. The same seed gives the same run.
 * When the faults have ended, everything must come to its end in bounded virtual time, with the right results.
 */
import { TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, type CommitDiscipline, type Logger } from '@dtfx/core/provider'
import { VirtualClock } from '../clock/virtual-clock.js'
import { createOrchestrationService, type MemoryService } from '../memory/index.js'
import { checkWorld } from './check-world.js'
import { simulationDefinitions } from './definitions.js'
import { driveUntil } from './drive-until.js'
import { FaultDice, type FaultCounts } from './fault-dice.js'
import { checkFaults, type FaultOptions } from './fault-options.js'
import { gatedService } from './gated-service.js'
import { HistoryMonitor } from './history-monitor.js'
import { Ledger } from './ledger.js'
import { messageFaults } from './message-faults.js'
import { ProcessGate } from './process-gate.js'
import { randomScenario, type Scenario } from './scenario.js'
import { ScriptRunner } from './script-runner.js'
import { SimulatedProcess } from './simulated-process.js'

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
  /** Root instances. @default 4 */
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
/** Virtual time in which everything must have come to its end after the last fault. */
const convergenceMs = 30 * 60_000

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
  #processes = 0
  #moves = 0
  #isOver = false

  constructor(options: SimulationOptions) {
    const { seed, commit = 'atomic', instances = 4, localActivities } = options
    this.#options = options
    this.#dice = new FaultDice(checkFaults(options.faults), seededRandom(seed ^ 0x51ed270b), this.#clock)
    this.#service = createOrchestrationService({ commit, lockTimeoutMs, localActivities }, { clock: this.#clock, random: seededRandom(seed ^ 0x2545f491) })
    this.#monitor = new HistoryMonitor(commit)
    this.#service.attach(this.#monitor, messageFaults(this.#dice, commit))
    // Under `messages-first` a turn that is lost may have started a child under an id that the next attempt gives to another call: that is documented, and not drawn.
    this.#scenario = options.scenario ?? randomScenario(seed, { instances, explicitChildIds: commit !== 'messages-first' })
  }

  async toEnd(): Promise<SimulationReport> {
    const { seed, workers = 3, commit = 'atomic' } = this.#options
    const startMs = this.#clock.monotonicMs()
    await Promise.all(Array.from({ length: workers }, () => this.#startProcess()))
    const script = new ScriptRunner({ clock: this.#clock, service: this.#service, client: this.#client(), ledger: this.#ledger, scenario: this.#scenario })
    script.start()
    const endMs = startMs + this.#dice.faults.untilMs + convergenceMs
    const isConverged = await driveUntil({ clock: this.#clock, endMs, moves: () => this.#moves + this.#service.occupancy().moves, isDone: () => script.isDone && this.#isQuiet() })
    this.#isOver = true
    const violations = [...this.#monitor.violations, ...script.problems]
    violations.push(...(await checkWorld({ service: this.#service, scenario: this.#scenario, ledger: this.#ledger, commit, script, isConverged })))
    const virtualMs = this.#clock.monotonicMs() - startMs
    for (const process of this.#living) process.die()
    await this.#service.close()
    return { seed, commit, violations, faults: this.#dice.counts, scenario: this.#scenario, writes: this.#monitor.writes, activities: this.#ledger.issued.size, processes: this.#processes, virtualMs }
  }

  #isQuiet(): boolean {
    const { readyOrchestrations, heldOrchestrations, readyActivities, heldActivities, delayed } = this.#service.occupancy()
    return readyOrchestrations + heldOrchestrations + readyActivities + heldActivities + delayed === 0
  }

  async #startProcess(): Promise<void> {
    const { seed, cache, logger } = this.#options
    const number = ++this.#processes
    const process: SimulatedProcess = new SimulatedProcess({
      service: this.#service,
      dice: this.#dice,
      seed: seed * 1_000 + number,
      lockTimeoutMs,
      logger,
      worker: (clock) => ({
        ...simulationDefinitions({ ledger: this.#ledger, pause: (durationMs, signal) => sleep(clock, durationMs, signal) }),
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
    await process.start()
  }

  /** A client in a process of its own, which does not die: what it was not told is told again. */
  #client(): TaskHubClient {
    const gate = new ProcessGate({ dice: this.#dice, clock: this.#clock, mayDie: false, maxPauseMs: lockTimeoutMs, onDeath: () => {}, onMove: () => this.#moves++ })
    const connected = this.#service.connect({ clock: this.#clock, random: seededRandom(this.#options.seed ^ 0x1b873593) }, gate)
    return new TaskHubClient(gatedService(connected, { gate, dice: this.#dice }))
  }
}
