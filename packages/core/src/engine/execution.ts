/**
 * One execution of an orchestration in memory: its open tasks, pending actions, clock and outcome. The code it runs is suspended inside native promises that only this object can settle.
 *
 * Invariants:
 * 1. Ids are taken synchronously at the call, in the order of calls; `pending` holds actions not yet in the history, in ascending order of ids.
 * 2. A promise is settled only from apply-event.ts, one per drain; a rejected one is marked as handled first, so that a late `await` still gets the error.
 * 3. Dropping the reference is all it takes to forget an execution: nothing else points to it, and its `finally` blocks never run.
 */
import { limits } from '../base/limits.js'
import { seededRandom, seedFromText, type Random } from '../base/random.js'
import { compareTicks, msFromTicks, type Ticks } from '../base/ticks.js'
import type { AnyOrchestration } from '../authoring/definitions.js'
import { dtfxError, type DurableError } from '../errors/durable-error.js'
import type { OrchestratorAction } from '../model/actions.js'
import type { ExecutionStartedEvent, HistoryEvent } from '../model/events.js'
import type { DataConverter } from '../serialization/data-converter.js'
import type { Logger } from '../telemetry/logger.js'
import type { EventInbox } from './external-events.js'
import { scope, turns } from './scope.js'

export const noop = (): void => {}

export interface OpenTask {
  /** Id of the call, for users. */
  readonly id: number
  /** Id it is open under: that of the current hop of a long timer. */
  openId: number
  readonly kind: 'activity' | 'timer' | 'child'
  readonly name: string
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
  /** Timers: when the whole timer ends (a hop may fire before). */
  readonly deadline?: Ticks | undefined
  /** Children: their instance id, for errors. */
  readonly childId?: string | undefined
  /** Known in strict mode only: somebody awaited or chained it. */
  awaited?: boolean | undefined
}

export type Outcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'terminated'; readonly reason: string | undefined; readonly recursive: boolean }

export interface ExecutionSettings {
  readonly converter: DataConverter
  readonly logger: Logger
  /** Strict mode: remember whether a task was ever awaited. */
  readonly trackAwaits: boolean
  /** Diagnostic replay: remember the source line of every call. */
  readonly captureStacks: boolean
  /** Payloads are encrypted: ids that follow from them are keyed with it. */
  readonly digestKey?: Uint8Array | undefined
}

export class Execution {
  readonly pending = new Map<number, OrchestratorAction>()
  readonly open = new Map<number, OpenTask>()
  nextId = 0
  nowTicks: Ticks = '0001-01-01T00:00:00Z'
  #nowMs: number | undefined
  isReplaying = true
  inTurn = false
  start: ExecutionStartedEvent | undefined
  outcome: Outcome | undefined
  /** Misuse that was reported to the code; sticky, also when the code swallowed it. */
  poison: DurableError | undefined
  continuation: { readonly input: string | undefined; readonly version: string | undefined; readonly carryOver: boolean } | undefined
  customStatus: { readonly text: string | undefined } | undefined
  /** Suspended: events wait in the list, and decisions of before are set aside. */
  suspension: { readonly events: HistoryEvent[]; readonly actions: OrchestratorAction[] } | undefined
  /** Events that waited for a resume and come before all others now. */
  readonly backlog: HistoryEvent[] = []
  inbox: EventInbox | undefined
  patches: Map<string, boolean> | undefined
  /** The committed events while they are applied; empty afterwards, so that a suspended execution holds no history. */
  past: readonly HistoryEvent[] = []
  patchMarkers: Set<string> | undefined
  recordedChildren: Map<number, string> | undefined
  newMarkers: string[] | undefined
  unhandled: Map<Promise<unknown>, unknown> | undefined
  /** Its end is decided: what happens now can only be logged. */
  reported = false
  callLines: Map<number, string> | undefined
  guidCounter = 0
  #random: Random | undefined

  constructor(
    readonly instanceId: string,
    readonly executionId: string,
    readonly definition: AnyOrchestration,
    readonly settings: ExecutionSettings,
  ) {
    if (settings.captureStacks) this.callLines = new Map()
  }

  /** Where what the code draws comes from: the execution id it was first started with. A rewind gives a new id, but what was passed on before must come out again. */
  get seed(): string {
    return this.start?.seedExecutionId ?? this.executionId
  }

