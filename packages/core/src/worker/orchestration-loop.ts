/**
 * One orchestration work item from lock to commit: load, prepare, run, commit. What to do when one of these goes wrong is in turn-failures.ts.
 *
 * Invariants:
 * 1. The item is given back exactly once, by `complete` or by `release`; after an ambiguous commit or a lost lock by neither: the lock runs out, and whoever comes next finds out.
 * 2. A cached copy may be committed from; before a message is discarded, deferred or quarantined the instance is loaded afresh.
 * 3. The cache keeps an instance only after an acknowledged commit of the executor's own outcome; everything else forgets the suspended execution.
 */
import { msFromTicks, type Ticks } from '../base/ticks.js'
import { contentId, tupleId, type Identify } from '../engine/identity.js'
import { RuntimeState } from '../engine/runtime-state.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { isFinal } from '../model/instance.js'
import type { HistoryEvent, HistoryEventOf } from '../model/events.js'
import type { Checkpoint } from '../provider/checkpoint.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { CommitResult, InstanceSnapshot, OrchestrationWorkItem } from '../provider/work-items.js'
import { logEvents } from '../telemetry/log-events.js'
import { noMetrics } from '../telemetry/metrics.js'
import { acknowledged, noConsumedIds } from './consumed-ids.js'
import { commitAgain } from './commit-again.js'
import { mostDeliveries } from './faults.js'
import { cachedBytes, InstanceCache, type CachedInstance } from './instance-cache.js'
import { LockRenewer } from './lock-renewer.js'
import { runTurn, type TurnEnd, type TurnHost } from './orchestration-turn.js'
import { prepareTurn } from './prepare-turn.js'
import type { PreparedTurn } from './prepared-turn.js'
import type { SpanRecorder } from './span-recorder.js'
import { refuseStarts, repeatAnswer, rewindInstance, terminatePending } from './special-turns.js'
import { terminateReplaced } from './terminate-children.js'
import { TurnDraft } from './turn-draft.js'
import { TurnFailures } from './turn-failures.js'
import { versionMatches } from './versioning.js'
import { logLine } from './worker-log.js'
import type { CheckedWorkerOptions } from './worker-options.js'

export interface OrchestrationLoopParts {
  readonly service: OrchestrationService
  readonly options: CheckedWorkerOptions
  readonly turnHost: TurnHost
  /** Identity of this start of the worker: checkpoints are numbered within it. */
  readonly runId: string
  readonly spans: SpanRecorder
}

/** The stored instance and what its messages mean to it. */
export interface KnownInstance {
  readonly snapshot: InstanceSnapshot | undefined
  readonly cached: CachedInstance | undefined
  readonly runtime: RuntimeState | undefined
  readonly prepared: PreparedTurn
  readonly now: Ticks
}

const committedTurn = { result: 'committed' }
const staleTurn = { result: 'stale' }
const noEvents: readonly HistoryEvent[] = []

export class OrchestrationLoop {
  readonly cache: InstanceCache
  readonly renewer: LockRenewer<OrchestrationWorkItem>
  readonly parts: OrchestrationLoopParts
  readonly #failures: TurnFailures
  /** By instance: the item handed out last. A turn whose item is not in here has lost its lock, whatever it knows of that. */
  readonly #latest = new Map<string, OrchestrationWorkItem>()
  #checkpoints = 0
  readonly #identify: Identify

  constructor(parts: OrchestrationLoopParts) {
    const { logger, clock } = parts.service.host
    this.parts = parts
    this.#identify = parts.service.capabilities.commit === 'atomic' ? tupleId : contentId(parts.service.digestKey)
    this.renewer = new LockRenewer(clock, { lost: (_slot, item, error) => logLine(logger, logEvents.lockLost, { instanceId: item.instanceId, error }) })
    this.cache = new InstanceCache(parts.options.cache, (entry) => this.forget(entry.runtime))
    this.#failures = new TurnFailures(this)
  }

