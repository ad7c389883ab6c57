/**
 * One activity work item from lock to completion: find the definition, run it inside the middleware, deliver the outcome.
 *
 * Invariants:
 * 1. The item ends exactly once: `complete` with an outcome, or `release` with a settlement; after a lost lock with neither.
 * 2. Whatever user code does is an outcome. What middleware throws is a fault: retried with back-off, and after `maxFaults` a coded failure of the activity.
 */
import type { AnyActivity } from '../authoring/definitions.js'
import { compose, Properties, type ActivityMiddlewareContext, type ActivityOutcome } from '../authoring/middleware.js'
import { backoffMs } from '../base/backoff.js'
import { sleep } from '../base/clock.js'
import { addMs, type Ticks } from '../base/ticks.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { failureFromError, type FailureDetails } from '../errors/failure-details.js'
import { LockLostError } from '../errors/provider-errors.js'
import type { TaskCompletedEvent, TaskFailedEvent, TaskScheduledEvent } from '../model/events.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { ActivityWorkItem } from '../provider/work-items.js'
import { jsonConverter } from '../serialization/data-converter.js'
import { noMetrics } from '../telemetry/metrics.js'
import { logEvents } from '../telemetry/log-events.js'
import { ActivityLimits } from './activity-limits.js'
import { ActivitySignal } from './activity-signal.js'
import { isRepeatable } from './commit-again.js'
import { faultPlan, unknownNameError } from './faults.js'
import { LockRenewer } from './lock-renewer.js'
import { UnknownDefinition } from './unknown-definition.js'
import { runActivity, type Attempt } from './run-activity.js'
import type { SpanRecorder } from './span-recorder.js'
import { logLine, messageOf } from './worker-log.js'
import type { CheckedWorkerOptions } from './worker-options.js'

export interface ActivityLoopParts {
  readonly service: OrchestrationService
  readonly options: CheckedWorkerOptions
  readonly spans: SpanRecorder
}

const crowdedBackoff = { firstMs: 100, maxMs: 10_000 }
const completionBackoff = { firstMs: 50, maxMs: 2_000 }
const maxCompletions = 6

/** The store takes no such result (too large, say), but the failure that says so. */
function refusedBy(error: unknown, { taskScheduledId, timestamp }: TaskCompletedEvent | TaskFailedEvent): TaskFailedEvent {
  const failure = failureFromError(error)
  return { type: 'TaskFailed', eventId: -1, timestamp, taskScheduledId, reason: failure.errorMessage, failure }
}

interface Wrapped {
  readonly definition: AnyActivity | undefined
  readonly abort: ActivitySignal
  readonly inner: () => Promise<ActivityOutcome>
}

/** It ended because this worker stops: no failure of its own, another worker runs it again. */
function isStopped(outcome: ActivityOutcome, abort: ActivitySignal): boolean {
  if (outcome.status !== 'failed' || abort.reason?.code !== 'DTFX_WORKER_STATE') return false
  // Functions of Node reject with an AbortError whose cause is the signal's reason; users wrap that again.
  for (let failure: FailureDetails | undefined = outcome.failure; failure !== undefined; failure = failure.innerFailure) {
    if (failure.properties?.['code'] === 'DTFX_WORKER_STATE') return true
  }
  return false
}

function idsOf(item: ActivityWorkItem, event: TaskScheduledEvent): { instanceId: string; activity: string; taskId: number } {
  return { instanceId: item.delivered.message.instance.instanceId, activity: event.name, taskId: event.eventId }
}

export class ActivityLoop {
  readonly renewer: LockRenewer<ActivityWorkItem>
  readonly #parts: ActivityLoopParts
  readonly limits: ActivityLimits
  /** By slot: of the activity in progress. */
  readonly #signals: (ActivitySignal | undefined)[] = []

  constructor(parts: ActivityLoopParts) {
    this.#parts = parts
    this.limits = new ActivityLimits(parts.options.activities)
    this.renewer = new LockRenewer(parts.service.host.clock, {
      lost: (slot, item, error) => this.#signals[slot]?.abort(DurableError.is(error) ? error : new LockLostError(`activity '${item.delivered.id}'`, error)),
      instanceGone: (slot, item) => this.#signals[slot]?.abort(dtfxError('DTFX_INSTANCE_GONE', { instanceId: item.delivered.message.instance.instanceId })),
    })
  }

