/**
 * `defineActivity`, `defineOrchestration`, `defineEvent` and the types-only `declare…` forms: the one place where types are written; callers, parents and clients infer them.
 * Invariant: a definition is frozen plain data; names are checked here, so that no anonymous or blank name ever reaches a history.
 */
import { durationMs, type Duration } from '../base/duration.js'
import { limits } from '../base/limits.js'
import { dtfxError } from '../errors/durable-error.js'
import { checkRetryPolicy, type RetryPolicy } from '../model/retry-policy.js'
import type { Wire } from '../serialization/data-converter.js'
import type { ActivityContext } from './activity-context.js'
import type { ContinuedAsNew, OrchestrationContext } from './orchestration-context.js'
import type { StandardSchema } from './schema.js'

/** Phantom carrier of the types; never present at run time. */
interface Types<In, Out> {
  readonly in: (input: In) => void
  readonly out: Out
}

export interface ActivityDeclaration<In, Out> {
  readonly kind: 'activity'
  readonly name: string
  readonly version?: string | undefined
  readonly retry?: RetryPolicy | undefined
  readonly input?: StandardSchema | undefined
  readonly output?: StandardSchema | undefined
  readonly '~types'?: Types<In, Out>
}

export interface ActivityDefinition<In, Out> extends ActivityDeclaration<In, Out> {
  readonly run: (ctx: ActivityContext, input: never) => unknown
  /** Run time of one attempt, in milliseconds; undefined: unlimited. */
  readonly timeoutMs?: number | undefined
  /** Attempts of this activity at once on one worker; undefined: only the worker's own limit. */
  readonly concurrency?: number | undefined
}

export interface OrchestrationDeclaration<In, Out> {
  readonly kind: 'orchestration'
  readonly name: string
  readonly version?: string | undefined
  readonly input?: StandardSchema | undefined
  readonly output?: StandardSchema | undefined
  readonly '~types'?: Types<In, Out>
}

export interface OrchestrationDefinition<In, Out> extends OrchestrationDeclaration<In, Out> {
  readonly run: (ctx: OrchestrationContext<never>, input: never) => Promise<unknown>
  /** .NET's rule: complete only when no task is open. Default false: complete when the function returns. */
  readonly waitForOpenTasks: boolean
  /** Length of one hop of a long timer; `'none'` for orchestrations that .NET workers replay too. */
  readonly timerHopMs: number | 'none'
}

export interface EventDefinition<T> {
  readonly kind: 'event'
  readonly name: string
  readonly schema?: StandardSchema | undefined
  readonly '~types'?: Types<T, T>
}

/** A definition of any types, as registries hold it. */
export type AnyActivity = ActivityDefinition<never, unknown>
export type AnyOrchestration = OrchestrationDefinition<never, unknown>

export interface ActivityOptions<In, Out> {
  readonly version?: string | undefined
  /** Used by every call that gives no policy of its own. */
  readonly retry?: RetryPolicy | undefined
  /** Run time of one attempt: then `ctx.signal` aborts and the attempt fails with TaskTimeoutError. Default: unlimited. */
  readonly timeout?: Duration | undefined
  readonly concurrency?: number | undefined
  /** Callers give its input type; the activity gets, and the history records, its output. */
  readonly input?: StandardSchema<In, never> | StandardSchema<In, In> | undefined
  readonly output?: StandardSchema<Out, Out> | undefined
}

export interface OrchestrationOptions<In, Out> {
  readonly version?: string | undefined
  readonly input?: StandardSchema<In, In> | undefined
  readonly output?: StandardSchema<Out, Out> | undefined
  readonly waitForOpenTasks?: boolean | undefined
  readonly timerHopMs?: number | 'none' | undefined
}

/** Options as the implementations below see them: schemas without their types. */
type Untyped<Options> = Omit<Options, 'input' | 'output'> & { readonly input?: StandardSchema | object | undefined; readonly output?: StandardSchema | object | undefined }

