/**
 * Rewind as a pure transform: the history as if the failure that ended the execution had not happened yet.
 *
 * Taken out are the failures the code did not survive: those of the last turn that has any, and of the turns before it as long as these decided nothing. Failed activities lose their
 * TaskScheduled too, so that the code schedules them anew; failed children stay open and are rewound themselves. Decisions made from there on go as well, because the code will make
 * its own; answers to tasks scheduled earlier, and external events, stay. Failures that the code had handled and gone on from stay. (.NET removes every failure and keeps later
 * decisions, which breaks replay: core bug C2.6.)
 */
import type { HistoryEvent, SubOrchestrationInstanceCreatedEvent } from '../model/events.js'

export interface RewoundHistory {
  readonly events: readonly HistoryEvent[]
  /** Children that failed and have to be rewound as well. */
  readonly children: readonly SubOrchestrationInstanceCreatedEvent[]
}

export function rewindHistory(history: readonly HistoryEvent[], identity: { readonly executionId: string; readonly parentExecutionId?: string | undefined }): RewoundHistory {
  const turns = splitTurns(history)
  const first = firstUndoneTurn(turns)
  const undone = turns.slice(first)
  const failedTasks = new Set<number>()
  const failedChildren = new Set<number>()
  for (const event of undone.flat()) {
    if (event.type === 'TaskFailed') failedTasks.add(event.taskScheduledId)
    if (event.type === 'SubOrchestrationInstanceFailed') failedChildren.add(event.taskScheduledId)
  }
  const before = turns.slice(0, first).flat()
  const kept = before.filter((event) => event.type !== 'ExecutionCompleted' && !(event.type === 'TaskScheduled' && failedTasks.has(event.eventId)))
  const known = new Set(kept.filter(isDecision).map((event) => event.eventId))
  const rest = undone.flat().filter((event) => staysInUndoneTurn(event, known))
  const children = before.filter((event) => event.type === 'SubOrchestrationInstanceCreated').filter((event) => failedChildren.has(event.eventId))
  return { events: [...kept, ...rest].map((event) => renameExecution(event, identity)), children }
}

type Decision = Extract<HistoryEvent, { type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' }>

function isDecision(event: HistoryEvent): event is Decision {
  return event.type === 'TaskScheduled' || event.type === 'TimerCreated' || event.type === 'SubOrchestrationInstanceCreated' || event.type === 'EventSent'
}

function isFailure(event: HistoryEvent): boolean {
  return event.type === 'TaskFailed' || event.type === 'SubOrchestrationInstanceFailed'
}

function splitTurns(history: readonly HistoryEvent[]): HistoryEvent[][] {
  const turns: HistoryEvent[][] = []
  for (const event of history) {
    if (event.type === 'OrchestratorStarted' || turns.length === 0) turns.push([])
    turns.at(-1)?.push(event)
  }
  return turns
}

/** Without any failure nothing is undone: the execution ended by an error of its own, and only its end is taken out. */
function firstUndoneTurn(turns: readonly HistoryEvent[][]): number {
  let first = turns.findLastIndex((turn) => turn.some(isFailure))
  if (first < 0) return turns.length
  while (first > 1 && !(turns[first - 1] as HistoryEvent[]).some(isDecision)) first--
  return first
}

function staysInUndoneTurn(event: HistoryEvent, known: ReadonlySet<number>): boolean {
  switch (event.type) {
    case 'ExecutionCompleted':
    case 'ContinueAsNew':
    case 'TaskFailed':
    case 'SubOrchestrationInstanceFailed':
      return false
    case 'TaskCompleted':
    case 'SubOrchestrationInstanceCompleted':
      return known.has(event.taskScheduledId)
    case 'TimerFired':
      return known.has(event.timerId)
    default:
      return !isDecision(event)
  }
}

function renameExecution(event: HistoryEvent, identity: { readonly executionId: string; readonly parentExecutionId?: string | undefined }): HistoryEvent {
  if (event.type !== 'ExecutionStarted') return event
  const { parent } = event
  return {
    ...event,
    instance: { ...event.instance, executionId: identity.executionId },
    parent: parent === undefined || identity.parentExecutionId === undefined ? parent : { ...parent, instance: { ...parent.instance, executionId: identity.parentExecutionId } },
  }
}
