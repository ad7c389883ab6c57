/**
 * The engine: a TurnExecutor that runs orchestration functions of this process by replaying histories.
 *
 * Invariants:
 * 1. A suspended execution is kept only after a turn that ended well and unfinished, one per instance, found by instance and execution id; `forget` drops it.
 * 2. What the orchestration did wrong (threw, misused ctx, does not match its history) is part of the result; `run` rejects for defects only.
 * 3. The normal path captures no stacks: after a mismatch the history is replayed once more, with call lines, to write the report.
 */
import type { AnyOrchestration } from '../authoring/definitions.js'
import type { Registry } from '../authoring/registry.js'
import { limits } from '../base/limits.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import type { ExecutionStartedEvent, HistoryEvent } from '../model/events.js'
import { jsonConverter, type DataConverter } from '../serialization/data-converter.js'
import { noLogger, type Logger } from '../telemetry/logger.js'
import { applyEvent } from './apply-event.js'
import { collectResult, failedResult, isReplayError } from './collect-result.js'
import { installGuards, type DeterminismMode } from './determinism.js'
import { Execution, type ExecutionSettings } from './execution.js'
import { unhandledWarnings, whenRejectionsAreKnown } from './rejection-guard.js'
import { noteApplying, noteDraining, noteNoTurn } from './turn-note.js'
import type { TurnExecutor, TurnKey, TurnRequest, TurnResult, TurnWarning } from './turn-executor.js'
import { TurnPump, type PumpJob } from './turn-pump.js'

export interface EngineOptions {
  readonly orchestrations: Registry<AnyOrchestration>
  readonly converter?: DataConverter | undefined
  readonly logger?: Logger | undefined
  /** Default: `'strict'` unless NODE_ENV is `production`, then `'guard'`. */
  readonly determinism?: DeterminismMode | undefined
  /** That of the service. */
  readonly digestKey?: Uint8Array | undefined
}

/** One per thread: turns of all engines are serialized. */
const pump = new TurnPump(limits.turnSliceMs)

export function createEngine(options: EngineOptions): TurnExecutor {
  return new Engine(options)
}

class Engine implements TurnExecutor {
  readonly #registry: Registry<AnyOrchestration>
  readonly #settings: ExecutionSettings
  /** By instance id. */
  readonly #kept = new Map<string, Execution>()

  constructor(options: EngineOptions) {
    const determinism = options.determinism ?? (process.env['NODE_ENV'] === 'production' ? 'guard' : 'strict')
    installGuards(determinism)
    this.#registry = options.orchestrations
    this.#settings = {
      converter: options.converter ?? jsonConverter,
      logger: options.logger ?? noLogger,
      trackAwaits: determinism === 'strict',
      captureStacks: false,
      digestKey: options.digestKey,
    }
  }

  run(request: TurnRequest): Promise<TurnResult> {
    const x = this.#obtain(request)
    if (!(x instanceof Execution)) return Promise.resolve(x)
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.forget(request.key)
        reject(error)
      }
      pump.submit(new Turn(x, request, (driven) => this.#settle(x, request, driven, resolve), fail))
    })
  }

  forget(key: TurnKey): void {
    if (this.#kept.get(key.instanceId)?.executionId === key.executionId) this.#kept.delete(key.instanceId)
  }

  /** The execution to run, or what is to be said instead. */
  #obtain(request: TurnRequest): Execution | TurnResult {
    if (request.past === undefined) {
      const kept = this.#kept.get(request.key.instanceId)
      return kept?.executionId === request.key.executionId ? kept : { kind: 'need-history' }
    }
    const start = startOf(request.past) ?? startOf(request.fresh)
    return (start === undefined ? undefined : this.#create(request, start, this.#settings)) ?? missing(request, start)
  }

  #settle(x: Execution, request: TurnRequest, { turn, ended, error }: Driven, resolve: (result: TurnResult | Promise<TurnResult>) => void): void {
    if (!request.keep || ended) this.forget(request.key)
    else if (this.#kept.get(x.instanceId) !== x) this.#kept.set(x.instanceId, x)
    resolve(DurableError.is(error, 'DTFX_NONDETERMINISTIC') && request.past !== undefined ? this.#explain(request) : turn)
  }

  #create(request: TurnRequest, start: ExecutionStartedEvent, settings: ExecutionSettings): Execution | undefined {
    const definition = this.#registry.find(start.name, start.version)
    if (definition === undefined) return undefined
    return new Execution(request.key.instanceId, request.key.executionId, definition, settings)
  }

  /** Replays what did not match once more, remembering the line of every call. */
  #explain(request: TurnRequest): Promise<TurnResult> {
    const start = (startOf(request.past ?? []) ?? startOf(request.fresh)) as ExecutionStartedEvent
    const x = this.#create(request, start, { ...this.#settings, captureStacks: true }) as Execution
    return new Promise((resolve, reject) => pump.submit(new Turn(x, request, ({ turn }) => resolve(turn), reject)))
  }
}

