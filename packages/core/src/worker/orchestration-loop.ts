/**
 * One orchestration work item from lock to commit: load, prepare, run, commit, and what to do when one of these goes wrong.
 *
 * Invariants:
 * 1. The item is given back exactly once: by `complete` or by `release`.
 * 2. A cached copy may be committed from; before a message is discarded, deferred or quarantined the instance is loaded afresh.
 * 3. The cache keeps an instance only after an acknowledged commit of the executor's own outcome; everything else forgets the suspended execution.
 */
import { addMs, type Ticks } from '../base/ticks.js'
import { backoffMs } from '../base/backoff.js'
import { RuntimeState } from '../engine/runtime-state.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { failureFromError } from '../errors/failure-details.js'
import type { HistoryEvent } from '../model/events.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { InstanceSnapshot, OrchestrationWorkItem, Settlement } from '../provider/work-items.js'
import { logEvents } from '../telemetry/log-events.js'
import { faultPlan, unknownNameError } from './faults.js'
import { InstanceCache, type CachedInstance } from './instance-cache.js'
import { LockRenewer } from './lock-renewer.js'
import { runTurn, UnknownDefinition, type TurnEnd, type TurnHost } from './orchestration-turn.js'
import { prepareTurn, type PreparedTurn } from './prepare-turn.js'
import { refuseStarts, rewindInstance, terminatePending } from './special-turns.js'
import { TurnDraft } from './turn-draft.js'
import { versionMatches } from './versioning.js'
import { logLine, messageOf } from './worker-log.js'
import type { CheckedWorkerOptions } from './worker-options.js'
import type { SpanRecorder } from './span-recorder.js'

export interface OrchestrationLoopParts {
  readonly service: OrchestrationService
  readonly options: CheckedWorkerOptions
  readonly turnHost: TurnHost
  /** Identity of this start of the worker: checkpoints are numbered within it. */
  readonly runId: string
  readonly spans: SpanRecorder
}

const committedTurn = { result: 'committed' }
const staleTurn = { result: 'stale' }

interface Loaded {
  readonly snapshot: InstanceSnapshot | undefined
  readonly cached: CachedInstance | undefined
  readonly runtime: RuntimeState | undefined
}

/** What a turn is built on. */
interface Known {
  readonly loaded: Loaded
  readonly prepared: PreparedTurn
}

export class OrchestrationLoop {
  readonly cache: InstanceCache
  readonly renewer: LockRenewer<OrchestrationWorkItem>
  readonly #parts: OrchestrationLoopParts
  #checkpoints = 0

  constructor(parts: OrchestrationLoopParts) {
    this.#parts = parts
    this.renewer = new LockRenewer(parts.service.host.clock, { lost: (item, error) => logLine(this.#logger, logEvents.lockLost, { instanceId: item.instanceId, error }) })
    this.cache = new InstanceCache(parts.options.maxCachedInstances, (entry) => this.#forget(entry.runtime))
  }

  async process(item: OrchestrationWorkItem): Promise<void> {
    this.renewer.watch(item)
    try {
      await this.#turn(item)
    } catch (error) {
      logLine(this.#logger, logEvents.orchestrationAborted, { instanceId: item.instanceId, error }, messageOf(error))
      if (!DurableError.is(error, 'DTFX_LOCK_LOST') && !DurableError.is(error, 'DTFX_AMBIGUOUS')) await item.release([])
      throw error
    } finally {
      this.renewer.unwatch(item)
    }
  }

  get #logger() {
    return this.#parts.service.host.logger
  }

  #checkpointId(): string {
    return `${this.#parts.runId}.${this.#checkpoints++}`
  }

  async #turn(item: OrchestrationWorkItem): Promise<void> {
    const { host } = this.#parts.service
    const cached = this.cache.take(item.instanceId)
    try {
      let loaded = await this.#load(item, cached)
      const now = host.clock.nowTicks()
      let prepared = this.#prepare(item, loaded, now)
      if (loaded.cached !== undefined && prepared.settlements.some((each) => each.outcome !== 'consumed')) {
        this.#forget(loaded.cached.runtime)
        loaded = await this.#load(item, undefined)
        prepared = this.#prepare(item, loaded, now)
      }
      this.#reportDiscarded(item, prepared)
      await this.#act(item, loaded, prepared, now)
    } catch (error) {
      if (cached !== undefined) this.#forget(cached.runtime)
      if (!DurableError.is(error, 'DTFX_HISTORY_CORRUPT')) throw error
      await this.#failCorrupt(item, error)
    }
  }

  async #load(item: OrchestrationWorkItem, cached: CachedInstance | undefined): Promise<Loaded> {
    const snapshot = await item.load(cached?.version)
    if (snapshot === 'unchanged') return { snapshot: undefined, cached: cached as CachedInstance, runtime: (cached as CachedInstance).runtime }
    if (cached !== undefined) this.#forget(cached.runtime)
    const runtime = snapshot.history.length === 0 ? undefined : new RuntimeState(item.instanceId, snapshot.history)
    return { snapshot, cached: undefined, runtime }
  }

  #prepare(item: OrchestrationWorkItem, { snapshot, cached, runtime }: Loaded, now: Ticks): PreparedTurn {
    return prepareTurn({
      instanceId: item.instanceId,
      runtime,
      state: cached?.state ?? snapshot?.state,
      consumedIds: cached?.consumedIds ?? snapshot?.consumedIds ?? [],
      messages: item.messages,
      now,
    })
  }

