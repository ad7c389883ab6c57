/**
 * Middleware: functions around every turn and every activity attempt, outermost first. They see and may replace the *outcome*; exceptions of user code never pass through.
 * What middleware does leaves nothing in the history, and it runs at every delivery, retry and turn. One that throws is a fault of the host: the message is retried with back-off,
 * and after `maxFaults` the activity (or the instance) fails with DTFX_MIDDLEWARE_FAILED.
 */
import { dtfxError } from '../errors/durable-error.js'
import type { FailureDetails } from '../errors/failure-details.js'
import type { OrchestratorAction } from '../model/actions.js'
import type { HistoryEvent, TaskScheduledEvent } from '../model/events.js'
import type { OrchestrationInstance, Tags } from '../model/instance.js'
import type { AnyActivity, AnyOrchestration } from './definitions.js'

/** A typed key for `ctx.properties`. */
export interface PropertyKeyOf<T> {
  readonly name: string
  readonly '~type'?: T
}
/** A key under which middleware leaves a value for the middleware inside it. */
export function defineProperty<T>(name: string): PropertyKeyOf<T> {
  return Object.freeze({ name })
}

export class Properties {
  readonly #values = new Map<object, unknown>()
  get<T>(key: PropertyKeyOf<T>): T | undefined {
    return this.#values.get(key) as T | undefined
  }
  set<T>(key: PropertyKeyOf<T>, value: T): void {
    this.#values.set(key, value)
  }
}

export interface OrchestrationOutcome {
  readonly actions: readonly OrchestratorAction[]
  readonly customStatus?: string | undefined
}

/** `result` is the payload text of the activity's return value. */
export type ActivityOutcome =
  | { readonly status: 'completed'; readonly result?: string | undefined }
  | { readonly status: 'failed'; readonly failure: FailureDetails }

interface MiddlewareContext {
  readonly instance: OrchestrationInstance
  readonly name: string
  readonly version: string | undefined
  /** Tags of the orchestration. */
  readonly tags: Tags
  readonly properties: Properties
}

export interface OrchestrationMiddlewareContext extends MiddlewareContext {
  /** Undefined when no such orchestration is registered: middleware may still give an outcome. */
  readonly definition: AnyOrchestration | undefined
  /** Committed events, empty when the turn continues a suspended execution. */
  readonly pastEvents: readonly HistoryEvent[]
  readonly newEvents: readonly HistoryEvent[]
  /** The execution was suspended in memory and is continued. */
  readonly isCached: boolean
  /** The highest delivery count among the messages of this turn. */
  readonly deliveryCount: number
}

export interface ActivityMiddlewareContext extends MiddlewareContext {
  readonly definition: AnyActivity | undefined
  readonly event: TaskScheduledEvent
  readonly taskTags: Tags
  readonly deliveryCount: number
  readonly signal: AbortSignal
}

export type OrchestrationMiddleware = (ctx: OrchestrationMiddlewareContext, next: () => Promise<OrchestrationOutcome>) => Promise<OrchestrationOutcome>
export type ActivityMiddleware = (ctx: ActivityMiddlewareContext, next: () => Promise<ActivityOutcome>) => Promise<ActivityOutcome>

/** One function of many: `middleware[0]` is outermost, `inner` the work itself; each `next` may be called once. */
export function compose<Ctx, Outcome>(
  middleware: readonly ((ctx: Ctx, next: () => Promise<Outcome>) => Promise<Outcome>)[],
  inner: (ctx: Ctx) => Promise<Outcome>,
): (ctx: Ctx) => Promise<Outcome> {
  return middleware.reduceRight<(ctx: Ctx) => Promise<Outcome>>((next, layer) => {
    return (ctx) => {
      let called = false
      return layer(ctx, () => {
        if (called) throw dtfxError('DTFX_INVALID_OUTCOME', { what: 'a middleware', problem: 'next() was called twice' })
        called = true
        return next(ctx)
      })
    }
  }, inner)
}
