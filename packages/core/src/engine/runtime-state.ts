/**
 * A history folded into what the worker needs to know of it: start, end, status, and which tasks are open. Incremental: a cached instance applies only the events of its last turn.
 *
 * Invariants:
 * 1. `open` holds exactly the scheduled events whose completion has not been applied; a completion for an unknown id changes nothing (as in .NET).
 * 2. A final status stays; only Terminated replaces ContinuedAsNew.
 * 3. Damage that replay would misread is DTFX_HISTORY_CORRUPT: a second start, an event of unknown type, a task scheduled twice or after its own completion (its code would wait for ever).
 */
import { dtfxError } from '../errors/durable-error.js'
import {
  eventTypeNumbers,
  splitTimerId,
  type ContinueAsNewEvent,
  type ExecutionCompletedEvent,
  type ExecutionRewoundEvent,
  type ExecutionStartedEvent,
  type HistoryEvent,
  type SubOrchestrationInstanceCreatedEvent,
  type TaskScheduledEvent,
  type TimerCreatedEvent,
} from '../model/events.js'
import { isFinal, type OrchestrationStatus } from '../model/instance.js'

export type ScheduledEvent = TaskScheduledEvent | TimerCreatedEvent | SubOrchestrationInstanceCreatedEvent

/** Tag of children nobody waits for; .NET's name. */
export const fireAndForgetTag = 'FireAndForget'

/**
 * The start of a child whose parent was rewound and asks for its answer again: the answer names the message that asked, so that an answer of before, which a store may deliver late or twice,
 * is told apart from it.
 */
export function askedAgain(start: ExecutionStartedEvent, { messageId = start.messageId, parentExecutionId }: ExecutionRewoundEvent): ExecutionStartedEvent {
  const { parent } = start
  if (parent === undefined) return start
  const instance = parentExecutionId === undefined ? parent.instance : { ...parent.instance, executionId: parentExecutionId }
  return { ...start, messageId, parent: { ...parent, instance } }
}

export class RuntimeState {
  readonly open = new Map<number, ScheduledEvent>()
  start: ExecutionStartedEvent | undefined
  completion: ExecutionCompletedEvent | ContinueAsNewEvent | undefined
  status: OrchestrationStatus = 'Running'
  /** Events applied so far. */
  count = 0
  /** The id the next action would take. */
  nextEventId = 0
  /** Ids that were completed before anything took them; made when there is one. */
  #early: Set<number> | undefined

  constructor(
    readonly instanceId: string,
    events: readonly HistoryEvent[] = [],
  ) {
    for (const event of events) this.apply(event)
  }

  get executionId(): string {
    return this.start?.instance.executionId ?? ''
  }

  get isFinal(): boolean {
    return isFinal(this.status)
  }

  /** Children that are still waited for, for recursive termination and rewind. */
  get openChildren(): SubOrchestrationInstanceCreatedEvent[] {
    return [...this.open.values()].filter((event) => event.type === 'SubOrchestrationInstanceCreated')
  }

  apply(event: HistoryEvent): void {
    this.count++
    if (event.eventId >= this.nextEventId) this.nextEventId = event.eventId + 1
    switch (event.type) {
      case 'OrchestratorStarted':
      case 'OrchestratorCompleted':
        return
      case 'SubOrchestrationInstanceCreated':
        if (event.tags?.[fireAndForgetTag] === undefined) this.#open(event)
        return
      case 'TaskScheduled':
        this.#open(event)
        return
      case 'TimerCreated':
        if (event.eventId !== splitTimerId) this.#open(event)
        return
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'SubOrchestrationInstanceCompleted':
      case 'SubOrchestrationInstanceFailed':
        this.#close(event.taskScheduledId)
        return
      case 'TimerFired':
        this.#close(event.timerId)
        return
      default:
        this.#applyLifecycle(event)
    }
  }

  #open(event: ScheduledEvent): void {
    const id = event.eventId
    if (this.open.has(id)) throw this.#corrupt(`it schedules #${id} twice`)
    if (this.#early?.has(id) === true) throw this.#corrupt(`it completes #${id} before it schedules it`)
    this.open.set(id, event)
  }

  #close(id: number): void {
    if (!this.open.delete(id) && id >= this.nextEventId) (this.#early ??= new Set()).add(id)
  }

  #applyLifecycle(event: HistoryEvent): void {
    switch (event.type) {
      case 'ExecutionStarted':
        if (this.start !== undefined) throw this.#corrupt('it starts twice')
        this.start = event
        return
      case 'ExecutionCompleted':
      case 'ContinueAsNew':
        if (this.completion !== undefined && !(this.status === 'ContinuedAsNew' && event.status === 'Terminated')) return
        this.completion = event
        this.status = event.status
        return
      case 'ExecutionSuspended':
        if (this.completion === undefined) this.status = 'Suspended'
        return
      case 'ExecutionResumed':
        if (this.completion === undefined) this.status = 'Running'
        return
      case 'ExecutionRewound':
        if (this.start !== undefined) this.start = askedAgain(this.start, event)
        return
      default:
        if (!Object.hasOwn(eventTypeNumbers, event.type)) throw this.#corrupt(`it holds an event of unknown type '${String((event as { type: unknown }).type)}'`)
    }
  }

  #corrupt(problem: string): Error {
    return dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: this.instanceId, problem })
  }
}