interface Driven {
  readonly turn: TurnResult
  readonly ended: boolean
  readonly error?: unknown
}

class Turn implements PumpJob {
  #next = 0
  readonly #past: readonly HistoryEvent[]
  constructor(
    readonly x: Execution,
    readonly request: TurnRequest,
    readonly resolve: (driven: Driven) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.#past = request.past ?? []
    x.past = this.#past
  }

  drained(): void {
    this.x.endTurn()
    noteNoTurn()
  }

  advance(): boolean {
    const { x } = this
    for (;;) {
      const event = this.#take()
      if (event === undefined) return false
      x.beginTurn()
      noteApplying(x.instanceId, x.definition.name)
      try {
        if (applyEvent(x, event)) {
          noteDraining()
          return true
        }
      } catch (error) {
        this.drained()
        if (!isReplayError(error)) throw error
        this.#next = Number.POSITIVE_INFINITY
        this.resolve({ turn: failedResult(x, error, this.request.customStatus), ended: true, error })
        return false
      }
      this.drained()
    }
  }

  finish(): void {
    if (this.#next === Number.POSITIVE_INFINITY) return
    const { x } = this
    x.past = []
    x.recordedChildren = undefined
    const turn = collectResult(x, this.request.customStatus)
    const ended = turn.actions.at(-1)?.type === 'Complete'
    const report = (warnings: readonly TurnWarning[]): void => {
      x.reported = ended
      this.resolve({ turn: warnings.length === 0 ? turn : { ...turn, warnings: [...turn.warnings, ...warnings] }, ended })
    }
    if (ended && (x.unhandled?.size ?? 0) > 0) whenRejectionsAreKnown(() => report(unhandledWarnings(x)))
    else report([])
  }

  fail(error: unknown): void {
    this.drained()
    this.reject(error)
  }

  #take(): HistoryEvent | undefined {
    const { x } = this
    if (x.backlog.length > 0) return x.backlog.shift()
    const index = this.#next++
    const pastLength = this.#past.length
    if (index < pastLength) {
      x.isReplaying = true
      return this.#past[index]
    }
    x.isReplaying = false
    return this.request.fresh[index - pastLength]
  }
}

function missing(request: TurnRequest, start: ExecutionStartedEvent | undefined): TurnResult {
  if (start !== undefined) return { kind: 'unknown-orchestration', name: start.name, version: start.version }
  const error = dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: request.key.instanceId, problem: 'it has no ExecutionStarted' })
  return { kind: 'decided', actions: [{ type: 'Complete', id: 0, status: 'Failed', failure: { errorType: error.name, errorMessage: error.message, isNonRetriable: true, properties: { code: error.code } } }], warnings: [] }
}

function startOf(events: readonly HistoryEvent[]): ExecutionStartedEvent | undefined {
  for (const event of events) if (event.type === 'ExecutionStarted') return event
  return undefined
}