  async #act(item: OrchestrationWorkItem, loaded: Loaded, prepared: PreparedTurn, now: Ticks): Promise<void> {
    const refused = refuseStarts(prepared, now)
    if (prepared.kind === 'settle') {
      if (refused.length === 0) return item.release(prepared.settlements)
      const executionId = loaded.runtime?.executionId ?? ''
      const base = (loaded.cached ?? loaded.snapshot)?.version
      await item.complete({ executionId, base, checkpointId: this.#checkpointId(), settlements: prepared.settlements, history: { kind: 'append', events: [] }, outbound: refused })
      return
    }
    const state = loaded.cached?.state ?? loaded.snapshot?.state
    if (prepared.kind === 'terminate-pending' || prepared.kind === 'rewind') {
      const version = loaded.snapshot?.version
      const inputs = { item, prepared, state, now, version, checkpointId: this.#checkpointId() }
      await item.complete(prepared.kind === 'rewind' ? rewindInstance(inputs, loaded.runtime as RuntimeState, loaded.snapshot?.history ?? []) : terminatePending(inputs))
      return
    }
    const draft = new TurnDraft({ instanceId: item.instanceId, runtime: prepared.replaces ? undefined : loaded.runtime, state, now, replaces: prepared.replaces })
    for (const message of refused) draft.send(message)
    await this.#runAndCommit(item, loaded, prepared, draft)
  }

  async #runAndCommit(item: OrchestrationWorkItem, loaded: Loaded, prepared: PreparedTurn, draft: TurnDraft): Promise<void> {
    const { turnHost, options } = this.#parts
    const past = prepared.replaces || loaded.runtime === undefined ? [] : loaded.cached === undefined ? (loaded.snapshot as InstanceSnapshot).history : undefined
    const deliveryCount = Math.max(...item.messages.map((message) => message.deliveryCount))
    const loadPast = async (): Promise<readonly HistoryEvent[]> => {
      const snapshot = await item.load()
      return snapshot === 'unchanged' ? [] : snapshot.history
    }
    const start = draft.runtime.start ?? prepared.admitted.find((event) => event.type === 'ExecutionStarted')
    if (!versionMatches(options.versionPolicy, start?.version)) return this.#mismatch(item, loaded, prepared, draft)
    let end: TurnEnd
    try {
      end = await runTurn(turnHost, { draft, past, loadPast, admitted: prepared.admitted, deliveryCount })
    } catch (error) {
      this.#forget(draft.runtime)
      return this.#fault(item, loaded, prepared, error)
    }
    await this.#commit(item, { loaded, prepared }, draft, end)
  }

  async #commit(item: OrchestrationWorkItem, { loaded, prepared }: Known, draft: TurnDraft, end: TurnEnd): Promise<void> {
    const { host } = this.#parts.service
    const stored = loaded.cached ?? loaded.snapshot
    const checkpoint = draft.build({ checkpointId: this.#checkpointId(), version: stored?.version, settlements: prepared.settlements, consumedIds: prepared.consumedIds })
    let result
    try {
      result = await item.complete(checkpoint)
    } catch (error) {
      this.#forget(draft.runtime)
      throw error
    }
    const committed = result.outcome === 'committed'
    host.metrics.count('dtfx.turns', 1, committed ? committedTurn : staleTurn)
    if (result.outcome === 'committed' && end.completion === undefined && end.unmodified && this.cache.maxInstances > 0) {
      const consumedIds = checkpoint.consumedIds ?? stored?.consumedIds ?? []
      this.cache.put(item.instanceId, { version: result.version, runtime: draft.runtime, state: checkpoint.state as CachedInstance['state'], consumedIds })
    } else {
      this.#forget(draft.runtime)
    }
    if (committed) this.#reportEnd(draft, end)
  }

  #reportEnd(draft: TurnDraft, end: TurnEnd): void {
    const { spans, service } = this.#parts
    const fields = { instanceId: draft.base.instanceId, executionId: draft.runtime.executionId, name: draft.start.name }
    for (const warning of end.warnings) logLine(this.#logger, logEvents.orchestrationWarning, { ...fields, kind: warning.kind }, warning.message)
    if (end.completion === undefined) return
    const { status, failure } = end.completion
    service.host.metrics.count('dtfx.orchestrations.completed', 1, { status, name: draft.start.name })
    logLine(this.#logger, logEvents.orchestrationCompleted, { ...fields, status, failure }, `${draft.start.name} ${status}`)
    spans.orchestration(draft.start, end.completion)
  }

  /** Middleware or we ourselves failed: the messages come back later, and the instance fails when one of them has come too often. */
  async #fault(item: OrchestrationWorkItem, loaded: Loaded, prepared: PreparedTurn, error: unknown): Promise<void> {
    const { service, options } = this.#parts
    const { host } = service
    if (DurableError.is(error, 'DTFX_LOCK_LOST') || DurableError.is(error, 'DTFX_AMBIGUOUS')) throw error
    if (error instanceof UnknownDefinition) {
      const plan = unknownNameError('orchestration', error, { items: item.messages, registry: options.orchestrations, graceMs: options.unknownNameGraceMs, host })
      if (plan.kind === 'wait') return this.#defer(item, plan.until, `unknown orchestration '${error.definitionName}'`)
      return this.#failInstance(item, loaded, prepared, plan.error)
    }
    const plan = faultPlan(item.messages, options.maxFaults, host)
    host.metrics.count('dtfx.faults', 1, { kind: 'orchestration', count: plan.count, max: options.maxFaults })
    logLine(this.#logger, logEvents.fault, { instanceId: item.instanceId, count: plan.count, max: options.maxFaults, error }, `${messageOf(error)} (${plan.count} of ${options.maxFaults})`)
    if (plan.exhausted) {
      return this.#failInstance(item, loaded, prepared, dtfxError('DTFX_MIDDLEWARE_FAILED', { count: plan.count, what: `orchestration '${item.instanceId}'`, problem: messageOf(error) }, error))
    }
    await item.release(item.messages.map(({ receipt }): Settlement => ({ receipt, outcome: 'fault', until: plan.until })))
  }

  async #mismatch(item: OrchestrationWorkItem, loaded: Loaded, prepared: PreparedTurn, draft: TurnDraft): Promise<void> {
    const { versionPolicy } = this.#parts.options
    const start = draft.runtime.start ?? prepared.admitted.find((event) => event.type === 'ExecutionStarted')
    const error = dtfxError('DTFX_VERSION_MISMATCH', { name: start?.name, version: start?.version ?? '', workerVersion: versionPolicy.version, strategy: versionPolicy.match })
    if (versionPolicy.onMismatch === 'fail') return this.#failInstance(item, loaded, prepared, error)
    const { clock, random } = this.#parts.service.host
    const deliveries = Math.max(...item.messages.map((message) => message.deliveryCount))
    await this.#defer(item, addMs(clock.nowTicks(), backoffMs({ firstMs: 500, maxMs: 30_000 }, deliveries, random)) as Ticks, error.message)
  }

  async #defer(item: OrchestrationWorkItem, until: Ticks, reason: string): Promise<void> {
    logLine(this.#logger, logEvents.deferred, { instanceId: item.instanceId, until }, reason)
    await item.release(item.messages.map(({ receipt }): Settlement => ({ receipt, outcome: 'defer', until })))
  }

  /** Ends the instance as Failed without running its code. */
  async #failInstance(item: OrchestrationWorkItem, loaded: Loaded, prepared: PreparedTurn, error: unknown): Promise<void> {
    const fresh = await this.#load(item, undefined)
    const again = loaded.cached === undefined ? prepared : this.#prepare(item, fresh, this.#parts.service.host.clock.nowTicks())
    const state = fresh.snapshot?.state
    const draft = new TurnDraft({ instanceId: item.instanceId, runtime: again.replaces ? undefined : fresh.runtime, state, now: this.#parts.service.host.clock.nowTicks(), replaces: again.replaces })
    draft.open(again.admitted)
    const completion = draft.decide({ actions: [{ type: 'Complete', id: draft.runtime.nextEventId, status: 'Failed', failure: failureFromError(error) }], customStatus: draft.customStatus })
    await this.#commit(item, { loaded: fresh, prepared: again }, draft, { completion, unmodified: false, warnings: [] })
  }

  /** The stored history cannot be read: the instance fails, with what is there left in place for people to look at. */
  async #failCorrupt(item: OrchestrationWorkItem, error: unknown): Promise<void> {
    const snapshot = await item.load()
    const now = this.#parts.service.host.clock.nowTicks()
    const settlements = item.messages.map(({ receipt }): Settlement => ({ receipt, outcome: 'discard' }))
    if (snapshot === 'unchanged' || snapshot.state === undefined) return item.release(settlements)
    const failure = failureFromError(error)
    await item.complete({
      executionId: snapshot.state.executionId,
      base: snapshot.version,
      checkpointId: this.#checkpointId(),
      settlements,
      history: { kind: 'append', events: [] },
      outbound: [],
      state: { ...snapshot.state, status: 'Failed', failure, lastUpdatedAt: now, completedAt: now },
    })
  }

  #reportDiscarded(item: OrchestrationWorkItem, prepared: PreparedTurn): void {
    for (const { message, reason } of prepared.discarded) {
      this.#parts.service.host.metrics.count('dtfx.messages.discarded', 1, { reason })
      logLine(this.#logger, logEvents.discardingMessage, { instanceId: item.instanceId, eventType: message.message.event.type, messageId: message.id }, reason)
    }
  }

  #forget(runtime: RuntimeState): void {
    this.#parts.turnHost.executor.forget({ instanceId: runtime.instanceId, executionId: runtime.executionId })
  }
}
