/**
 * Decides, before any code runs, what each delivered message means for the instance: admitted into the turn, without effect, or not yet. Pure.
 *
 * Invariants:
 * 1. Every message of the item gets exactly one settlement; `consumed` only those whose effect the turn's checkpoint will contain.
 * 2. A message is never admitted twice: completions only for open tasks whose scheduled message they answer, others only if their id is not among the consumed ones.
 * 3. Nothing but a start revives a finished instance, and nothing but a rewind a failed one.
 */
import { limits } from '../base/limits.js'
import { compareTicks, addMs, type Ticks } from '../base/ticks.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import { splitTimerId, type ExecutionRewoundEvent, type ExecutionStartedEvent, type HistoryEvent, type HistoryEventOf } from '../model/events.js'
import { isFinal, type InstanceState } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { Delivered, Settlement } from '../provider/work-items.js'

export interface TurnInputs {
  readonly instanceId: string
  /** The stored history, folded; undefined when none is stored. */
  readonly runtime: RuntimeState | undefined
  readonly state: InstanceState | undefined
  readonly consumedIds: readonly MessageId[]
  readonly messages: readonly Delivered[]
  readonly now: Ticks
}

export type TurnKind =
  /** Nothing to run: only settle the messages. */
  | 'settle'
  /** Run the code of the stored or the started execution. */
  | 'run'
  /** A pending instance is terminated before it ever ran. */
  | 'terminate-pending'
  | 'rewind'

export interface PreparedTurn {
  readonly kind: TurnKind
  /** Events to append, in order; an ExecutionStarted first. */
  readonly admitted: readonly HistoryEvent[]
  readonly settlements: readonly Settlement[]
  /** Absent: unchanged. */
  readonly consumedIds?: readonly MessageId[] | undefined
  /** The started execution replaces the stored one. */
  readonly replaces: boolean
  /** Starts that were refused because the id is in use: their parents are told. */
  readonly refusedStarts: readonly { readonly start: ExecutionStartedEvent; readonly messageId: MessageId }[]
  readonly rewind?: ExecutionRewoundEvent | undefined
  /** Messages without effect, for the log. */
  readonly discarded: readonly { readonly message: Delivered; readonly reason: string }[]
}

export function prepareTurn(inputs: TurnInputs): PreparedTurn {
  const turn = new Preparation(inputs)
  const startsFirst = inputs.messages.filter((each) => each.message.event.type === 'ExecutionStarted')
  for (const message of startsFirst) turn.start(message, message.message.event as ExecutionStartedEvent)
  for (const message of inputs.messages) if (message.message.event.type !== 'ExecutionStarted') turn.other(message)
  return turn.result()
}

const unscheduled = new Set<HistoryEvent['type']>(['EventRaised', 'ExecutionSuspended', 'ExecutionResumed', 'ExecutionTerminated', 'ExecutionRewound'])

class Preparation {
  readonly #admitted: HistoryEvent[] = []
  readonly #settlements: Settlement[] = []
  readonly #refused: { start: ExecutionStartedEvent; messageId: MessageId }[] = []
  readonly #discarded: { message: Delivered; reason: string }[] = []
  readonly #answered = new Set<number>()
  readonly #consumed: MessageId[]
  #started: ExecutionStartedEvent | undefined
  #replaces = false
  #trigger = false
  #terminated: HistoryEventOf<'ExecutionTerminated'> | undefined
  #rewind: ExecutionRewoundEvent | undefined
  #unscheduledCount = 0

  constructor(readonly inputs: TurnInputs) {
    this.#consumed = [...inputs.consumedIds]
  }

  result(): PreparedTurn {
    const changed = this.#unscheduledCount > 0
    return {
      kind: this.#kind(),
      admitted: this.#admitted,
      settlements: this.#settlements,
      consumedIds: changed ? this.#consumed.slice(-limits.maxConsumedIds) : undefined,
      replaces: this.#replaces,
      refusedStarts: this.#refused,
      rewind: this.#rewind,
      discarded: this.#discarded,
    }
  }

