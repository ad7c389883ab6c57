/**
 * Rewind as a pure transform: the history as if the failure that ended the execution had not happened yet.
 *
 * Undone is the last turn that has a failure, and the turns before it as long as these decided nothing, with everything after. Taken out are, of the undone turns, failures and decisions,
 * because the code will make its own; and everywhere, tasks that were never answered: while the instance was over, their answers were dropped, so the code schedules them anew (an activity
 * runs at least once anyway; children that still run are ended). Failed activities are scheduled anew too; failed children stay open and are rewound themselves, unless there is nothing to rewind
 * (terminated, or never started because the id was in use): these are started anew. Answers to earlier tasks, and external events, stay, as do failures that the code handled and went on from.
 * (.NET removes every failure and keeps later decisions, which breaks replay: core bug C2.6.)
 *
 * Invariant: in the result every answer follows the event it answers, and only rewound children are open.
 */
import { compareTicks } from '../base/ticks.js'
import type { ExecutionRewoundEvent, ExecutionStartedEvent, HistoryEvent, SubOrchestrationInstanceCreatedEvent, SubOrchestrationInstanceFailedEvent } from '../model/events.js'
import { splitTimerId } from '../model/events.js'
import { askedAgain, fireAndForgetTag } from './runtime-state.js'

export interface RewoundHistory {
  readonly events: readonly HistoryEvent[]
  /** Children that failed and have to be rewound as well. */
  readonly children: readonly SubOrchestrationInstanceCreatedEvent[]
  /** Children that may still run and that the code will start anew. */
  readonly abandoned: readonly SubOrchestrationInstanceCreatedEvent[]
}

export interface RewoundIdentity {
  readonly executionId: string
  /** The message that asked for it; one of the parent says what the answer has to name. */
  readonly rewind?: ExecutionRewoundEvent | undefined
}

export function rewindHistory(history: readonly HistoryEvent[], identity: RewoundIdentity): RewoundHistory {
  const turns = splitTurns(history)
  const first = firstUndoneTurn(turns)
  const before = turns.slice(0, first).flat()
  const undone = turns.slice(first).flat()
  const rewound = new Set<number>()
  for (const event of undone) if (event.type === 'SubOrchestrationInstanceFailed' && canBeRewound(event)) rewound.add(event.taskScheduledId)
  const known = new Set<number>()
  for (const event of before) if (isDecision(event)) known.add(event.eventId)
  const remaining = [...before.filter((event) => !isEnd(event)), ...undone.filter((event) => staysInUndoneTurn(event, known))]
  const answered = new Set<number>()
  for (const event of remaining) {
    const id = answeredId(event)
    if (id !== undefined) answered.add(id)
  }
  const stays = (event: HistoryEvent): boolean => {
    if (event.type === 'ExecutionRewound') return false
    return !isTask(event) || answered.has(event.eventId) || (event.type === 'SubOrchestrationInstanceCreated' && rewound.has(event.eventId))
  }
  const ended = new Set(history.map(answeredId))
  const asks = history.filter((event) => event.type === 'ExecutionRewound')
  return {
    events: remaining.filter(stays).map((event) => (event.type === 'ExecutionStarted' ? rewoundStart(event, asks, identity) : event)),
    children: before.filter((event) => event.type === 'SubOrchestrationInstanceCreated').filter((event) => rewound.has(event.eventId)),
    abandoned: history.filter((event) => event.type === 'SubOrchestrationInstanceCreated').filter((event) => isTask(event) && !ended.has(event.eventId)),
  }
}

type Decision = Extract<HistoryEvent, { type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' }>

function isDecision(event: HistoryEvent): event is Decision {
  return event.type === 'TaskScheduled' || event.type === 'TimerCreated' || event.type === 'SubOrchestrationInstanceCreated' || event.type === 'EventSent'
}

/** A decision that an answer is expected for. */
function isTask(event: HistoryEvent): boolean {
  if (event.type === 'SubOrchestrationInstanceCreated') return event.tags?.[fireAndForgetTag] === undefined
  return event.type === 'TaskScheduled' || (event.type === 'TimerCreated' && event.eventId !== splitTimerId)
}

function isFailure(event: HistoryEvent): boolean {
  return event.type === 'TaskFailed' || event.type === 'SubOrchestrationInstanceFailed'
}

function isEnd(event: HistoryEvent): boolean {
  return event.type === 'ExecutionCompleted' || event.type === 'ContinueAsNew'
}

function answeredId(event: HistoryEvent): number | undefined {
  if (event.type === 'TimerFired') return event.timerId
  return 'taskScheduledId' in event ? event.taskScheduledId : undefined
}

function canBeRewound({ failure }: SubOrchestrationInstanceFailedEvent): boolean {
  const code = failure?.properties?.['code']
  return code !== 'DTFX_ORCHESTRATION_TERMINATED' && code !== 'DTFX_CHILD_ID_IN_USE'
}

function splitTurns(history: readonly HistoryEvent[]): HistoryEvent[][] {
  const turns: HistoryEvent[][] = []
  for (const event of history) {
    if (event.type === 'OrchestratorStarted' || turns.length === 0) turns.push([])
    turns.at(-1)?.push(event)
  }
  return turns
}

/**
 * Without any failure nothing is undone but the end: the execution failed by an error of its own. The timer that follows a last attempt (see retries.ts) is no decision of the code: when it fired in
 * an undone turn, the failure before it is one of those that ended the execution, so its turn is undone as well.
 */
function firstUndoneTurn(turns: readonly HistoryEvent[][]): number {
  let first = turns.findLastIndex((turn) => turn.some(isFailure))
  if (first < 0) return turns.length
  for (;;) {
    while (first > 1 && !(turns[first - 1] as HistoryEvent[]).some((event) => isDecision(event) && !isImmediateTimer(event))) first--
    const fired = new Set(turns.slice(first).flat().map((event) => (event.type === 'TimerFired' ? event.timerId : undefined)))
    const cause = turns.findIndex((turn) => turn.some((event) => isImmediateTimer(event) && fired.has(event.eventId)))
    if (cause < 0 || cause >= first) return first
    first = cause
  }
}

function isImmediateTimer(event: HistoryEvent): boolean {
  return event.type === 'TimerCreated' && event.eventId !== splitTimerId && compareTicks(event.fireAt, event.timestamp) <= 0
}

function staysInUndoneTurn(event: HistoryEvent, known: ReadonlySet<number>): boolean {
  if (isEnd(event) || isFailure(event) || isDecision(event)) return false
  const id = answeredId(event)
  return id === undefined || known.has(id)
}

/** What the parent asked for in the meantime is in the start now. */
function rewoundStart(start: ExecutionStartedEvent, asks: readonly ExecutionRewoundEvent[], { executionId, rewind }: RewoundIdentity): ExecutionStartedEvent {
  const seedExecutionId = start.seedExecutionId ?? start.instance.executionId
  const renamed = { ...start, instance: { ...start.instance, executionId }, seedExecutionId }
  return [...asks, ...(rewind === undefined ? [] : [rewind])].reduce(askedAgain, renamed)
}
