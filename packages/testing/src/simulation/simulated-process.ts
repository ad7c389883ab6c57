/** A process of a simulation with a worker in it: it lives, stands still, dies at any step, and nothing of it is left but what the store has. */
import { TaskHubWorker, type TaskHubWorkerOptions } from '@dtfx/core'
import { seededRandom, type Logger } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/index.js'
import { gatedService } from './gated-service.js'
import type { FaultDice } from './fault-dice.js'
import { ProcessClock } from './process-clock.js'
import { ProcessGate } from './process-gate.js'

export interface ProcessPlan {
  readonly service: MemoryService
  readonly dice: FaultDice
  readonly seed: number
  readonly lockTimeoutMs: number
  readonly worker: (clock: ProcessClock) => TaskHubWorkerOptions
  readonly logger?: Logger | undefined
  readonly onDeath: () => void
  readonly onMove: () => void
}

export class SimulatedProcess {
  readonly gate: ProcessGate
  readonly #clock: ProcessClock
  readonly #worker: TaskHubWorker

  constructor(plan: ProcessPlan) {
    const { service, dice, onDeath, onMove } = plan
    const { clock } = service.host
    const skew = dice.isOver ? 0 : dice.faults.clockSkewMs
    this.gate = new ProcessGate({ dice, clock, mayDie: true, maxPauseMs: 2 * plan.lockTimeoutMs, onDeath, onMove })
    this.#clock = new ProcessClock(clock, dice.between(-skew, skew), this.gate)
    const connected = service.connect({ clock: this.#clock, random: seededRandom(plan.seed), logger: plan.logger }, this.gate)
    this.#worker = new TaskHubWorker(gatedService(connected, { gate: this.gate, dice }), plan.worker(this.#clock))
  }

  start(): Promise<void> {
    return this.#worker.start()
  }

  /** In good order. Never resolves when it dies meanwhile. @throws when something of the worker is left over */
  async stop(deadlineMs: number): Promise<void> {
    const { abandoned } = await this.#worker.stop({ deadline: deadlineMs })
    if (abandoned === 0 && this.#clock.timers > 0) throw new Error(`${this.#clock.timers} timers are left of a worker that was stopped`)
  }

  die(): void {
    this.gate.die()
  }
}
