/**
 * An instance as a client sees it: times as `Date`, payloads decoded when they are asked for, so that one unreadable payload does not spoil a list.
 * A snapshot: it does not change.
 */
import { msFromTicks, type Ticks } from '../base/ticks.js'
import type { FailureDetails } from '../errors/failure-details.js'
import { isFinal, type InstanceState, type OrchestrationStatus, type Tags } from '../model/instance.js'
import type { DataConverter, Wire } from '../serialization/data-converter.js'

export class OrchestrationState<Out = unknown, In = unknown> {
  readonly instanceId: string
  readonly executionId: string
  readonly name: string
  readonly version: string | undefined
  readonly status: OrchestrationStatus
  readonly tags: Tags
  readonly parent: { readonly instanceId: string; readonly executionId: string | undefined; readonly name: string } | undefined
  /** Number of continue-as-news and restarts before this execution. */
  readonly generation: number
  readonly createdAt: Date
  readonly lastUpdatedAt: Date
  readonly completedAt: Date | undefined
  readonly scheduledStartAt: Date | undefined
  /** Why it failed. */
  readonly failure: FailureDetails | undefined
  readonly #state: InstanceState
  readonly #converter: DataConverter
  readonly #decoded = new Map<string, unknown>()

  constructor(state: InstanceState, converter: DataConverter) {
    this.instanceId = state.instanceId
    this.executionId = state.executionId
    this.name = state.name
    this.version = state.version
    this.status = state.status
    this.tags = state.tags ?? {}
    this.parent = state.parent === undefined ? undefined : { ...state.parent.instance, executionId: state.parent.instance.executionId, name: state.parent.name }
    this.generation = state.generation
    this.createdAt = dateOf(state.createdAt)
    this.lastUpdatedAt = dateOf(state.lastUpdatedAt)
    this.completedAt = optionalDate(state.completedAt)
    this.scheduledStartAt = optionalDate(state.scheduledStartAt)
    this.failure = state.failure
    this.#state = state
    this.#converter = converter
  }

  /** Completed, Failed, Terminated or Canceled. */
  get isFinal(): boolean {
    return isFinal(this.status)
  }

  /** The input. Undefined also when it was not read (`payloads: false`). @throws DTFX_PAYLOAD_UNREADABLE, DTFX_PAYLOAD_CODEC */
  get input(): Wire<In> | undefined {
    return this.#decode('input') as Wire<In> | undefined
  }

  /** The result of a completed instance. Undefined also when it was not read. @throws DTFX_PAYLOAD_UNREADABLE, DTFX_PAYLOAD_CODEC */
  get output(): Wire<Out> | undefined {
    return this.status === 'Terminated' || this.status === 'Canceled' ? undefined : (this.#decode('output') as Wire<Out> | undefined)
  }

  /** Why it was terminated. Undefined also when it was not read. */
  get terminationReason(): string | undefined {
    return this.status === 'Terminated' || this.status === 'Canceled' ? this.#state.output : undefined
  }

  /** What the orchestration set last with `ctx.setCustomStatus`. @throws DTFX_PAYLOAD_UNREADABLE, DTFX_PAYLOAD_CODEC */
  get customStatus(): unknown {
    return this.#decode('customStatus')
  }

  /** All of it as plain data. @throws DTFX_PAYLOAD_UNREADABLE, DTFX_PAYLOAD_CODEC */
  toJSON(): Record<string, unknown> {
    return { ...(this as object), input: this.input, output: this.output, terminationReason: this.terminationReason, customStatus: this.customStatus }
  }

  #decode(member: 'input' | 'output' | 'customStatus'): unknown {
    const payload = this.#state[member]
    if (payload === undefined) return undefined
    if (!this.#decoded.has(member)) this.#decoded.set(member, this.#converter.decode(payload, `${member} of orchestration '${this.name}' (${this.instanceId})`))
    return this.#decoded.get(member)
  }
}

function dateOf(ticks: Ticks): Date {
  return new Date(msFromTicks(ticks))
}

function optionalDate(ticks: Ticks | undefined): Date | undefined {
  return ticks === undefined ? undefined : dateOf(ticks)
}