  get random(): Random {
    return (this.#random ??= seededRandom(seedFromText(`${this.instanceId}\n${this.seed}`)))
  }

  beginTurn(): void {
    this.inTurn = true
    turns.active++
  }

  endTurn(): void {
    if (!this.inTurn) return
    this.inTurn = false
    turns.active--
  }

  /** Called by every member of ctx that changes or reads durable state. */
  assertInTurn(api: string): void {
    if (this.inTurn) return
    const error = dtfxError('DTFX_USED_OUTSIDE_TURN', { api, name: this.definition.name, instanceId: this.instanceId })
    this.poison ??= error
    throw error
  }

  /** The id of the next action. @throws DTFX_TOO_MANY_ACTIONS */
  takeId(): number {
    if (this.pending.size >= limits.maxActionsPerTurn) {
      throw (this.poison ??= dtfxError('DTFX_TOO_MANY_ACTIONS', { instanceId: this.instanceId, limit: limits.maxActionsPerTurn }))
    }
    if (this.callLines !== undefined) this.callLines.set(this.nextId, callerLine())
    return this.nextId++
  }

  /** Milliseconds since the epoch of the current turn; parsed only when somebody asks. */
  get nowMs(): number {
    return (this.#nowMs ??= msFromTicks(this.nowTicks))
  }

  /** The time of a new turn. Never goes back. */
  advanceClock(timestamp: Ticks): void {
    if (compareTicks(timestamp, this.nowTicks) <= 0) return
    this.nowTicks = timestamp
    this.#nowMs = undefined
  }

  openTask(id: number, kind: OpenTask['kind'], name: string, more?: { deadline?: Ticks; childId?: string }): OpenTask {
    let resolve!: (value: unknown) => void
    let reject!: (reason: unknown) => void
    const promise = new Promise<unknown>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    const task: OpenTask = { id, openId: id, kind, name, promise, resolve, reject, deadline: more?.deadline, childId: more?.childId }
    label(promise, id, name)
    if (this.settings.trackAwaits) trackAwait(task)
    this.open.set(id, task)
    return task
  }

  reject(task: { readonly promise: Promise<unknown>; readonly reject: (reason: unknown) => void }, reason: unknown): void {
    task.promise.catch(noop)
    task.reject(reason)
  }

  /** Starts the code. Runs it up to its first await; the rest happens in microtasks. */
  launch(ctx: unknown, input: unknown): void {
    const run = this.definition.run as (ctx: unknown, input: unknown) => unknown
    scope.run(this, () => {
      try {
        Promise.resolve(run(ctx, input)).then(
          (value) => this.end({ kind: 'returned', value }),
          (error: unknown) => this.end({ kind: 'threw', error }),
        )
      } catch (error) {
        this.end({ kind: 'threw', error })
      }
    })
  }

  end(outcome: Outcome): void {
    this.outcome ??= outcome
  }
}

/** Gives a native promise the members of a durable task. Own properties, no subclass: V8's fast path for `await` stays. */
export function label(promise: Promise<unknown>, id: number, name: string): void {
  const task = promise as { id?: number; name?: string }
  task.id = id
  task.name = name
}

/** `await` and `then` read the `constructor` of a promise: an own accessor there sees both. Costs the fast path, so in strict mode only. */
function trackAwait(task: OpenTask): void {
  Object.defineProperty(task.promise, 'constructor', {
    configurable: true,
    get() {
      task.awaited = true
      return Promise
    },
  })
}

/** The frame that called `ctx`: where the orchestration made the call. Bundled code has one file for all, so the name of the context's class is looked for, not a folder. */
function callerLine(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const frames = (new Error('call site').stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = limit
  const own = frames.findLastIndex((line) => line.includes('at DurableContext.'))
  const frame = frames.slice(own + 1).find((line) => !line.includes('node:') && !(own < 0 && line.includes(ownFolder)))
  return frame === undefined ? 'unknown line' : frame.trim().replace(/^at /, '')
}

/** For calls that come later than the call on ctx: attempts of a retry, hops of a timer. */
const ownFolder = import.meta.url.slice(0, import.meta.url.lastIndexOf('/')).replace('file://', '')
