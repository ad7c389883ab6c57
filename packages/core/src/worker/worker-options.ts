/** Options of TaskHubWorker: what they mean, their defaults, and their checks. */
import type { AnyActivity, AnyOrchestration } from '../authoring/definitions.js'
import type { ActivityMiddleware, OrchestrationMiddleware } from '../authoring/middleware.js'
import { Registry } from '../authoring/registry.js'
import { limits } from '../base/limits.js'
import { didYouMean } from '../base/nearest-name.js'
import { dtfxError } from '../errors/durable-error.js'
import type { DeterminismMode } from '../engine/determinism.js'
import type { VersionMatch, VersionPolicy } from './versioning.js'

export interface TaskHubWorkerOptions {
  readonly orchestrations?: readonly AnyOrchestration[] | undefined
  readonly activities?: readonly AnyActivity[] | undefined
  /** Work items in progress at once. Default 100 of each. */
  readonly concurrency?: { readonly orchestrations?: number | undefined; readonly activities?: number | undefined } | undefined
  /** Activity starts per second on this worker. Default: unlimited. */
  readonly maxActivitiesPerSecond?: number | undefined
  readonly middleware?: { readonly orchestration?: readonly OrchestrationMiddleware[] | undefined; readonly activity?: readonly ActivityMiddleware[] | undefined } | undefined
  /** See docs/concepts/determinism.md. Default `'strict'`, with NODE_ENV=production `'guard'`. */
  readonly determinism?: DeterminismMode | undefined
  /** Version of this worker, for `versionMatch`. Default: none. */
  readonly version?: string | undefined
  /** Default `'none'`. */
  readonly versionMatch?: VersionMatch | undefined
  /** Default `'reject'`. */
  readonly onMismatch?: 'reject' | 'fail' | undefined
  /** Faults of one message before its activity or instance fails. Default 5. */
  readonly maxFaults?: number | undefined
  /** How long a message for an unknown name waits for a worker that knows it (a rolling deploy). Default 60 000. */
  readonly unknownNameGraceMs?: number | undefined
  /** Suspended instances kept in memory; false: none. Default 10 000. */
  readonly cache?: { readonly maxInstances?: number | undefined } | false | undefined
  /** Create the hub on start. Default true. */
  readonly autoCreate?: boolean | undefined
  /** Default: drawn. */
  readonly workerId?: string | undefined
}

const knownOptions: Readonly<Record<keyof TaskHubWorkerOptions, true>> = {
  orchestrations: true,
  activities: true,
  concurrency: true,
  maxActivitiesPerSecond: true,
  middleware: true,
  determinism: true,
  version: true,
  versionMatch: true,
  onMismatch: true,
  maxFaults: true,
  unknownNameGraceMs: true,
  cache: true,
  autoCreate: true,
  workerId: true,
}

export interface CheckedWorkerOptions {
  readonly orchestrations: Registry<AnyOrchestration>
  readonly activities: Registry<AnyActivity>
  readonly concurrency: { readonly orchestrations: number; readonly activities: number }
  readonly maxActivitiesPerSecond: number | undefined
  readonly middleware: { readonly orchestration: readonly OrchestrationMiddleware[]; readonly activity: readonly ActivityMiddleware[] }
  readonly determinism: DeterminismMode | undefined
  readonly versionPolicy: VersionPolicy
  readonly maxFaults: number
  readonly unknownNameGraceMs: number
  readonly maxCachedInstances: number
  readonly autoCreate: boolean
  readonly workerId: string | undefined
}

/** @throws DTFX_INVALID_OPTION, DTFX_DUPLICATE_DEFINITION */
export function checkWorkerOptions(options: TaskHubWorkerOptions): CheckedWorkerOptions {
  const { concurrency, middleware, cache } = options
  const known = Object.keys(knownOptions)
  for (const option of Object.keys(options)) if (!known.includes(option)) refuse(option, `is not known. ${didYouMean(option, known)}`)
  if (options.determinism !== undefined) oneOf('determinism', options.determinism, ['strict', 'guard', 'off'])
  return {
    orchestrations: new Registry('Orchestration', checkKinds('orchestrations', options.orchestrations ?? [], 'orchestration')),
    activities: new Registry('Activity', checkKinds('activities', options.activities ?? [], 'activity')),
    concurrency: {
      orchestrations: whole('concurrency.orchestrations', concurrency?.orchestrations ?? 100, 1),
      activities: whole('concurrency.activities', concurrency?.activities ?? 100, 0),
    },
    maxActivitiesPerSecond: options.maxActivitiesPerSecond === undefined ? undefined : whole('maxActivitiesPerSecond', options.maxActivitiesPerSecond, 1),
    middleware: {
      orchestration: functions('middleware.orchestration', middleware?.orchestration ?? []),
      activity: functions('middleware.activity', middleware?.activity ?? []),
    },
    determinism: options.determinism,
    versionPolicy: {
      version: options.version ?? '',
      match: oneOf('versionMatch', options.versionMatch ?? 'none', ['none', 'strict', 'currentOrOlder']),
      onMismatch: oneOf('onMismatch', options.onMismatch ?? 'reject', ['reject', 'fail']),
    },
    maxFaults: whole('maxFaults', options.maxFaults ?? limits.maxFaults, 1),
    unknownNameGraceMs: whole('unknownNameGraceMs', options.unknownNameGraceMs ?? 60_000, 0),
    maxCachedInstances: cache === false ? 0 : whole('cache.maxInstances', cache?.maxInstances ?? limits.maxCachedInstances, 0),
    autoCreate: options.autoCreate ?? true,
    workerId: options.workerId,
  }
}

function checkKinds<D extends { readonly kind: string; readonly name: string; readonly run: unknown }>(option: string, definitions: readonly D[], kind: string): readonly D[] {
  if (!Array.isArray(definitions)) refuse(option, `is no list; give a list of ${kind} definitions`)
  for (const definition of definitions) {
    if (definition?.kind !== kind) refuse(option, `holds something that is no ${kind} definition`)
    if (typeof definition.run !== 'function') refuse(option, `holds the declaration '${definition.name}'; a worker needs a definition with a function`)
  }
  return definitions
}

function functions<T>(option: string, layers: readonly T[]): readonly T[] {
  if (!Array.isArray(layers) || layers.some((layer) => typeof layer !== 'function')) refuse(option, 'holds something that is no function; give a list of functions (ctx, next) => …')
  return [...layers]
}

function whole(option: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) refuse(option, `is ${value}; give a whole number ≥ ${least}`)
  return value
}

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) refuse(option, `is '${value}'; give one of ${allowed.join(', ')}`)
  return value
}

function refuse(option: string, problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: `worker option ${option}`, problem })
}
