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
import { isRepeatable } from './commit-again.js'
import type { KnownInstance, OrchestrationLoop } from './orchestration-loop.js'
import { UnknownDefinition } from './unknown-definition.js'
import { parentNotification } from './notify-parent.js'
import { logLine, messageOf } from './worker-log.js'

const mismatchBackoff = { firstMs: 500, maxMs: 30_000 }

/** Not ours to judge: the store says that the item is lost, or that it cannot be reached. */
function isOfStore(error: unknown): boolean {
  return DurableError.is(error, 'DTFX_LOCK_LOST') || isRepeatable(error)
}

export class TurnFailures {
  readonly #loop: OrchestrationLoop

  constructor(loop: OrchestrationLoop) {
    this.#loop = loop
  }

  get #host() {
    return this.#loop.parts.service.host
  }

  /** The item could not be worked on: a port failed, its history is damaged, or there is a defect. @throws a passing error of the store, so that the slot waits before it asks for more */
  async abandon(item: OrchestrationWorkItem, error: unknown): Promise<void> {
    logLine(this.#host.logger, logEvents.orchestrationAborted, { instanceId: item.instanceId, error }, messageOf(error))
    let cause = error
    if (DurableError.is(error, 'DTFX_HISTORY_CORRUPT')) {
      try {
        return await this.#failCorrupt(item, error)
      } catch (again) {
        cause = again
      }
    }
    if (DurableError.is(cause, 'DTFX_LOCK_LOST')) return
    try {
      await item.release(this.#givenUp(item, cause))
    } catch (failure) {
      logLine(this.#host.logger, logEvents.lockLost, { instanceId: item.instanceId, error: failure }, 'its messages could not be given back; they come back when the lock ends')
    }
    if (isRepeatable(cause)) throw cause
  }

  /** The inputs kill or block their process: they are set aside unexecuted, for people to look at. */
  suspect(item: OrchestrationWorkItem): Promise<void> {
    return item.release(this.#quarantined(item, 'turns on it began and came to no end, again and again'))
  }

  /** The store refuses what the turn decided, and will refuse it again: the instance fails with the reason. */
  refused(item: OrchestrationWorkItem, known: KnownInstance, error: unknown): Promise<void> {
    return this.#failInstance(item, known, error)
  }

  /** Middleware or we ourselves failed: the messages come back later, and the instance fails when one of them has come too often. */
  async fault(item: OrchestrationWorkItem, known: KnownInstance, error: unknown): Promise<void> {
    const { options } = this.#loop.parts
    const host = this.#host
    if (isOfStore(error) || DurableError.is(error, 'DTFX_HISTORY_CORRUPT')) throw error
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

  /** What cannot be processed is tried again with growing delays, and in the end set aside: never for ever, never dropped. */
  #givenUp(item: OrchestrationWorkItem, error: unknown): Settlement[] {
    if (DurableError.is(error, 'DTFX_AMBIGUOUS')) return []
    if (DurableError.is(error, 'DTFX_TRANSIENT')) return settleAll(item, 'defer', retryTime(item.messages, this.#host))
    const plan = faultPlan(item.messages, this.#loop.parts.options.maxFaults, this.#host)
    return plan.exhausted ? this.#quarantined(item, messageOf(error)) : settleAll(item, 'fault', plan.until)
  }

  #quarantined(item: OrchestrationWorkItem, reason: string): Settlement[] {
    const { logger, metrics } = this.#host
    for (const { id } of item.messages) {
      metrics.count('dtfx.messages.quarantined', 1, { code: 'DTFX_POISON' })
      logLine(logger, logEvents.quarantined, { instanceId: item.instanceId, messageId: id }, reason)
    }
    return item.messages.map(({ receipt }) => ({ receipt, outcome: 'quarantine', code: 'DTFX_POISON', reason }))
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
    if (snapshot === 'unchanged' || snapshot.state === undefined) return item.release(settlements)
    const failure = failureFromError(error)
    const { state } = snapshot
    const notification = parentNotification(state, { status: 'Failed', failure }, now)
    await this.#loop.complete(item, {
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
