/** Options of TaskHubWorker: what they mean, their defaults, and their checks. */
import type { AnyActivity, AnyOrchestration } from '../authoring/definitions.js'
import type { ActivityMiddleware, OrchestrationMiddleware } from '../authoring/middleware.js'
import { Registry } from '../authoring/registry.js'
import { limits } from '../base/limits.js'
import { didYouMean } from '../base/nearest-name.js'
import { dtfxError } from '../errors/durable-error.js'
import type { DeterminismMode } from '../engine/determinism.js'
import type { CacheBounds } from './instance-cache.js'
import type { WatchdogLimits } from './watchdog.js'
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
  /** Turns of one instance that may begin on inputs delivered more than twice and come to no end before the inputs are set aside; more where processes are killed often for other reasons. Default 5. */
  readonly maxSuspectTurns?: number | undefined
  /** How long a message for an unknown name waits for a worker that knows it (a rolling deploy). Default 60 000. */
  readonly unknownNameGraceMs?: number | undefined
  /** Suspended instances kept in memory, by number and by estimated bytes; false: none. Default 10 000 and 256 MiB. */
  readonly cache?: { readonly maxInstances?: number | undefined; readonly maxBytes?: number | undefined } | false | undefined
  /**
   * The thread that watches this one. Blocked for `warnAfterMs` (default 2 000): a log line with instance and source line. Blocked by one orchestration turn for `maxTurnMs` (default 60 000,
   * `'none'`: for ever): the process exits with `watchdogExitCode`. Shared by all workers of a thread, the smallest values count. false: not needed by this worker. See docs/concepts/determinism.md.
   */
  readonly watchdog?: { readonly warnAfterMs?: number | undefined; readonly maxTurnMs?: number | 'none' | undefined } | false | undefined
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
  maxSuspectTurns: true,
  unknownNameGraceMs: true,
  cache: true,
  watchdog: true,
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
  readonly maxSuspectTurns: number
  readonly unknownNameGraceMs: number
  readonly cache: CacheBounds
  /** Undefined: not watched. */
  readonly watchdog: WatchdogLimits | undefined
  readonly autoCreate: boolean
  readonly workerId: string | undefined
}

/** @throws DTFX_INVALID_OPTION, DTFX_DUPLICATE_DEFINITION */
export function checkWorkerOptions(options: TaskHubWorkerOptions): CheckedWorkerOptions {
  const { concurrency, middleware } = options
  onlyKnown('', options, Object.keys(knownOptions))
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
    maxSuspectTurns: whole('maxSuspectTurns', options.maxSuspectTurns ?? limits.maxSuspectTurns, 1),
    unknownNameGraceMs: whole('unknownNameGraceMs', options.unknownNameGraceMs ?? 60_000, 0),
    cache: cacheBounds(options.cache),
    watchdog: options.watchdog === false ? undefined : watchdogLimits(options.watchdog ?? {}),
    autoCreate: options.autoCreate ?? true,
    workerId: options.workerId,
  }
}

function cacheBounds(cache: TaskHubWorkerOptions['cache'] = {}): CacheBounds {
  if (cache === false) return { maxInstances: 0, maxBytes: 0 }
  onlyKnown('cache.', cache, ['maxInstances', 'maxBytes'])
  return {
    maxInstances: whole('cache.maxInstances', cache.maxInstances ?? limits.maxCachedInstances, 0),
    maxBytes: whole('cache.maxBytes', cache.maxBytes ?? limits.maxCachedBytes, 0),
  }
}

function watchdogLimits(watchdog: Exclude<TaskHubWorkerOptions['watchdog'], false | undefined>): WatchdogLimits {
  onlyKnown('watchdog.', watchdog, ['warnAfterMs', 'maxTurnMs'])
  const { warnAfterMs = limits.watchdogWarnAfterMs, maxTurnMs = limits.maxTurnMs } = watchdog
  return {
    warnAfterMs: whole('watchdog.warnAfterMs', warnAfterMs, 50),
    maxTurnMs: maxTurnMs === 'none' ? Number.POSITIVE_INFINITY : whole('watchdog.maxTurnMs', maxTurnMs, 50),
  }
}

function onlyKnown(prefix: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) refuse(prefix.slice(0, -1), 'is no object with options')
  for (const option of Object.keys(given)) if (!known.includes(option)) refuse(`${prefix}${option}`, `is not known. ${didYouMean(option, known)}`)
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
