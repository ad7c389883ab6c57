/**
 * One history event applied to an execution: the table from event type to effect.
 *
 * Invariants:
 * 1. Returns true exactly when something was settled or started, that is when the code may run now: the caller drains before the next event.
 * 2. At most one promise is settled per call, so that the order of the history alone decides every race.
 * 3. Completions of tasks that are not open (duplicates, cancelled timers, results after the end) change nothing.
 */
import { assertNever } from '../base/assert.js'
import { compareTicks } from '../base/ticks.js'
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { SubOrchestrationFailedError, TaskFailedError } from '../errors/user-errors.js'
import type { HistoryEvent, HistoryEventOf } from '../model/events.js'
import { failureFromReason } from '../serialization/wire-exception.js'
import { createContext } from './context.js'
import type { Execution, OpenTask } from './execution.js'
import { EventInbox } from './external-events.js'
import { matchDecision } from './match.js'
import { continueTimer } from './timers.js'

export function applyEvent(x: Execution, event: HistoryEvent): boolean {
  if (event.type === 'OrchestratorStarted') {
    x.advanceClock(event.timestamp)
    return false
  }
  if (x.suspension !== undefined && event.type !== 'ExecutionResumed' && event.type !== 'ExecutionTerminated') {
    if (event.type !== 'ExecutionSuspended') x.suspension.events.push(event)
    return false
  }
  if (x.outcome?.kind === 'terminated') return false
  switch (event.type) {
    case 'TaskCompleted':
    case 'SubOrchestrationInstanceCompleted':
      return complete(x, event.taskScheduledId, event.result)
    case 'TaskScheduled':
    case 'TimerCreated':
    case 'SubOrchestrationInstanceCreated':
    case 'EventSent':
      matchDecision(x, event)
      return false
    case 'OrchestratorCompleted':
    case 'ExecutionCompleted':
    case 'ContinueAsNew':
    case 'HistoryState':
    case 'ExecutionRewound':
    case 'GenericEvent':
      return false
    case 'TaskFailed':
    case 'SubOrchestrationInstanceFailed':
      return fail(x, event)
    case 'TimerFired':
      return fireTimer(x, event)
    case 'EventRaised':
      return (x.inbox ??= new EventInbox(x)).raise(event, x.continuation === undefined || x.outcome === undefined)
    case 'ExecutionStarted':
      return start(x, event)
    case 'ExecutionSuspended':
      suspend(x)
      return false
    case 'ExecutionResumed':
      resume(x)
      return false
    case 'ExecutionTerminated':
      terminate(x, event)
      return false
    default:
      return unknownEvent(x, event)
  }
}

function start(x: Execution, event: HistoryEventOf<'ExecutionStarted'>): boolean {
  if (x.start !== undefined) throw corrupt(x, 'it starts twice')
  x.start = event
  const { converter } = x.settings
  try {
    x.launch(createContext(x), converter.decode(event.input, `input of orchestration '${event.name}'`))
  } catch (error) {
    x.end({ kind: 'threw', error })
  }
  return true
}

function take(x: Execution, id: number, what: string): OpenTask | undefined {
  const task = x.open.get(id)
  if (task === undefined) return undefined
  if (x.pending.size > 0 && x.pending.has(id)) throw corrupt(x, `${what} #${id} comes before the event that scheduled it`)
  x.open.delete(id)
  return task
}

function complete(x: Execution, id: number, result: string | undefined): boolean {
  const task = take(x, id, 'the result of task')
  if (task === undefined) return false
  try {
    task.resolve(x.settings.converter.decode(result, `result of '${task.name}'`))
  } catch (error) {
    if (DurableError.is(error, 'DTFX_PAYLOAD_CODEC')) throw error
    x.reject(task, error)
  }
  return true
}

function fail(x: Execution, event: HistoryEventOf<'TaskFailed' | 'SubOrchestrationInstanceFailed'>): boolean {
  const task = take(x, event.taskScheduledId, 'the failure of task')
  if (task === undefined) return false
  const failure = event.failure ?? failureFromReason(event.reason, event.details)
  x.reject(task, task.kind === 'child' ? new SubOrchestrationFailedError(task.name, task.id, task.childId ?? '', failure) : new TaskFailedError(task.name, task.id, failure))
  return true
}

function fireTimer(x: Execution, event: HistoryEventOf<'TimerFired'>): boolean {
  const task = take(x, event.timerId, 'the end of timer')
  if (task === undefined) return false
  if (task.deadline !== undefined && compareTicks(event.fireAt, task.deadline) < 0 && x.definition.timerHopMs !== 'none') {
    continueTimer(x, task, event.fireAt)
    return false
  }
  task.resolve(undefined)
  return true
}

/** What is finished already ends in this turn, as if the suspend had come after its end. */
function suspend(x: Execution): void {
  if (isFinished(x)) return
  x.suspension = { events: [], actions: [...x.pending.values()] }
  x.pending.clear()
}

/** Decisions set aside come back; the queued events follow as the next ones (`backlog`), each with its own drain. */
function resume(x: Execution): void {
  const suspension = x.suspension
  if (suspension === undefined) return
  x.suspension = undefined
  for (const action of suspension.actions) x.pending.set(action.id, action)
  for (const event of suspension.events) x.backlog.push(event)
}

function terminate(x: Execution, event: HistoryEventOf<'ExecutionTerminated'>): void {
  if (isFinished(x)) return
  x.suspension = undefined
  x.outcome = { kind: 'terminated', reason: event.input, recursive: event.recursive === true }
}

/** Its end stands, whatever comes. A pending continue-as-new is none: the next generation would escape. */
function isFinished(x: Execution): boolean {
  const { outcome } = x
  if (outcome === undefined || (x.definition.waitForOpenTasks && x.open.size > 0)) return false
  return outcome.kind === 'threw' || x.continuation === undefined
}

function unknownEvent(x: Execution, event: HistoryEvent): never {
  const { type } = event as { type?: unknown }
  if (typeof type === 'string') throw corrupt(x, `it holds an event of unknown type '${type}'`)
  return assertNever(event as never, 'event')
}

function corrupt(x: Execution, problem: string): Error {
  return dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: x.instanceId, problem })
}
