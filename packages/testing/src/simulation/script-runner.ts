/**
 * Carries out the script of a scenario: what clients do, in order for each instance. Afterwards it looks after the instances like an operator would: what is suspended is resumed,
 * what has failed is rewound once the cause is mended.
 */
import { DurableError, type OrchestrationHandle, type TaskHubClient } from '@dtfx/core'
import { isFinal } from '@dtfx/core/provider'
import type { VirtualClock } from '../clock/virtual-clock.js'
import type { MemoryService } from '../memory/index.js'
import type { ProgramInput } from './definitions.js'
import type { Ledger } from './ledger.js'
import type { Scenario, ScriptStep } from './scenario.js'

export interface ScriptParts {
  readonly clock: VirtualClock
  readonly service: MemoryService
  readonly client: TaskHubClient
  readonly ledger: Ledger
  readonly scenario: Scenario
}

const roundMs = 20_000

export class ScriptRunner {
  readonly problems: string[] = []
  /** Instances whose termination was acknowledged. */
  readonly terminated = new Set<string>()
  readonly #parts: ScriptParts
  readonly #chains = new Map<string, Promise<void>>()
  #left: number
  #isLookedAfter = false

  constructor(parts: ScriptParts) {
    this.#parts = parts
    this.#left = parts.scenario.script.length
  }

  /** Everything was done and every root instance is over. */
  get isDone(): boolean {
    return this.#left === 0 && this.#isLookedAfter
  }

  start(): void {
    const { clock, scenario } = this.#parts
    for (const step of scenario.script) clock.setTimer(step.atMs, () => this.#enqueue(step))
    clock.setTimer(roundMs, () => void this.#round())
  }

  #enqueue(step: ScriptStep): void {
    const before = this.#chains.get(step.instanceId) ?? Promise.resolve()
    const next = before.then(() => this.#run(step)).catch((error: unknown) => void this.problems.push(`${step.instanceId}: ${step.kind} failed: ${String(error)}`))
    this.#chains.set(step.instanceId, next.then(() => void this.#left--))
  }

  async #run(step: ScriptStep): Promise<void> {
    const { client } = this.#parts
    const { instanceId } = step
    const handle = client.get('Simulated', instanceId)
    switch (step.kind) {
      case 'start':
        return this.#start(step)
      case 'raise':
        return handle.raiseEvent(step.name, step.nonce)
      case 'suspend':
        return handle.suspend('simulated')
      case 'resume':
        return handle.resume('simulated')
      case 'terminate':
        await handle.terminate('simulated', { recursive: true })
        this.terminated.add(instanceId)
    }
  }

  /** Two starters of one id: exactly one of them creates the instance. */
  async #start({ instanceId, startInMs, twice }: Extract<ScriptStep, { kind: 'start' }>): Promise<void> {
    const { client, scenario, clock } = this.#parts
    const body = scenario.instances.find((each) => each.instanceId === instanceId)?.program ?? []
    const start = (): Promise<OrchestrationHandle> => {
      const startAt = startInMs === undefined ? undefined : new Date(clock.nowMs() + startInMs)
      return client.start('Simulated', { body, trace: [] } satisfies ProgramInput, { instanceId, startAt })
    }
    if (twice === undefined) return void (await start())
    const results = await Promise.allSettled([start(), start()])
    const created = results.filter(({ status }) => status === 'fulfilled').length
    const refused = results.filter((result) => result.status === 'rejected' && DurableError.is(result.reason, 'DTFX_INSTANCE_EXISTS')).length
    if (created !== 1 || refused !== 1) this.problems.push(`${instanceId}: of two starters ${created} created it and ${refused} were refused`)
  }

  async #round(): Promise<void> {
    const { clock, scenario, service } = this.#parts
    let open = 0
    for (const { instanceId } of scenario.instances) {
      const state = await service.client.getState(instanceId, { payloads: false })
      if (state !== undefined && isFinal(state.status) && state.status !== 'Failed') continue
      open++
      if (this.#left === 0) await this.#lookAfter(instanceId, state?.status)
    }
    this.#isLookedAfter = this.#left === 0 && open === 0
    clock.setTimer(roundMs, () => void this.#round())
  }

  async #lookAfter(instanceId: string, status: string | undefined): Promise<void> {
    const handle = this.#parts.client.get('Simulated', instanceId)
    try {
      if (status === 'Suspended') await handle.resume('looked after')
      if (status !== 'Failed') return
      this.#parts.ledger.mend()
      await handle.rewind('mended')
    } catch (error) {
      // It may have moved on since it was looked at.
      if (!DurableError.is(error, 'DTFX_REWIND_NOT_FAILED')) this.problems.push(`${instanceId}: looking after it: ${String(error)}`)
    }
  }
}
