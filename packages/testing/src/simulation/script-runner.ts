/**
 * Carries out the script of a scenario: what clients do, in the order of each instance, again until it has worked. Afterwards it looks after the instances like an operator would: what is still
 * suspended is resumed.
 */
import type { OrchestrationStatus, TaskHubClient } from '@dtfx/core'
import { isFinal } from '@dtfx/core/provider'
import type { VirtualClock } from '../clock/virtual-clock.js'
import type { MemoryService } from '../memory/index.js'
import type { Ledger } from './ledger.js'
import { performStep } from './perform-step.js'
import type { PlannedInstance, Scenario, ScriptStep } from './scenario.js'
import type { Violation } from './violation.js'

export interface ScriptParts {
  readonly clock: VirtualClock
  readonly service: MemoryService
  readonly client: TaskHubClient
  readonly ledger: Ledger
  readonly scenario: Scenario
}

/** Virtual time between two looks at the instances. */
const roundMs = 20_000
/** … and until a step is tried again. */
const againMs = 10_000

export class ScriptRunner {
  readonly violations: Violation[] = []
  readonly #parts: ScriptParts
  readonly #chains = new Map<string, Promise<void>>()
  #left: number
  #isOver = false

  constructor(parts: ScriptParts) {
    this.#parts = parts
    this.#left = parts.scenario.script.length
  }

  /** Everything was done and every planned instance has ended. */
  get isDone(): boolean {
    return this.#left === 0 && this.#isOver
  }

  start(): void {
    const { clock, scenario } = this.#parts
    for (const step of scenario.script) clock.setTimer(step.atMs, () => this.#enqueue(step))
    clock.setTimer(roundMs, () => void this.#round())
  }

  #enqueue(step: ScriptStep): void {
    const before = this.#chains.get(step.instanceId) ?? Promise.resolve()
    const next = before.then(() => this.#perform(step)).catch((error: unknown) => this.#failed(step.instanceId, `${step.kind} failed: ${String(error)}`))
    this.#chains.set(step.instanceId, next.then(() => void this.#left--))
  }

  async #perform(step: ScriptStep): Promise<void> {
    const { clock, client, ledger, scenario } = this.#parts
    while ((await performStep({ scenario, ledger, client: () => client }, step)) === 'again') await new Promise<void>((resolve) => void clock.setTimer(againMs, resolve))
  }

  async #round(): Promise<void> {
    const { clock, scenario, service } = this.#parts
    let open = 0
    for (const planned of scenario.instances) {
      const status = (await service.client.getState(planned.instanceId, { payloads: false }))?.status
      if (hasEnded(planned, status)) continue
      open++
      if (this.#left === 0 && status === 'Suspended') await this.#resume(planned.instanceId)
    }
    this.#isOver = this.#left === 0 && open === 0
    clock.setTimer(roundMs, () => void this.#round())
  }

  async #resume(instanceId: string): Promise<void> {
    try {
      await this.#parts.client.resume(instanceId, 'looked after')
    } catch (error) {
      this.#failed(instanceId, `resume failed: ${String(error)}`)
    }
  }

  #failed(instanceId: string, detail: string): void {
    this.violations.push({ rule: 'script', instanceId, detail })
  }
}

/** A failed instance that is meant to be rewound goes on. */
function hasEnded({ fate }: PlannedInstance, status: OrchestrationStatus | undefined): boolean {
  return status !== undefined && isFinal(status) && (status !== 'Failed' || fate !== 'rewound')
}
