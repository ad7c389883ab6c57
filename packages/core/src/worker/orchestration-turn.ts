/**
 * The code part of an orchestration work item: runs generations through middleware and executor until one waits or ends, and records what they decide in the draft.
 * Throws what the host did wrong (middleware, a defect): the caller settles that as a fault. `UnknownDefinition` passes through middleware to the caller.
 */
import { compose, Properties, type OrchestrationMiddleware, type OrchestrationMiddlewareContext, type OrchestrationOutcome } from '../authoring/middleware.js'
import type { AnyOrchestration } from '../authoring/definitions.js'
import type { Registry } from '../authoring/registry.js'
import { limits } from '../base/limits.js'
import type { TurnExecutor, TurnRequest, TurnResult, TurnWarning } from '../engine/turn-executor.js'
import { dtfxError } from '../errors/durable-error.js'
import type { CompleteAction } from '../model/actions.js'
import type { HistoryEvent } from '../model/events.js'
import type { OrchestrationWorkItem } from '../provider/work-items.js'
import { mostDeliveries } from './faults.js'
import { LockLostError } from '../errors/provider-errors.js'
import { versionMatches, type VersionPolicy } from './versioning.js'
import { checkOutcome } from './check-outcome.js'
import type { TurnDraft } from './turn-draft.js'
import { UnknownDefinition } from './unknown-definition.js'

export interface TurnHost {
  readonly executor: TurnExecutor
  readonly registry: Registry<AnyOrchestration>
  readonly middleware: readonly OrchestrationMiddleware[]
  readonly keep: boolean
  readonly versionPolicy: VersionPolicy
}

export interface TurnPlan {
  readonly draft: TurnDraft
  /** Committed events; undefined: the suspended execution is continued. */
  readonly past: readonly HistoryEvent[] | undefined
  /** To load the history from if the executor has forgotten what it kept. */
  readonly item: OrchestrationWorkItem
  readonly admitted: readonly HistoryEvent[]
  /** False once the instance was handed to another slot: a lock that was lost. */
  readonly holds: (item: OrchestrationWorkItem) => boolean
}

export interface TurnEnd {
  readonly completion: CompleteAction | undefined
  /** The executor's own outcome was recorded, unmodified: its suspended execution may be kept. */
  readonly unmodified: boolean
  readonly warnings: readonly TurnWarning[]
}

export async function runTurn(host: TurnHost, plan: TurnPlan): Promise<TurnEnd> {
  const { draft } = plan
  let past = plan.past
  let admitted = plan.admitted
  const warnings: TurnWarning[] = []
  for (let generation = 1; ; generation++) {
    draft.open(admitted)
    const request = requestOf(host, draft, past)
    if (!plan.holds(plan.item)) throw lockLost(plan)
    let unmodified = true
    let outcome: OrchestrationOutcome
    if (host.middleware.length === 0) {
      const result = await host.executor.run(request)
      outcome = result.kind === 'decided' ? noted(result, warnings) : await execute(host, plan, request, warnings)
    } else {
      const wrapped = await runMiddleware(host, plan, request, warnings)
      outcome = wrapped.value
      unmodified = wrapped.own
    }
    const completion = draft.decide(outcome)
    if (completion?.status !== 'ContinuedAsNew') return { completion, unmodified, warnings }
    admitted = draft.continueAsNew(completion)
    past = []
    if (generation >= limits.maxGenerationsPerTurn || !mayRun(host, admitted[0])) {
      draft.open(admitted)
      draft.leaveUnexecuted()
      return { completion: undefined, unmodified: false, warnings }
    }
  }
}

/** The next generation may have another version, which this worker does not take or does not know: then it waits, stored, for one that does. */
function mayRun(host: TurnHost, start: HistoryEvent | undefined): boolean {
  if (start?.type !== 'ExecutionStarted') return true
  return versionMatches(host.versionPolicy, start.version) && (host.middleware.length > 0 || host.registry.find(start.name, start.version) !== undefined)
}

function lockLost(plan: TurnPlan): LockLostError {
  return new LockLostError(`orchestration '${plan.item.instanceId}'`)
}

function requestOf(host: TurnHost, draft: TurnDraft, past: readonly HistoryEvent[] | undefined): TurnRequest {
  return {
    key: { instanceId: draft.base.instanceId, executionId: draft.runtime.executionId },
    past,
    // Middleware may keep what it sees; the draft goes on growing.
    fresh: host.middleware.length === 0 ? draft.events : [...draft.events],
    customStatus: draft.customStatus,
    keep: host.keep,
  }
}

async function runMiddleware(host: TurnHost, plan: TurnPlan, request: TurnRequest, warnings: TurnWarning[]): Promise<{ readonly value: OrchestrationOutcome; readonly own: boolean }> {
  let own: OrchestrationOutcome | undefined
  const run = compose<OrchestrationMiddlewareContext, OrchestrationOutcome>(host.middleware, async () => (own = frozen(await execute(host, plan, request, warnings))))
  const value = await run(contextOf(host, plan, request))
  checkOutcome(value, plan.draft.runtime)
  return { value, own: value === own }
}

function contextOf(host: TurnHost, plan: TurnPlan, request: TurnRequest): OrchestrationMiddlewareContext {
  const { start } = plan.draft
  return {
    definition: host.registry.find(start.name, start.version),
    instance: start.instance,
    name: start.name,
    version: start.version,
    tags: start.tags ?? {},
    properties: new Properties(),
    pastEvents: request.past ?? [],
    newEvents: request.fresh,
    isCached: request.past === undefined,
    deliveryCount: mostDeliveries(plan.item.messages),
  }
}

/** Middleware replaces an outcome, it does not change the engine's: that one would no longer be what the suspended execution believes it decided. */
function frozen(outcome: OrchestrationOutcome): OrchestrationOutcome {
  Object.freeze(outcome.actions)
  return Object.freeze(outcome)
}

async function execute(host: TurnHost, plan: TurnPlan, request: TurnRequest, warnings: TurnWarning[]): Promise<OrchestrationOutcome> {
  if (!plan.holds(plan.item)) throw lockLost(plan)
  let result: TurnResult = await host.executor.run(request)
  if (result.kind === 'need-history') {
    const snapshot = await plan.item.load()
    result = await host.executor.run({ ...request, past: snapshot === 'unchanged' ? [] : snapshot.history })
  }
  if (result.kind === 'unknown-orchestration') throw new UnknownDefinition(result.name, result.version)
  if (result.kind === 'need-history') throw dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: request.key.instanceId, problem: 'the executor asks for a history it was given' })
  return noted(result, warnings)
}

function noted(result: Extract<TurnResult, { kind: 'decided' }>, warnings: TurnWarning[]): OrchestrationOutcome {
  if (result.warnings.length > 0) warnings.push(...result.warnings)
  return result
}