  async process(item: OrchestrationWorkItem, slot: number): Promise<void> {
    this.renewer.watch(slot, item)
    const { instanceId } = item
    if (this.#latest.has(instanceId)) await this.#comeAfter(instanceId)
    this.#latest.set(instanceId, item)
    const cached = this.cache.get(instanceId)
    try {
      let known = this.know(item, cached, await item.load(cached?.version))
      if (known.cached !== undefined && known.prepared.settlements.some((each) => each.outcome !== 'consumed')) known = await this.reload(item, known)
      this.#reportSetAside(item, known.prepared)
      await (known.prepared.kind === 'run' ? this.#run(item, known) : this.#settle(item, known))
    } catch (error) {
      if (cached !== undefined) this.forget(cached.runtime)
      await this.#failures.abandon(item, error)
    } finally {
      this.renewer.unwatch(slot)
      if (this.#latest.get(instanceId) === item) this.#latest.delete(instanceId)
    }
  }

  /** Another slot still has the instance: either it has just committed and is about to say so, or it has lost its lock, and the copy it changes must not be shared. */
  async #comeAfter(instanceId: string): Promise<void> {
    await new Promise<void>((resolve) => afterMicrotasks(resolve))
    if (this.#latest.has(instanceId)) this.cache.remove(instanceId)
  }

  readonly #holds = (item: OrchestrationWorkItem): boolean => this.#latest.get(item.instanceId) === item

  /** What the store, or the cache, says of the instance, and what that makes of the messages. */
  know(item: OrchestrationWorkItem, cached: CachedInstance | undefined, found: InstanceSnapshot | 'unchanged'): KnownInstance {
    const isCached = found === 'unchanged' && cached !== undefined
    if (cached !== undefined && !isCached) this.forget(cached.runtime)
    const snapshot = found === 'unchanged' ? undefined : found
    const stored = isCached ? cached.runtime : snapshot === undefined ? undefined : folded(item.instanceId, snapshot)
    const state = isCached ? cached.state : snapshot?.state
    // A start that `create` stored over a finished execution: what history is left is not of the execution the state is about.
    const isOutdated = state?.status === 'Pending' && stored?.isFinal === true && stored.executionId !== state.executionId
    const runtime = isOutdated ? undefined : stored
    const now = this.parts.service.host.clock.nowTicks()
    const consumedIds = (isCached ? cached : snapshot)?.consumedIds ?? noConsumedIds
    const { commit } = this.parts.service.capabilities
    const hasHistory = isCached || (snapshot?.history.length ?? 0) > 0
    const prepared = prepareTurn({ instanceId: item.instanceId, runtime, hasHistory, state, consumedIds, commit, messages: item.messages, now })
    return { snapshot, cached: isCached ? cached : undefined, runtime, prepared, now }
  }

  async reload(item: OrchestrationWorkItem, known: KnownInstance): Promise<KnownInstance> {
    if (known.cached !== undefined) this.forget(known.cached.runtime)
    return this.know(item, undefined, await item.load())
  }

  /** The draft of a turn on `known`, with what goes out whatever the code decides. */
  draft(item: OrchestrationWorkItem, known: KnownInstance): TurnDraft {
    const { prepared, runtime, now } = known
    const state = (known.cached ?? known.snapshot)?.state
    const draft = new TurnDraft({ instanceId: item.instanceId, runtime: prepared.replaces ? undefined : runtime, state, now, replaces: prepared.replaces, identify: this.#identify, digestKey: this.parts.service.digestKey })
    if (prepared.refusedStarts.length > 0) for (const message of refuseStarts(prepared, now)) draft.send(message)
    if (prepared.replaces && runtime !== undefined && !runtime.isFinal) for (const message of terminateReplaced(runtime, now, this.#identify)) draft.send(message)
    return draft
  }

  async #run(item: OrchestrationWorkItem, known: KnownInstance): Promise<void> {
    const { turnHost, options } = this.parts
    const { prepared } = known
    const draft = this.draft(item, known)
    const start = draft.runtime.start ?? startOf(prepared.admitted)
    if (!versionMatches(options.versionPolicy, start?.version)) return this.#failures.mismatch(item, known, start)
    const past = prepared.replaces || known.runtime === undefined ? noEvents : known.snapshot?.history
    if (mostDeliveries(item.messages) > 2 && (await item.markSuspect()) > options.maxSuspectTurns) return this.#failures.suspect(item)
    this.parts.service.host.metrics.count(past === undefined ? 'dtfx.cache.hits' : 'dtfx.cache.misses', 1)
    const { logger } = this.parts.service.host
    const ids = logger.enabled('debug') ? { instanceId: item.instanceId, executionId: draft.runtime.executionId } : undefined
    if (ids !== undefined) logLine(logger, logEvents.orchestrationExecuting, ids)
    let end: TurnEnd
    try {
      end = await runTurn(turnHost, { draft, past, item, admitted: prepared.admitted, holds: this.#holds })
    } catch (error) {
      this.#forgetTurn(known, draft)
      return this.#failures.fault(item, known, error)
    }
    if (ids !== undefined) logLine(logger, logEvents.orchestrationExecuted, ids)
    try {
      await this.commit(item, known, draft, end)
    } catch (error) {
      if (!DurableError.is(error, 'DTFX_PERMANENT')) throw error
      await this.#failures.refused(item, known, error)
    }
  }

  async commit(item: OrchestrationWorkItem, known: KnownInstance, draft: TurnDraft, end: TurnEnd): Promise<void> {
    const { metrics } = this.parts.service.host
    const stored = known.cached ?? known.snapshot
    const { settlements, consumedIds } = known.prepared
    const checkpoint = draft.build({ checkpointId: this.checkpointId(), version: stored?.version, settlements, consumedIds })
    let kept = false
    try {
      let result: CommitResult
      try {
        result = await item.complete(checkpoint)
      } catch (error) {
        result = await commitAgain(this.parts.service.host, item, checkpoint, error)
      }
      metrics.count('dtfx.turns', 1, result.outcome === 'committed' ? committedTurn : staleTurn)
      if (result.outcome !== 'committed') return
      if (metrics !== noMetrics) this.#measure(known, draft)
      kept = end.completion === undefined && end.unmodified && this.cache.bounds.maxInstances > 0 && checkpoint.state !== undefined
      if (kept) {
        const bytes = cachedBytes(stored, checkpoint.history)
        const remembered = acknowledged(consumedIds ?? stored?.consumedIds ?? noConsumedIds, known.prepared.deletes)
        const entry = { version: result.version, runtime: draft.runtime, state: checkpoint.state as CachedInstance['state'], consumedIds: remembered, bytes }
        this.cache.put(item.instanceId, entry)
        this.#measureCache()
      }
      if (end.completion !== undefined || end.warnings.length > 0) this.#reportEnd(draft, end)
    } finally {
      if (!kept) this.#forgetTurn(known, draft)
    }
  }

  /** Commits a checkpoint after which nothing is kept in memory; a stale one comes back with its messages. */
  async complete(item: OrchestrationWorkItem, checkpoint: Checkpoint): Promise<void> {
    const { host } = this.parts.service
    const result = await item.complete(checkpoint).catch((error: unknown) => commitAgain(host, item, checkpoint, error))
    host.metrics.count('dtfx.turns', 1, result.outcome === 'committed' ? committedTurn : staleTurn)
  }

  checkpointId(): string {
    return `${this.parts.runId}.${this.#checkpoints++}`
  }

  forget(runtime: RuntimeState): void {
    if (this.cache.get(runtime.instanceId)?.runtime === runtime) {
      this.cache.remove(runtime.instanceId)
      this.#measureCache()
    }
    this.parts.turnHost.executor.forget({ instanceId: runtime.instanceId, executionId: runtime.executionId })
  }

  #measureCache(): void {
    const { metrics } = this.parts.service.host
    if (metrics !== noMetrics) metrics.gauge('dtfx.cache.bytes', this.cache.bytes)
  }

  /** The draft has changed the cached copy; after a continue-as-new that is another one than the draft holds. */
  #forgetTurn({ cached }: KnownInstance, { runtime }: TurnDraft): void {
    this.forget(runtime)
    if (cached !== undefined && cached.runtime !== runtime) this.forget(cached.runtime)
  }

  /** No code runs: messages without effect, a termination before the start, a rewind. */
  async #settle(item: OrchestrationWorkItem, known: KnownInstance): Promise<void> {
    const { prepared, runtime, now } = known
    const stored = known.cached ?? known.snapshot
    const inputs = { item, prepared, state: stored?.state, now, version: stored?.version, checkpointId: this.checkpointId(), identify: this.#identify }
    if (prepared.kind === 'rewind') return this.complete(item, rewindInstance(inputs, runtime as RuntimeState, known.snapshot?.history ?? noEvents))
    if (prepared.kind === 'terminate-pending') return this.complete(item, terminatePending(inputs))
    const outbound = [...refuseStarts(prepared, now), ...(prepared.answerAgain && runtime !== undefined ? repeatAnswer(runtime, now, prepared.asked) : [])]
    if (outbound.length === 0 && !this.#needsFence(known)) return item.release(prepared.settlements)
    const { settlements, consumedIds } = prepared
    const { version, checkpointId } = inputs
    await this.complete(item, { executionId: runtime?.executionId ?? '', base: version, checkpointId, settlements, history: { kind: 'append', events: [] }, outbound, consumedIds })
  }

  /**
   * Where messages go out before the history is written, a turn of a worker that lost its lock may still be on its way: to that turn the answer of its own activity is no orphan.
   * Writing something first makes its commit a stale one; then what is discarded is discarded for good.
   */
  #needsFence({ prepared, snapshot }: KnownInstance): boolean {
    return this.parts.service.capabilities.commit === 'messages-first' && snapshot?.state !== undefined && prepared.discarded.length > prepared.deletes.length
  }

  #measure({ now, prepared }: KnownInstance, draft: TurnDraft): void {
    const { clock, metrics } = this.parts.service.host
    metrics.record('dtfx.turn.duration_ms', clock.nowMs() - msFromTicks(now))
    if (startOf(prepared.admitted) !== undefined) metrics.count('dtfx.orchestrations.started', 1, { name: draft.start.name })
  }

  #reportEnd(draft: TurnDraft, end: TurnEnd): void {
    const { spans, service } = this.parts
    const { logger, metrics } = service.host
    const fields = { instanceId: draft.base.instanceId, executionId: draft.runtime.executionId, name: draft.start.name }
    for (const warning of end.warnings) logLine(logger, logEvents.orchestrationWarning, { ...fields, kind: warning.kind }, warning.message)
    if (end.completion === undefined) return
    const { status, failure } = end.completion
    if (metrics !== noMetrics) metrics.count('dtfx.orchestrations.completed', 1, { status, name: draft.start.name })
    logLine(logger, logEvents.orchestrationCompleted, { ...fields, status, failure }, `${draft.start.name} ${status}`)
    spans.orchestration(draft.start, end.completion)
  }

  #reportSetAside(item: OrchestrationWorkItem, { discarded, quarantined }: PreparedTurn): void {
    const { logger, metrics } = this.parts.service.host
    for (const { message, reason } of discarded) {
      metrics.count('dtfx.messages.discarded', 1, { reason })
      logLine(logger, logEvents.discardingMessage, { instanceId: item.instanceId, eventType: message.message.event.type, messageId: message.id }, reason)
    }
    for (const { message, reason } of quarantined) {
      metrics.count('dtfx.messages.quarantined', 1, { code: 'DTFX_POISON' })
      logLine(logger, logEvents.quarantined, { instanceId: item.instanceId, messageId: message.id }, reason)
    }
  }
}

const afterMicrotasks = process.nextTick

/** The history as it matters to a turn. One that cannot be read matters only while the instance is alive: to a finished one, or one that was created anew, it is something to be replaced. */
function folded(instanceId: string, { history, state }: InstanceSnapshot): RuntimeState | undefined {
  if (history.length === 0) return undefined
  try {
    const runtime = new RuntimeState(instanceId, history)
    if (runtime.start === undefined && !runtime.isFinal) throw dtfxError('DTFX_HISTORY_CORRUPT', { instanceId, problem: 'it has no ExecutionStarted' })
    return runtime
  } catch (error) {
    if (state !== undefined && (isFinal(state.status) || state.status === 'Pending')) return undefined
    throw error
  }
}

function startOf(admitted: readonly HistoryEvent[]): HistoryEventOf<'ExecutionStarted'> | undefined {
  const first = admitted[0]
  return first?.type === 'ExecutionStarted' ? first : undefined
}
