/**
 * From a history to the rows of its timeline. Pure. Turn markers and what replay ignores are left out.
 * Retries are not marked in a history: a call counts as another attempt if it has the name of one that failed in the turn in which a timer was set, and is made in the turn in which that timer fired.
 */
import { laterTicks, msFromTicks, patchMarkerPrefix, splitTimerId, type FailureDetails, type HistoryEvent, type HistoryEventOf, type Ticks } from '@dtfx/core/provider'
import { TimelineRetries, type Attempt } from './timeline-retries.js'
import type { TimelineRow } from './timeline-row.js'

type Draft = { -readonly [K in keyof TimelineRow]: TimelineRow[K] }
/** What an event adds to `type`, `at` and `sinceStartMs`; undefined: no row. */
type Part = Omit<TimelineRow, 'type' | 'at' | 'sinceStartMs'> | undefined

interface Begun extends Attempt {
  readonly atMs: number
  readonly row: Draft
}

export function timelineRows(events: readonly HistoryEvent[]): TimelineRow[] {
  return new Timeline(startOf(events)).read(events)
}

/** Not the time of the first event: an event bears the time at which it was sent, and the turn that takes it in is recorded before it. */
function startOf(events: readonly HistoryEvent[]): number {
  return events.reduce((earliest, { timestamp }) => Math.min(earliest, msFromTicks(timestamp)), Number.POSITIVE_INFINITY)
}

/** The message of a timer is made, and dated, when the timer is set. */
function timeOf(event: HistoryEvent): Ticks {
  return event.type === 'TimerFired' ? laterTicks(event.timestamp, event.fireAt) : event.timestamp
}

class Timeline {
  readonly #begun = new Map<number, Begun>()
  readonly #retries = new TimelineRetries()
  #executionStartMs: number

  constructor(readonly startMs: number) {
    this.#executionStartMs = startMs
  }

  read(events: readonly HistoryEvent[]): TimelineRow[] {
    return events.flatMap((event) => this.#row(event) ?? [])
  }

  #row(event: HistoryEvent): TimelineRow | undefined {
    const part = this.#part(event)
    if (part === undefined) return undefined
    const at = timeOf(event)
    const row: Draft = { type: event.type, at, sinceStartMs: msFromTicks(at) - this.startMs, ...part }
    for (const key of Object.keys(row) as (keyof Draft)[]) if (row[key] === undefined) delete row[key]
    if (row.isOpen === true) this.#begun.set(event.eventId, { name: row.name ?? '', number: row.attempt ?? 1, atMs: msFromTicks(at), row })
    if (event.type === 'TimerCreated') this.#retries.timerSet(event.eventId, row)
    return row
  }

  #part(event: HistoryEvent): Part {
    switch (event.type) {
      case 'OrchestratorStarted':
        this.#retries.turnBegins()
        return undefined
      case 'OrchestratorCompleted':
      case 'HistoryState':
        return undefined
      case 'TaskScheduled':
        return this.#begins(event.eventId, event.name)
      case 'SubOrchestrationInstanceCreated':
        return { ...this.#begins(event.eventId, event.name), instanceId: event.instanceId }
      case 'TimerCreated':
        return event.eventId === splitTimerId ? undefined : { taskId: event.eventId, isOpen: true, fireAt: event.fireAt }
      case 'TaskCompleted':
      case 'SubOrchestrationInstanceCompleted':
        return { ...this.#ends(event, event.taskScheduledId), payload: event.result }
      case 'TaskFailed':
      case 'SubOrchestrationInstanceFailed':
        return this.#failed(event)
      case 'TimerFired':
        return this.#fired(event)
      default:
        return this.#fromOutside(event)
    }
  }

  #fromOutside(event: Exclude<HistoryEvent, { type: `Task${string}` | `Sub${string}` | `Timer${string}` | `Orchestrator${string}` | 'HistoryState' }>): Part {
    switch (event.type) {
      case 'ExecutionStarted': {
        this.#executionStartMs = msFromTicks(event.timestamp)
        const { generation } = event
        return { name: event.name, payload: event.input, parentInstanceId: event.parent?.instance.instanceId, generation: generation === 0 ? undefined : generation }
      }
      case 'ExecutionCompleted':
      case 'ContinueAsNew':
        return { status: event.status, payload: event.result, failure: event.failure, tookMs: msFromTicks(event.timestamp) - this.#executionStartMs }
      case 'ExecutionTerminated':
        return { payload: event.input }
      case 'ExecutionSuspended':
      case 'ExecutionResumed':
      case 'ExecutionRewound':
        return { payload: event.reason }
      case 'EventRaised':
        return { name: event.name, payload: event.input }
      case 'EventSent':
        return { name: event.name, instanceId: event.instanceId, payload: event.input }
      case 'GenericEvent':
        return event.data?.startsWith(patchMarkerPrefix) === true ? { name: event.data.slice(patchMarkerPrefix.length) } : { payload: event.data }
    }
  }

  #begins(taskId: number, name: string): Part & object {
    const number = this.#retries.attemptOf(name)
    return { name, taskId, isOpen: true, attempt: number > 1 ? number : undefined }
  }

  #ends(event: HistoryEvent, taskId: number): Part & object {
    const begun = this.#begun.get(taskId)
    if (begun === undefined) return { taskId }
    delete begun.row.isOpen
    return { taskId, name: begun.name === '' ? undefined : begun.name, attempt: begun.number > 1 ? begun.number : undefined, tookMs: msFromTicks(timeOf(event)) - begun.atMs }
  }

  #failed(event: HistoryEventOf<'TaskFailed' | 'SubOrchestrationInstanceFailed'>): Part {
    const ended = this.#ends(event, event.taskScheduledId)
    const begun = this.#begun.get(event.taskScheduledId)
    if (begun !== undefined) this.#retries.callFailed(begun)
    return { ...ended, failure: event.failure ?? plainFailure(event.reason, event.details) }
  }

  #fired(event: HistoryEventOf<'TimerFired'>): Part {
    if (event.timerId === splitTimerId) return undefined
    this.#retries.timerFired(event.timerId)
    return { ...this.#ends(event, event.timerId), fireAt: event.fireAt }
  }
}

/** As old versions of .NET store it. */
function plainFailure(reason: string | undefined, details: string | undefined): FailureDetails {
  return { errorType: 'Error', errorMessage: reason ?? 'no reason is stored', isNonRetriable: false, ...(details === undefined ? {} : { stackTrace: details }) }
}