  start(delivered: Delivered, event: ExecutionStartedEvent): void {
    const { runtime, state } = this.inputs
    if (this.#wasConsumed(delivered)) return this.#discard(delivered, 'delivered before')
    const current = this.#started ?? runtime?.start
    const executionId = event.instance.executionId
    if (current?.instance.executionId === executionId && current !== undefined) return this.#discard(delivered, 'this execution has started already')
    if (state !== undefined && isFinal(state.status) && state.executionId === executionId) return this.#discard(delivered, 'this execution is over')
    const live = this.#started !== undefined || (runtime !== undefined && !runtime.isFinal)
    if (live && !this.#mayReplace(current as ExecutionStartedEvent, event)) {
      if (event.parent !== undefined) this.#refused.push({ start: event, messageId: delivered.id })
      return this.#discard(delivered, 'the instance id is in use')
    }
    this.#started = { ...event, messageId: event.messageId ?? delivered.id }
    this.#replaces = runtime !== undefined
    this.#remember(delivered)
    this.#settle(delivered, 'consumed')
    this.#admitted.length = 0
    this.#admitted.push(this.#started)
  }

  other(delivered: Delivered): void {
    const { runtime } = this.inputs
    const event = delivered.message.event
    if (this.#wasConsumed(delivered)) return this.#discard(delivered, 'delivered before')
    const executionId = this.#started?.instance.executionId ?? runtime?.executionId
    if (executionId === undefined) return this.#beforeStart(delivered, event)
    const target = delivered.message.instance.executionId
    if (target !== undefined && target !== '' && target !== executionId && !this.#answersOpenTask(delivered, event)) return this.#discard(delivered, 'for another execution')
    if (this.#started === undefined && runtime?.isFinal === true) return this.#afterEnd(delivered, event)
    if (unscheduled.has(event.type)) return this.#admitUnscheduled(delivered, event)
    return this.#admitAnswer(delivered, event)
  }

  #kind(): TurnKind {
    if (this.#rewind !== undefined) return 'rewind'
    if (this.#terminated !== undefined && this.#started === undefined && this.inputs.runtime === undefined) return 'terminate-pending'
    return this.#admitted.length > 0 || this.#trigger ? 'run' : 'settle'
  }

  /** After a rewind, tasks of before are still open: their answers name the execution that scheduled them. */
  #answersOpenTask(delivered: Delivered, event: HistoryEvent): boolean {
    if (delivered.replyTo === undefined || !('taskScheduledId' in event)) return false
    return this.inputs.runtime?.open.get(event.taskScheduledId)?.messageId === delivered.replyTo
  }

  /** Same call of the same parent: a retry with an explicit id, or a re-run turn. The later start wins. */
  #mayReplace(current: ExecutionStartedEvent, next: ExecutionStartedEvent): boolean {
    const [a, b] = [current.parent, next.parent]
    return a !== undefined && b !== undefined && a.instance.instanceId === b.instance.instanceId && a.taskScheduleId === b.taskScheduleId
  }

  #beforeStart(delivered: Delivered, event: HistoryEvent): void {
    const { state, now } = this.inputs
    if (state?.status !== 'Pending') return this.#discard(delivered, state === undefined ? 'no such instance' : 'the instance is over')
    if (event.type === 'ExecutionTerminated') {
      this.#terminated = event
      this.#remember(delivered)
      this.#admitted.push(event)
      return this.#settle(delivered, 'consumed')
    }
    const soon = addMs(now, 1_000) as Ticks
    const start = state.scheduledStartAt
    return this.#settle(delivered, 'defer', start !== undefined && compareTicks(start, now) > 0 ? start : soon)
  }

  #afterEnd(delivered: Delivered, event: HistoryEvent): void {
    if (event.type === 'ExecutionRewound' && this.inputs.runtime?.status === 'Failed') {
      this.#rewind = event
      this.#remember(delivered)
      return this.#settle(delivered, 'consumed')
    }
    return this.#discard(delivered, 'the instance is over')
  }

  #admitUnscheduled(delivered: Delivered, event: HistoryEvent): void {
    if (event.type === 'ExecutionRewound') return this.#discard(delivered, 'the instance has not failed')
    if (this.#unscheduledCount >= limits.maxUnscheduledMessagesPerTurn) return this.#settle(delivered, 'defer', this.inputs.now)
    this.#remember(delivered)
    this.#admitted.push(event)
    this.#settle(delivered, 'consumed')
  }

  #admitAnswer(delivered: Delivered, event: HistoryEvent): void {
    switch (event.type) {
      case 'TaskCompleted':
      case 'TaskFailed':
        return this.#answer(delivered, event, event.taskScheduledId, 'TaskScheduled')
      case 'SubOrchestrationInstanceCompleted':
      case 'SubOrchestrationInstanceFailed':
        return this.#answer(delivered, event, event.taskScheduledId, 'SubOrchestrationInstanceCreated')
      case 'TimerFired':
        if (compareTicks(event.fireAt, this.inputs.now) > 0) return this.#settle(delivered, 'defer', event.fireAt)
        if (event.timerId === splitTimerId) {
          this.#trigger = true
          return this.#settle(delivered, 'consumed')
        }
        return this.#answer(delivered, event, event.timerId, 'TimerCreated')
      default:
        this.#settlements.push({ receipt: delivered.receipt, outcome: 'quarantine', code: 'DTFX_POISON', reason: `a ${event.type} event is no message to an instance` })
    }
  }

  #answer(delivered: Delivered, event: HistoryEvent, id: number, type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated'): void {
    const scheduled = this.#started === undefined ? this.inputs.runtime?.open.get(id) : undefined
    if (scheduled === undefined || this.#answered.has(id)) return this.#discard(delivered, 'the task is not open')
    if (scheduled.type !== type) return this.#discard(delivered, 'the task is of another kind')
    if (delivered.replyTo !== undefined && scheduled.messageId !== undefined && delivered.replyTo !== scheduled.messageId) {
      return this.#discard(delivered, 'it answers a message that was never committed')
    }
    this.#answered.add(id)
    this.#admitted.push(event)
    this.#settle(delivered, 'consumed')
  }

  #wasConsumed(delivered: Delivered): boolean {
    return this.#consumed.length > 0 && this.#consumed.includes(delivered.id)
  }

  #remember(delivered: Delivered): void {
    this.#consumed.push(delivered.id)
    this.#unscheduledCount++
  }

  #discard(delivered: Delivered, reason: string): void {
    this.#discarded.push({ message: delivered, reason })
    this.#settle(delivered, 'discard')
  }

  #settle(delivered: Delivered, outcome: 'consumed' | 'discard' | 'defer', until?: Ticks): void {
    this.#settlements.push(until === undefined ? { receipt: delivered.receipt, outcome } : { receipt: delivered.receipt, outcome, until })
  }
}