/** An activity with a schema: callers are typed by the schema's input, the function by its output. */
export function defineActivity<S extends StandardSchema, Out = void>(
  name: string,
  run: (ctx: ActivityContext, input: SchemaOut<S>) => Out,
  options: Omit<ActivityOptions<never, Awaited<Out>>, 'input'> & { readonly input: S },
): ActivityDefinition<SchemaIn<S>, Wire<Awaited<Out>>>
/** An activity: any async (or plain) function. It may do I/O, and runs at least once. */
export function defineActivity<In = void, Out = void>(
  name: string,
  run: (ctx: ActivityContext, input: In) => Out,
  options?: Omit<ActivityOptions<In, Awaited<Out>>, 'input'>,
): ActivityDefinition<In, Wire<Awaited<Out>>>
export function defineActivity(name: string, run: unknown, options: Untyped<ActivityOptions<never, never>> = {}): unknown {
  checkName('Activity', name)
  checkFunction('Activity', name, run)
  if (options.retry !== undefined) checkRetryPolicy(options.retry)
  if (options.concurrency !== undefined && !(Number.isInteger(options.concurrency) && options.concurrency >= 1)) {
    throw dtfxError('DTFX_INVALID_OPTION', { what: `activity '${name}'`, problem: `concurrency is ${options.concurrency}; give a whole number ≥ 1` })
  }
  return Object.freeze({
    kind: 'activity',
    name,
    run,
    version: options.version,
    retry: options.retry,
    input: options.input as StandardSchema | undefined,
    output: options.output as StandardSchema | undefined,
    timeoutMs: options.timeout === undefined ? undefined : durationMs(options.timeout, `timeout of activity '${name}'`),
    concurrency: options.concurrency,
  })
}

type SchemaIn<S> = S extends { readonly '~standard': { readonly types?: { readonly input: infer Input } | undefined } } ? Input : never
type SchemaOut<S> = S extends { readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined } } ? Output : never

/** Types and name of an activity that is implemented elsewhere: another package, another language. */
export function declareActivity<In = void, Out = void>(name: string, options: Pick<ActivityOptions<In, Out>, 'version' | 'retry'> = {}): ActivityDeclaration<In, Out> {
  checkName('Activity', name)
  if (options.retry !== undefined) checkRetryPolicy(options.retry)
  return Object.freeze({ kind: 'activity', name, version: options.version, retry: options.retry })
}

/** An orchestration with a schema for its input: callers are typed by the schema's input, the function by its output. */
export function defineOrchestration<S extends StandardSchema, Result = void>(
  name: string,
  run: (ctx: OrchestrationContext<SchemaIn<S>>, input: Wire<SchemaOut<S>>) => Promise<Result>,
  options: Omit<OrchestrationOptions<never, Exclude<Result, ContinuedAsNew>>, 'input'> & { readonly input: S },
): OrchestrationDefinition<SchemaIn<S>, Wire<Exclude<Result, ContinuedAsNew>>>
/** An orchestration: a deterministic async function. Its calls on `ctx` are recorded, and replayed after a crash. */
export function defineOrchestration<In = void, Result = void>(
  name: string,
  run: (ctx: OrchestrationContext<In>, input: Wire<In>) => Promise<Result>,
  options?: Omit<OrchestrationOptions<In, Exclude<Result, ContinuedAsNew>>, 'input'>,
): OrchestrationDefinition<In, Wire<Exclude<Result, ContinuedAsNew>>>
export function defineOrchestration(name: string, run: unknown, options: Untyped<OrchestrationOptions<never, never>> = {}): unknown {
  checkName('Orchestration', name)
  checkFunction('Orchestration', name, run)
  const timerHopMs = options.timerHopMs ?? limits.timerHopMs
  if (timerHopMs !== 'none' && !(timerHopMs >= 1000)) {
    throw dtfxError('DTFX_INVALID_OPTION', { what: `orchestration '${name}'`, problem: `timerHopMs is ${timerHopMs}; give 'none' or at least 1000` })
  }
  return Object.freeze({
    kind: 'orchestration',
    name,
    run,
    version: options.version,
    input: options.input as StandardSchema | undefined,
    output: options.output as StandardSchema | undefined,
    waitForOpenTasks: options.waitForOpenTasks ?? false,
    timerHopMs,
  })
}

/** Types and name of an orchestration that is implemented elsewhere; also how recursive orchestrations name themselves. */
export function declareOrchestration<In = void, Out = void>(name: string, options: { readonly version?: string | undefined } = {}): OrchestrationDeclaration<In, Out> {
  checkName('Orchestration', name)
  return Object.freeze({ kind: 'orchestration', name, version: options.version })
}

/** An external event with the type of its payload; with a schema, raisers are checked. */
export function defineEvent<T = void>(name: string, schema?: StandardSchema<T, T>): EventDefinition<T> {
  checkName('Event', name)
  return Object.freeze({ kind: 'event', name, schema: schema as StandardSchema | undefined })
}

/** @throws DTFX_INVALID_NAME */
export function checkName(what: string, name: unknown): asserts name is string {
  // eslint-disable-next-line no-control-regex
  if (typeof name !== 'string' || name.trim() === '' || name.length > limits.maxNameLength || /[\u0000-\u001f\u007f]/.test(name)) {
    throw dtfxError('DTFX_INVALID_NAME', { what, name: String(name) })
  }
}

function checkFunction(what: string, name: string, run: unknown): void {
  if (typeof run !== 'function') throw dtfxError('DTFX_INVALID_OPTION', { what: `${what} '${name}'`, problem: 'the second argument is not a function' })
}