  /** Tells every running activity that the worker stops. */
  abortAll(reason: DurableError): void {
    for (const signal of this.#signals) signal?.abort(reason)
  }

  async process(item: ActivityWorkItem, slot: number): Promise<void> {
    const { event } = item.delivered.message
    if (event.type !== 'TaskScheduled') {
      const reason = `a ${event.type} event is no activity`
      logLine(this.#logger, logEvents.quarantined, { messageId: item.delivered.id }, reason)
      return item.release({ receipt: item.delivered.receipt, outcome: 'quarantine', code: 'DTFX_POISON', reason })
    }
    const definition = this.#parts.options.activities.find(event.name, event.version)
    const isLimited = definition?.concurrency !== undefined
    if (isLimited && !this.limits.enter(definition)) return this.#crowded(item)
    const abort = new ActivitySignal(item)
    this.#signals[slot] = abort
    this.renewer.watch(slot, item)
    try {
      if (this.#logger.enabled('debug')) logLine(this.#logger, logEvents.activityStarting, idsOf(item, event))
      const span = this.#parts.spans.activity(item.delivered.message, event.name)
      let outcome: ActivityOutcome
      try {
        outcome = await (span === undefined ? this.#outcome(item, event, definition, abort) : span.run(() => this.#outcome(item, event, definition, abort)))
      } catch (error) {
        span?.end({ message: messageOf(error) })
        await this.#fault(item, event, error)
        return
      }
      span?.end(outcome.status === 'failed' ? { message: outcome.failure.errorMessage } : undefined)
      if (isStopped(outcome, abort)) return await this.#later(item, 0)
      const completion = this.#completion(item, event, outcome)
      try {
        await item.complete(completion)
      } catch (error) {
        await this.#completeAgain(item, completion, error)
      }
    } catch (error) {
      await this.#abandon(item, event, error)
    } finally {
      this.renewer.unwatch(slot)
      this.#signals[slot] = undefined
      if (isLimited) this.limits.leave(definition)
    }
  }

  get #logger() {
    return this.#parts.service.host.logger
  }

  #attemptOf(item: ActivityWorkItem, event: TaskScheduledEvent, definition: AnyActivity, abort: ActivitySignal): Attempt {
    const { host, converter } = this.#parts.service
    return { definition, delivered: item.delivered, event, abort, host, converter: converter ?? jsonConverter }
  }

  /** One promise on the common path: most activities have no middleware around them. */
  #outcome(item: ActivityWorkItem, event: TaskScheduledEvent, definition: AnyActivity | undefined, abort: ActivitySignal): Promise<ActivityOutcome> {
    const inner = (): Promise<ActivityOutcome> => {
      if (definition === undefined) return Promise.reject(new UnknownDefinition(event.name, event.version))
      return runActivity(this.#attemptOf(item, event, definition, abort))
    }
    return this.#parts.options.middleware.activity.length === 0 ? inner() : this.#throughMiddleware(item, event, { definition, abort, inner })
  }

  async #throughMiddleware(item: ActivityWorkItem, event: TaskScheduledEvent, { definition, abort, inner }: Wrapped): Promise<ActivityOutcome> {
    const { message } = item.delivered
    const run = compose<ActivityMiddlewareContext, ActivityOutcome>(this.#parts.options.middleware.activity, inner)
    const outcome = await run({
      definition,
      event,
      instance: message.instance,
      name: event.name,
      version: event.version,
      tags: message.orchestrationTags ?? {},
      taskTags: event.tags ?? {},
      properties: new Properties(),
      deliveryCount: item.delivered.deliveryCount,
      get signal() {
        return abort.signal
      },
    })
    if (outcome?.status !== 'completed' && outcome?.status !== 'failed') {
      throw dtfxError('DTFX_INVALID_OUTCOME', { what: `activity '${event.name}'`, problem: 'its status is neither completed nor failed' })
    }
    return outcome
  }

  /** The event that tells the instance, and what log and metrics say of it. */
  #completion(item: ActivityWorkItem, event: TaskScheduledEvent, outcome: ActivityOutcome): TaskCompletedEvent | TaskFailedEvent {
    const { clock, metrics } = this.#parts.service.host
    if (this.#logger.enabled('debug')) logLine(this.#logger, logEvents.activityCompleted, { ...idsOf(item, event), status: outcome.status })
    if (metrics !== noMetrics) metrics.count('dtfx.activities.completed', 1, { status: outcome.status, name: event.name })
    const head = { eventId: -1, timestamp: clock.nowTicks(), taskScheduledId: event.eventId }
    if (outcome.status === 'completed') return { type: 'TaskCompleted', ...head, result: outcome.result }
    const { failure } = outcome
    logLine(this.#logger, logEvents.activityFailed, { ...idsOf(item, event), failure }, failure.errorMessage)
    return { type: 'TaskFailed', ...head, reason: failure.errorMessage, failure }
  }

  async #fault(item: ActivityWorkItem, event: TaskScheduledEvent, error: unknown): Promise<void> {
    const { options, service } = this.#parts
    const { host } = service
    const fail = (problem: DurableError): Promise<void> => item.complete(this.#completion(item, event, { status: 'failed', failure: failureFromError(problem) }))
    if (error instanceof UnknownDefinition) {
      const plan = unknownNameError('activity', error, { items: [item.delivered], registry: options.activities, graceMs: options.unknownNameGraceMs, host })
      return plan.kind === 'fail' ? fail(plan.error) : item.release({ receipt: item.delivered.receipt, outcome: 'defer', until: plan.until })
    }
    const plan = faultPlan([item.delivered], options.maxFaults, host)
    host.metrics.count('dtfx.faults', 1, { kind: 'activity', count: plan.count, max: options.maxFaults })
    logLine(this.#logger, logEvents.fault, { activity: event.name, messageId: item.delivered.id, count: plan.count, max: options.maxFaults, error }, `${messageOf(error)} (${plan.count} of ${options.maxFaults})`)
    if (plan.exhausted) return fail(dtfxError('DTFX_MIDDLEWARE_FAILED', { count: plan.count, what: `activity '${event.name}' (#${event.eventId})`, problem: messageOf(error) }, error))
    return item.release({ receipt: item.delivered.receipt, outcome: 'fault', until: plan.until })
  }

  /** More of this activity than it allows at once: not a fault, does not count, comes back soon (to any worker). */
  #later(item: ActivityWorkItem, delayMs: number): Promise<void> {
    return item.release({ receipt: item.delivered.receipt, outcome: 'defer', until: addMs(this.#parts.service.host.clock.nowTicks(), delayMs) as Ticks })
  }

  /** The longer an item has been in the way, the later it comes back; a backlog costs little. */
  #crowded(item: ActivityWorkItem): Promise<void> {
    return this.#later(item, backoffMs(crowdedBackoff, item.delivered.deliveryCount, this.#parts.service.host.random))
  }

  /** A result is dear: it is offered again while the lock lasts. One that the store will never take becomes the failure of the activity. */
  async #completeAgain(item: ActivityWorkItem, completion: TaskCompletedEvent | TaskFailedEvent, failure: unknown): Promise<void> {
    const { host } = this.#parts.service
    let offered = completion
    let error = failure
    for (let attempt = 1; attempt < maxCompletions; attempt++) {
      if (isRepeatable(error)) await sleep(host.clock, backoffMs(completionBackoff, attempt, host.random), item.lost)
      else if (DurableError.is(error, 'DTFX_PERMANENT') && offered === completion) offered = refusedBy(error, completion)
      else throw error
      try {
        return await item.complete(offered)
      } catch (next) {
        error = next
      }
    }
    throw error
  }

  /** The attempt came to no end of its own. With the lock lost somebody else runs it; otherwise it comes back later. @throws a passing error of the store, so that the slot waits before it asks for more */
  async #abandon(item: ActivityWorkItem, event: TaskScheduledEvent, error: unknown): Promise<void> {
    const { service, options } = this.#parts
    logLine(this.#logger, logEvents.activityAborted, { ...idsOf(item, event), error }, messageOf(error))
    if (DurableError.is(error, 'DTFX_LOCK_LOST')) return
    const { receipt } = item.delivered
    const isPassing = isRepeatable(error)
    const { until, exhausted } = faultPlan([item.delivered], options.maxFaults, service.host)
    try {
      if (isPassing) await item.release({ receipt, outcome: 'defer', until })
      else if (!exhausted) await item.release({ receipt, outcome: 'fault', until })
      else await item.release({ receipt, outcome: 'quarantine', code: 'DTFX_POISON', reason: messageOf(error) })
    } catch (failure) {
      logLine(this.#logger, logEvents.lockLost, { ...idsOf(item, event), error: failure }, 'its message could not be given back; it comes back when the lock ends')
    }
    if (isPassing) throw error
  }
}
