/** What to do when the host failed (middleware, a defect) or does not know a name: wait and for how long, or give up with which error. Pure apart from clock and randomness. */
import { backoffMs } from '../base/backoff.js'
import { addMs, msFromTicks, type Ticks } from '../base/ticks.js'
import { dtfxError, type DurableError } from '../errors/durable-error.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { Delivered } from '../provider/work-items.js'
import type { UnknownDefinition } from './unknown-definition.js'

type Host = OrchestrationService['host']

export interface FaultPlan {
  /** Faults of the most affected message, this one included. */
  readonly count: number
  readonly exhausted: boolean
  readonly until: Ticks
}

const faultBackoff = { firstMs: 200, maxMs: 60_000 }
const unknownBackoff = { firstMs: 250, maxMs: 10_000 }

export function faultPlan(messages: readonly Delivered[], maxFaults: number, host: Host): FaultPlan {
  const count = 1 + messages.reduce((most, { faultCount }) => Math.max(most, faultCount), 0)
  return { count, exhausted: count >= maxFaults, until: addMs(host.clock.nowTicks(), backoffMs(faultBackoff, count, host.random)) as Ticks }
}

/** The highest delivery count among the messages of an item; an item may hold more of them than a call takes arguments. */
export function mostDeliveries(messages: readonly Delivered[]): number {
  return messages.reduce((most, { deliveryCount }) => Math.max(most, deliveryCount), 0)
}

/** When to hand out again what could not be processed for a passing reason. */
export function retryTime(messages: readonly Delivered[], host: Host): Ticks {
  return addMs(host.clock.nowTicks(), backoffMs(faultBackoff, mostDeliveries(messages), host.random)) as Ticks
}

export interface UnknownNameInputs {
  readonly items: readonly Delivered[]
  readonly registry: { describe(): string }
  readonly graceMs: number
  readonly host: Host
}

/** A name may become known by a rolling deploy: the message waits until its grace is over. */
export function unknownNameError(
  what: 'orchestration' | 'activity',
  unknown: UnknownDefinition,
  inputs: UnknownNameInputs,
): { readonly kind: 'wait'; readonly until: Ticks } | { readonly kind: 'fail'; readonly error: DurableError } {
  const { clock, random } = inputs.host
  const oldestMs = inputs.items.reduce((oldest, { enqueuedAt }) => Math.min(oldest, msFromTicks(enqueuedAt)), Number.POSITIVE_INFINITY)
  if (clock.nowMs() - oldestMs < inputs.graceMs) {
    return { kind: 'wait', until: addMs(clock.nowTicks(), backoffMs(unknownBackoff, mostDeliveries(inputs.items), random)) as Ticks }
  }
  const code = what === 'orchestration' ? 'DTFX_UNKNOWN_ORCHESTRATION' : 'DTFX_UNKNOWN_ACTIVITY'
  const version = unknown.version === undefined || unknown.version === '' ? '' : ` version '${unknown.version}'`
  return { kind: 'fail', error: dtfxError(code, { name: unknown.definitionName, version, known: inputs.registry.describe() }) }
}
