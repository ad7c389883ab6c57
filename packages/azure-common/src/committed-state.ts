/**
 * The state of an instance as of a commit, from its history and from what the history cannot tell: that is kept as JSON in the sentinel, so that both are one write.
 * Payloads and tags are taken from the events that have them, and are not stored again. A failure is: an instance whose history is damaged fails without an event that says so.
 */
import { isFinal, parseWire, wireText, type HistoryEvent, type HistoryEventOf, type InstanceState, type OrchestrationStatus } from '@dtfx/core/provider'

/** What the sentinel keeps. */
export type ToldState = Omit<InstanceState, 'instanceId' | 'input' | 'output' | 'tags'>

export interface CommittedInstance {
  readonly instanceId: string
  readonly history: readonly HistoryEvent[]
  /** Of the sentinel, if it is ours. */
  readonly told?: ToldState | undefined
  /** What clients see: of use where a .NET worker wrote last, which keeps the custom status nowhere else. */
  readonly shown?: InstanceState | undefined
}

export function encodeToldState(state: InstanceState): string {
  const { instanceId: _id, input: _input, output: _output, tags: _tags, ...told } = state
  return wireText(told)
}

/** @throws DTFX_WIRE_INVALID */
export function decodeToldState(json: string, place: string): ToldState {
  return parseWire(json, place) as ToldState
}

/** A .NET client has turned the failure, and the end, into events that say nothing. */
export function wasRewound(history: readonly HistoryEvent[]): boolean {
  return endOf(history) === undefined && history.some(({ type, extra }) => type === 'GenericEvent' && String(extra?.['Reason']).startsWith('Rewound: '))
}

/** Undefined: nothing is committed. */
export function committedState({ instanceId, history, told, shown }: CommittedInstance): InstanceState | undefined {
  const start = history.findLast((event) => event.type === 'ExecutionStarted')
  const base = told ?? (start === undefined ? undefined : foldState(start, history, shown))
  if (base === undefined) return undefined
  return { instanceId, ...base, ...membersOfStart(start), ...membersOfEnd(base, endOf(history)) }
}

function foldState(start: HistoryEventOf<'ExecutionStarted'>, history: readonly HistoryEvent[], shown: InstanceState | undefined): ToldState {
  const { executionId = '' } = start.instance
  const end = endOf(history)
  const status = end?.status ?? statusOf(history)
  const customStatus = shown?.executionId === executionId ? shown.customStatus : undefined
  return {
    executionId,
    name: start.name,
    ...(start.version === undefined ? undefined : { version: start.version }),
    status,
    ...(customStatus === undefined ? undefined : { customStatus }),
    generation: start.generation ?? shown?.generation ?? 0,
    createdAt: start.timestamp,
    lastUpdatedAt: history.at(-1)?.timestamp ?? start.timestamp,
    ...(end !== undefined && isFinal(status) ? { completedAt: end.timestamp } : undefined),
    ...(start.scheduledStartTime === undefined ? undefined : { scheduledStartAt: start.scheduledStartTime }),
    ...(start.parent === undefined ? undefined : { parent: start.parent }),
  }
}

function statusOf(history: readonly HistoryEvent[]): OrchestrationStatus {
  const last = history.findLast(({ type }) => type === 'ExecutionSuspended' || type === 'ExecutionResumed')
  return last?.type === 'ExecutionSuspended' ? 'Suspended' : 'Running'
}

type End = HistoryEventOf<'ExecutionCompleted'> | HistoryEventOf<'ContinueAsNew'>

function endOf(history: readonly HistoryEvent[]): End | undefined {
  return history.findLast((event): event is End => event.type === 'ExecutionCompleted' || event.type === 'ContinueAsNew')
}

function membersOfStart(start: HistoryEventOf<'ExecutionStarted'> | undefined): Partial<InstanceState> {
  return {
    ...(start?.input === undefined ? undefined : { input: start.input }),
    ...(start?.tags === undefined ? undefined : { tags: start.tags }),
  }
}

function membersOfEnd({ status, failure }: ToldState, end: End | undefined): Partial<InstanceState> {
  if (failure !== undefined || end === undefined || !isFinal(status)) return {}
  if (status !== 'Failed') return { ...(end.result === undefined ? undefined : { output: end.result }), ...(end.failure === undefined ? undefined : { failure: end.failure }) }
  return { failure: end.failure ?? { errorType: 'Error', errorMessage: end.result ?? '', isNonRetriable: false } }
}
