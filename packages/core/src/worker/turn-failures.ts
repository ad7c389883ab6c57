/**
 * Orchestration turns that could not be run or committed: faults of the host, unknown names, versions of others, damaged histories. Each ends in one of: the messages come back later,
 * or the instance fails with a code. Never in silence.
 */
import { backoffMs } from '../base/backoff.js'
import { addMs, type Ticks } from '../base/ticks.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { failureFromError } from '../errors/failure-details.js'
import type { ExecutionStartedEvent } from '../model/events.js'
import type { OrchestrationWorkItem, Settlement } from '../provider/work-items.js'
import { logEvents } from '../telemetry/log-events.js'
import { faultPlan, mostDeliveries, retryTime, unknownNameError } from './faults.js'
import type { KnownInstance, OrchestrationLoop } from './orchestration-loop.js'
import { UnknownDefinition } from './unknown-definition.js'
import { parentNotification } from './notify-parent.js'
import { logLine, messageOf } from './worker-log.js'

const mismatchBackoff = { firstMs: 500, maxMs: 30_000 }

/** After these nothing of the item may be written any more. */
function isOutOfHands(error: unknown): boolean {
  return DurableError.is(error, 'DTFX_LOCK_LOST') || DurableError.is(error, 'DTFX_AMBIGUOUS')
}

export class TurnFailures {
  readonly #loop: OrchestrationLoop

  constructor(loop: OrchestrationLoop) {
    this.#loop = loop
  }

  get #host() {
    return this.#loop.parts.service.host
  }

  /** The item could not be worked on: a port failed, or its history is damaged. */
  async abandon(item: OrchestrationWorkItem, error: unknown): Promise<void> {
    if (DurableError.is(error, 'DTFX_HISTORY_CORRUPT')) return this.#failCorrupt(item, error)
    logLine(this.#host.logger, logEvents.orchestrationAborted, { instanceId: item.instanceId, error }, messageOf(error))
    if (!isOutOfHands(error)) await item.release(settleAll(item, 'defer', retryTime(item.messages, this.#host)))
  }

  /** Middleware or we ourselves failed: the messages come back later, and the instance fails when one of them has come too often. */
  async fault(item: OrchestrationWorkItem, known: KnownInstance, error: unknown): Promise<void> {
    const { options } = this.#loop.parts
    const host = this.#host
    if (isOutOfHands(error) || DurableError.is(error, 'DTFX_HISTORY_CORRUPT')) throw error
    if (error instanceof UnknownDefinition) {
      const plan = unknownNameError('orchestration', error, { items: item.messages, registry: options.orchestrations, graceMs: options.unknownNameGraceMs, host })
      return plan.kind === 'wait' ? this.#defer(item, plan.until, `unknown orchestration '${error.definitionName}'`) : this.#failInstance(item, known, plan.error)
    }
    const plan = faultPlan(item.messages, options.maxFaults, host)
    host.metrics.count('dtfx.faults', 1, { kind: 'orchestration', count: plan.count, max: options.maxFaults })
    logLine(host.logger, logEvents.fault, { instanceId: item.instanceId, count: plan.count, max: options.maxFaults, error }, `${messageOf(error)} (${plan.count} of ${options.maxFaults})`)
    if (!plan.exhausted) return item.release(settleAll(item, 'fault', plan.until))
    return this.#failInstance(item, known, dtfxError('DTFX_MIDDLEWARE_FAILED', { count: plan.count, what: `orchestration '${item.instanceId}'`, problem: messageOf(error) }, error))
  }

  async mismatch(item: OrchestrationWorkItem, known: KnownInstance, start: ExecutionStartedEvent | undefined): Promise<void> {
    const { versionPolicy } = this.#loop.parts.options
    const error = dtfxError('DTFX_VERSION_MISMATCH', { name: start?.name, version: start?.version ?? '', workerVersion: versionPolicy.version, strategy: versionPolicy.match })
    if (versionPolicy.onMismatch === 'fail') return this.#failInstance(item, known, error)
    const { clock, random } = this.#host
    const delayMs = backoffMs(mismatchBackoff, mostDeliveries(item.messages), random)
    return this.#defer(item, addMs(clock.nowTicks(), delayMs) as Ticks, error.message)
  }

  #defer(item: OrchestrationWorkItem, until: Ticks, reason: string): Promise<void> {
    logLine(this.#host.logger, logEvents.deferred, { instanceId: item.instanceId, until }, reason)
    return item.release(settleAll(item, 'defer', until))
  }

  /** Ends the instance as Failed without running its code, from a fresh copy: the turn may have changed the one at hand. */
  async #failInstance(item: OrchestrationWorkItem, known: KnownInstance, error: unknown): Promise<void> {
    const fresh = await this.#loop.reload(item, known)
    if (fresh.prepared.kind !== 'run') return item.release([])
    const draft = this.#loop.draft(item, fresh)
    draft.open(fresh.prepared.admitted)
    const outcome = { actions: [{ type: 'Complete' as const, id: draft.runtime.nextEventId, status: 'Failed' as const, failure: failureFromError(error) }], customStatus: draft.customStatus }
    const completion = draft.decide(outcome)
    await this.#loop.commit(item, fresh, draft, { completion, unmodified: false, warnings: [] })
  }

  /** The stored history cannot be read: the instance fails, with what is there left in place for people to look at. */
  async #failCorrupt(item: OrchestrationWorkItem, error: unknown): Promise<void> {
    const snapshot = await item.load()
    const now = this.#host.clock.nowTicks()
    const settlements = settleAll(item, 'discard')
    logLine(this.#host.logger, logEvents.orchestrationAborted, { instanceId: item.instanceId, error }, messageOf(error))
    if (snapshot === 'unchanged' || snapshot.state === undefined) return item.release(settlements)
    const failure = failureFromError(error)
    const { state } = snapshot
    const notification = parentNotification(state, { status: 'Failed', failure }, now)
    await item.complete({
      executionId: state.executionId,
      base: snapshot.version,
      checkpointId: this.#loop.checkpointId(),
      settlements,
      history: { kind: 'append', events: [] },
      outbound: notification === undefined ? [] : [notification],
      state: { ...state, status: 'Failed', failure, lastUpdatedAt: now, completedAt: now },
    })
  }
}

function settleAll(item: OrchestrationWorkItem, outcome: Settlement['outcome'], until?: Ticks): Settlement[] {
  return item.messages.map(({ receipt }) => (until === undefined ? { receipt, outcome } : { receipt, outcome, until }))
}
