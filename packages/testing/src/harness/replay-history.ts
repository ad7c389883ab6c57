/**
 * Replays a recorded history against the code of today: the test that an orchestration can be changed while instances of it are in flight.
 * Stricter than a worker: a worker would accept code that does more than the history says as new decisions of the next turn; here it is a mismatch.
 */
import { jsonConverter, NonDeterminismError, type AnyOrchestration, type DataConverter, type OrchestrationDefinition } from '@dtfx/core'
import { createEngine, Registry, type CompleteAction, type TurnResult } from '@dtfx/core/engine'
import { dtfxError, type FailureDetails, type HistoryEvent, type HistoryEventOf, type OrchestrationStatus } from '@dtfx/core/provider'
import { describeDecision } from './describe-decision.js'

export interface ReplayOptions {
  /** Of the service the history comes from. Default: JSON. */
  readonly converter?: DataConverter | undefined
}

/** How the replayed execution stands at the end of its history. */
export interface ReplayOutcome<Out = unknown> {
  readonly status: OrchestrationStatus
  /** When Completed: the result as today's code computes it. */
  readonly output: Out | undefined
  readonly failure: FailureDetails | undefined
  readonly customStatus: unknown
}

/** Events as `client` and command line export them: a list, an object that holds one as `history` or `events`, or the JSON text of either. */
export type ExportedHistory = readonly HistoryEvent[] | { readonly history: readonly HistoryEvent[] } | { readonly events: readonly HistoryEvent[] } | string

/**
 * Replays `exported` and returns the outcome.
 * @throws NonDeterminismError with a report for people; DTFX_HISTORY_CORRUPT, DTFX_UNKNOWN_ORCHESTRATION
 */
export function replayHistory<In, Out>(orchestration: OrchestrationDefinition<In, Out>, exported: ExportedHistory, options?: ReplayOptions): Promise<ReplayOutcome<Out>>
export function replayHistory(orchestrations: readonly AnyOrchestration[], exported: ExportedHistory, options?: ReplayOptions): Promise<ReplayOutcome>
export async function replayHistory(orchestrations: AnyOrchestration | readonly AnyOrchestration[], exported: ExportedHistory, options: ReplayOptions = {}): Promise<ReplayOutcome> {
  const history = eventsOf(exported)
  const start = history.find((event) => event.type === 'ExecutionStarted')
  if (start === undefined) throw corrupt('it has no ExecutionStarted')
  const registry = new Registry('Orchestration', [orchestrations].flat() as AnyOrchestration[])
  const converter = options.converter ?? jsonConverter
  const { instanceId, executionId = '' } = start.instance
  const result = await createEngine({ orchestrations: registry, converter }).run({ key: { instanceId, executionId }, past: history, fresh: [], keep: false })
  if (result.kind !== 'decided') throw dtfxError('DTFX_UNKNOWN_ORCHESTRATION', { name: start.name, version: start.version === undefined ? '' : ` version '${start.version}'`, known: registry.describe() })
  const completion = result.actions.find((action) => action.type === 'Complete')
  checkAgreement(start, history, result, completion)
  const status = completion?.status ?? statusOf(history)
  return {
    status,
    output: status === 'Completed' ? converter.decode(completion?.result, `result of orchestration '${start.name}'`) : undefined,
    failure: completion?.failure,
    customStatus: converter.decode(result.customStatus, `custom status of orchestration '${start.name}'`),
  }
}

/** @throws DTFX_HISTORY_CORRUPT */
function eventsOf(exported: ExportedHistory): readonly HistoryEvent[] {
  const value: unknown = typeof exported === 'string' ? parsed(exported) : exported
  const events = Array.isArray(value) ? value : ((value as { history?: unknown } | null)?.history ?? (value as { events?: unknown } | null)?.events)
  if (!Array.isArray(events)) throw corrupt('it is no list of events')
  const wrong = events.findIndex((event: unknown) => typeof (event as { type?: unknown } | null)?.type !== 'string')
  if (wrong >= 0) throw corrupt(`item ${wrong} of the list is no event`)
  return events as HistoryEvent[]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: 'unknown', problem: 'it is no JSON text' }, cause)
  }
}

type Decided = Extract<TurnResult, { kind: 'decided' }>

function checkAgreement(start: HistoryEventOf<'ExecutionStarted'>, history: readonly HistoryEvent[], result: Decided, completion: CompleteAction | undefined): void {
  const details = { instanceId: start.instance.instanceId, name: start.name }
  const { failure } = completion ?? {}
  if (failure?.properties?.['code'] === 'DTFX_NONDETERMINISTIC') throw new NonDeterminismError(failure.errorMessage, details)
  const recorded = history.findLast((event) => event.type === 'ExecutionCompleted' || event.type === 'ContinueAsNew')
  const differs = (problem: string): never => {
    throw new NonDeterminismError(`Orchestration '${start.name}' (${start.instance.instanceId}) does not do what its history says it did.\n  ${problem}`, details)
  }
  if (isUnexecuted(history)) return
  const extra = result.actions.filter((action) => action.type !== 'Complete' && action.type !== 'PatchMarker')
  if (extra.length > 0) differs(`history recorded nothing more\n  the code did     ${extra.map(describeDecision).join(', ')}`)
  if (recorded?.status === completion?.status) return
  if (completion === undefined) differs(`history recorded the end as ${recorded?.status}\n  the code         still waits`)
  else differs(`history recorded ${recorded === undefined ? 'no end: it goes on' : `the end as ${recorded.status}`}\n  the code ended   as ${completion.status}${failure === undefined ? '' : `: ${failure.errorMessage}`}`)
}

/** A generation that was committed before its code ran: everything it decides now is new, and right. */
function isUnexecuted(history: readonly HistoryEvent[]): boolean {
  const carried = new Set<HistoryEvent['type']>(['OrchestratorStarted', 'ExecutionStarted', 'EventRaised', 'OrchestratorCompleted'])
  const turns = history.filter(({ type }) => type === 'OrchestratorStarted').length
  return turns === 1 && history.every(({ type, ...event }) => carried.has(type) && (type !== 'ExecutionStarted' || ((event as { generation?: number }).generation ?? 0) > 0))
}

function statusOf(history: readonly HistoryEvent[]): OrchestrationStatus {
  const last = history.findLast(({ type }) => type === 'ExecutionSuspended' || type === 'ExecutionResumed')
  return last?.type === 'ExecutionSuspended' ? 'Suspended' : 'Running'
}

function corrupt(problem: string): Error {
  return dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: 'unknown', problem })
}
