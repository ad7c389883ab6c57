/**
 * `ctx` of an orchestration. Every member is deterministic: it takes its answer from the history while replaying.
 * All calls are recorded at the call itself, synchronously: the order of calls is the order of ids.
 */
import type { Duration } from '../base/duration.js'
import type { Tags } from '../model/instance.js'
import type { RetryPolicy } from '../model/retry-policy.js'
import type { Wire } from '../serialization/data-converter.js'
import type { ActivityDeclaration, EventDefinition, OrchestrationDeclaration } from './definitions.js'
import type { ContextLogger } from './context-logger.js'
import type { StandardSchema } from './schema.js'

declare const continued: unique symbol
/** What `ctx.continueAsNew` returns: `return` it. It is left out of the orchestration's result type. */
export interface ContinuedAsNew {
  readonly [continued]: true
}

/** A native Promise with the id and name of its task. */
export interface DurableTask<T> extends Promise<T> {
  readonly id: number
  readonly name: string
}

export interface DurableTimer extends DurableTask<void> {
  /** When it fires, as the orchestration sees it. */
  readonly fireAt: Date
  /** Rejects the timer with TaskCanceledError (marked as handled) and forgets it. No-op once fired. */
  cancel(): void
  [Symbol.dispose](): void
}

/** A wait for an event; `cancel` takes it out of the queue of waiters, so that it does not take an event nobody wants any more. */
export interface DurableEventWait<T> extends DurableTask<T> {
  cancel(): void
  [Symbol.dispose](): void
}

export interface ActivityCallOptions {
  /** Replaces the definition's policy. */
  readonly retry?: RetryPolicy | undefined
  readonly version?: string | undefined
  readonly tags?: Tags | undefined
  /** The orchestration stops waiting after it and gets TaskTimeoutError: a durable timer over all attempts. Default: waits for ever. */
  readonly timeout?: Duration | undefined
}

export interface SubOrchestrationCallOptions extends ActivityCallOptions {
  /** Default: derived from this execution, so that it is unique and the same on replay. */
  readonly instanceId?: string | undefined
}

export interface MapOptions {
  /** Calls of `fn` open at once. Default: all. */
  readonly concurrency?: number | undefined
}

/** Input may be left out when `undefined` fits its type. */
export type InputArgs<In, Options> = [In] extends [void]
  ? [input?: undefined, options?: Options]
  : undefined extends In
    ? [input?: In, options?: Options]
    : [input: In, options?: Options]

export interface OrchestrationContext<In = unknown> {
  readonly instanceId: string
  /** Another one after a rewind. What has to stay the same is drawn by `newGuid`. */
  readonly executionId: string
  readonly name: string
  readonly version: string | undefined
  readonly parent: { readonly instanceId: string; readonly executionId: string | undefined; readonly name: string } | undefined
  readonly tags: Tags
  /** True only while events of the past are applied. For side effects of your own use `log` instead. */
  readonly isReplaying: boolean
  /** Time of this turn: equal on replay, never going back. */
  readonly now: Date
  /** A UUID, the same on replay, also after a rewind. */
  newGuid(): string
  /** A number in [0, 1), the same on replay, also after a rewind. */
  random(): number
  readonly log: ContextLogger

  callActivity<I, O>(activity: ActivityDeclaration<I, O>, ...args: InputArgs<I, ActivityCallOptions>): DurableTask<O>
  callActivity<O = unknown>(name: string, input?: unknown, options?: ActivityCallOptions): DurableTask<O>
  callSubOrchestration<I, O>(orchestration: OrchestrationDeclaration<I, O>, ...args: InputArgs<I, SubOrchestrationCallOptions>): DurableTask<O>
  callSubOrchestration<O = unknown>(name: string, input?: unknown, options?: SubOrchestrationCallOptions): DurableTask<O>
  /** Starts a child and does not wait: its end is not reported. Returns its instance id. */
  startSubOrchestration<I, O>(orchestration: OrchestrationDeclaration<I, O>, ...args: InputArgs<I, Omit<SubOrchestrationCallOptions, 'retry' | 'timeout'>>): string
  startSubOrchestration(name: string, input?: unknown, options?: Omit<SubOrchestrationCallOptions, 'retry' | 'timeout'>): string

  /** A durable timer of any length. */
  createTimer(at: Duration | Date, options?: { readonly signal?: AbortSignal | undefined }): DurableTimer

  /** The next event of this name: buffered ones first, in the order of arrival; names are compared without regard to case. */
  waitForExternalEvent<T>(event: EventDefinition<T>, options: { readonly timeout: Duration; readonly onTimeout: 'undefined' }): DurableEventWait<Wire<T> | undefined>
  waitForExternalEvent<T>(event: EventDefinition<T>, options?: { readonly timeout?: Duration | undefined }): DurableEventWait<Wire<T>>
  waitForExternalEvent<T = unknown>(name: string, options?: { readonly timeout?: Duration | undefined; readonly schema?: StandardSchema<T, T> | undefined }): DurableEventWait<T>
  /** Raises an event at another instance. Fire and forget: unknown and finished targets drop it. */
  sendEvent<T>(instanceId: string, event: EventDefinition<T>, ...payload: [T] extends [void] ? [payload?: undefined] : [payload: T]): void
  sendEvent(instanceId: string, name: string, payload?: unknown): void

  /** `fn` for every item, at most `concurrency` open at once, results in the order of the items. The first error rejects; calls already open go on. */
  map<T, R>(items: readonly T[], fn: (item: T, index: number) => Promise<R>, options?: MapOptions & { readonly settle?: false; readonly stopOnError?: boolean }): Promise<R[]>
  /** The same, never rejecting: one outcome per item. */
  map<T, R>(items: readonly T[], fn: (item: T, index: number) => Promise<R>, options: MapOptions & { readonly settle: true }): Promise<PromiseSettledResult<R>[]>

  /** Ends this execution and starts the next with `input`: `return ctx.continueAsNew(…)`. Unconsumed events go along unless `carryOverEvents` is false. */
  continueAsNew(input: In, options?: { readonly carryOverEvents?: boolean | undefined; readonly version?: string | undefined }): ContinuedAsNew
  /** Shown by queries. Encoded at the call. */
  setCustomStatus(status: unknown): void
  /** True in executions that reach this call for the first time with this code; false while replaying a history that passed it without. */
  patched(patchId: string): boolean
  /** Says that no history from before the patch is left: takes part in the record, returns nothing. */
  deprecatePatch(patchId: string): void
}
