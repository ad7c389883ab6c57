/**
 * Decides, before any code runs, what each delivered message means for the instance: admitted into the turn, without effect, or not yet. Pure.
 *
 * Invariants:
 * 1. Every message of the item gets exactly one settlement; `consumed` only those whose effect the turn's checkpoint will contain.
 * 2. A message is never admitted twice: completions only for open tasks whose scheduled message they answer, others only if their id is not among the consumed ones.
 * 3. Nothing but a start revives a finished instance, and nothing but a rewind a failed one.
 * 4. A message that cannot be understood is quarantined alone; it never changes what the others mean.
 */
import { limits } from '../base/limits.js'
import { compareTicks, addMs, type Ticks } from '../base/ticks.js'
import { splitTimerId, type ExecutionRewoundEvent, type ExecutionStartedEvent, type HistoryEvent, type TimerFiredEvent } from '../model/events.js'
import { isFinal } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { Delivered, Settlement } from '../provider/work-items.js'
import { isConsumed, withConsumed } from './consumed-ids.js'
import { shapeProblem } from './message-shape.js'
import { judgeStart } from './judge-start.js'
import type { PreparedTurn, SetAside, TurnInputs, TurnKind } from './prepared-turn.js'

export function prepareTurn(inputs: TurnInputs): PreparedTurn {
  const { messages } = inputs
  const turn = new Preparation(inputs)
  let done: Set<Delivered> | undefined
  for (let index = 0; index < messages.length; index++) {
    const delivered = messages[index] as Delivered
    const problem = shapeProblem(delivered.message)
    if (problem !== undefined) turn.quarantine(delivered, problem)
    else if (delivered.message.event.type === 'ExecutionStarted') turn.start(delivered, delivered.message.event, index)
    else continue
    ;(done ??= new Set()).add(delivered)
  }
  for (let index = 0; index < messages.length; index++) {
    const delivered = messages[index] as Delivered
    if (done === undefined || !done.has(delivered)) turn.other(delivered, index)
  }
  return turn.result()
}

/** How soon a message that came before its start is looked at again. */
const earlyDeferMs = 1_000

const lifecycle: ReadonlySet<HistoryEvent['type']> = new Set(['ExecutionSuspended', 'ExecutionResumed', 'ExecutionTerminated', 'ExecutionRewound'])

class Preparation {
  readonly #admitted: HistoryEvent[] = []
  readonly #settlements: Settlement[] = []
  readonly #refused: { start: ExecutionStartedEvent; messageId: MessageId }[] = []
  readonly #discarded: SetAside[] = []
  readonly #quarantined: SetAside[] = []
  #answered: Set<number> | undefined
  readonly #isOver: boolean
  readonly #taken: MessageId[] = []
  readonly #repeated: MessageId[] = []
  #started: ExecutionStartedEvent | undefined
  /** Place in the batch of the start that takes over a stored execution; −1: none does. */
  #takeOver = -1
  #trigger = false
  #isTerminated = false
  #answerAgain = false
  #asked: ExecutionRewoundEvent | undefined
  #rewind: ExecutionRewoundEvent | undefined
  #unscheduledCount = 0

  constructor(readonly inputs: TurnInputs) {
    const { runtime, state } = inputs
    const isStateOver = state !== undefined && isFinal(state.status) && (runtime === undefined || runtime.executionId === '' || runtime.executionId === state.executionId)
    this.#isOver = isStateOver || runtime?.isFinal === true
  }

  result(): PreparedTurn {
    const kind = this.#kind()
    return {
      kind,
      admitted: this.#admitted,
      settlements: this.#settlements,
      consumedIds: this.#taken.length === 0 ? undefined : withConsumed(this.inputs.consumedIds, this.#taken, this.inputs.commit === 'atomic'),
      deletes: this.#repeated.length === 0 ? this.#taken : [...this.#taken, ...this.#repeated],
      replaces: this.inputs.hasHistory && (this.#started !== undefined || kind === 'terminate-pending'),
      refusedStarts: this.#refused,
      rewind: this.#rewind,
      answerAgain: this.#answerAgain && this.#started === undefined,
      asked: this.#asked,
      discarded: this.#discarded,
      quarantined: this.#quarantined,
    }
  }

  start(delivered: Delivered, event: ExecutionStartedEvent, index: number): void {
    const { runtime, state } = this.inputs
    if (this.#wasConsumed(delivered)) {
      if (this.#isOver && runtime?.start?.messageId === delivered.id) this.#answerAgain = true
      return this.#repeat(delivered)
    }
    const verdict = judgeStart(event, { started: this.#started, runtime, state, isOver: this.#isOver })
    if (verdict.kind === 'refuse' && event.parent !== undefined) this.#refused.push({ start: event, messageId: delivered.id })
    if (verdict.kind !== 'accept') return this.#discard(delivered, verdict.reason)
    this.#started = { ...event, messageId: event.messageId ?? delivered.id }
    if (runtime !== undefined || this.#admitted.length > 0) this.#takeOver = index
    this.#remember(delivered)
    this.#settle(delivered, 'consumed')
    this.#admitted.length = 0
    this.#admitted.push(this.#started)
  }

  other(delivered: Delivered, index: number): void {
    const { runtime } = this.inputs
    const event = delivered.message.event
    if (this.#wasConsumed(delivered)) {
      if (event.type === 'ExecutionRewound' && delivered.sender !== undefined && this.#isOver) this.#answerAgain = true
      return this.#repeat(delivered)
    }
    if (index < this.#takeOver && lifecycle.has(event.type)) return this.#discard(delivered, 'for the execution that was replaced')
    const executionId = this.#started?.instance.executionId ?? runtime?.executionId
    if (executionId === undefined) return this.#beforeStart(delivered, event)
    const target = delivered.message.instance.executionId
    if (target !== undefined && target !== '' && target !== executionId && !this.#answersOpenTask(delivered, event)) return this.#discard(delivered, 'for another execution')
    if (this.#started === undefined && this.#isOver) return this.#afterEnd(delivered, event)
    if (event.type === 'EventRaised' || lifecycle.has(event.type)) return this.#admitUnscheduled(delivered, event)
    return this.#admitAnswer(delivered, event)
  }

  quarantine(delivered: Delivered, reason: string): void {
    this.#quarantined.push({ message: delivered, reason })
    this.#settlements.push({ receipt: delivered.receipt, outcome: 'quarantine', code: 'DTFX_POISON', reason })
  }

  #kind(): TurnKind {
    if (this.#rewind !== undefined) return 'rewind'
    if (this.#isTerminated) return 'terminate-pending'
    return this.#admitted.length > 0 || this.#trigger ? 'run' : 'settle'
  }

  /** After a rewind, failed children are open again: their answers may name the execution that scheduled them. */
  #answersOpenTask(delivered: Delivered, event: HistoryEvent): boolean {
    if (delivered.replyTo === undefined || !('taskScheduledId' in event)) return false
    return this.inputs.runtime?.open.get(event.taskScheduledId)?.messageId === delivered.replyTo
  }

  #beforeStart(delivered: Delivered, event: HistoryEvent): void {
    const { state, now } = this.inputs
    if (state === undefined) return this.#toNobody(delivered)
    if (state.status !== 'Pending') return this.#discard(delivered, 'the instance is over')
    if (this.#isTerminated) return this.#discard(delivered, 'the instance is over')
    const target = delivered.message.instance.executionId
    if (target !== undefined && target !== '' && target !== state.executionId) return this.#discard(delivered, 'for another execution')
    if (event.type === 'ExecutionTerminated') {
      this.#isTerminated = true
      this.#remember(delivered)
      this.#admitted.push(event)
      return this.#settle(delivered, 'consumed')
    }
    const soon = addMs(now, 1_000) as Ticks
    const start = state.scheduledStartAt
    return this.#settle(delivered, 'defer', start !== undefined && compareTicks(start, now) > 0 ? start : soon)
  }

  /** Where messages keep no order, one from an instance may come before the start of its target, or before the commit of the turn that it answers. */
  #toNobody(delivered: Delivered): void {
    const { commit, now } = this.inputs
    const isFromInstance = delivered.sender !== undefined || delivered.message.instance.executionId !== undefined
    const isEarly = commit !== 'atomic' && isFromInstance && compareTicks(addMs(delivered.enqueuedAt, limits.earlyMessageGraceMs) as Ticks, now) > 0
    if (isEarly) return this.#settle(delivered, 'defer', addMs(now, earlyDeferMs) as Ticks)
    return this.#discard(delivered, 'no such instance')
  }

  #afterEnd(delivered: Delivered, event: HistoryEvent): void {
    if (this.#rewind !== undefined && event.type !== 'ExecutionRewound' && (event.type === 'EventRaised' || lifecycle.has(event.type))) {
      return this.#settle(delivered, 'defer', this.inputs.now)
    }
    if (event.type === 'ExecutionRewound') return this.#rewindAfterEnd(delivered, event)
    return this.#discard(delivered, 'the instance is over')
  }

  #rewindAfterEnd(delivered: Delivered, event: ExecutionRewoundEvent): void {
    const isAsked = this.#isAsked(delivered, event)
    if (event.messageId !== undefined && !isAsked) return this.#discard(delivered, 'for another execution')
    // A client's rewind came first: what the parent waits for is noted once the execution runs.
    if (this.#rewind !== undefined) return isAsked ? this.#settle(delivered, 'defer', this.inputs.now) : this.#discard(delivered, 'the instance is over')
    if (this.inputs.runtime?.status === 'Failed') {
      this.#rewind = event
      this.#remember(delivered)
      return this.#settle(delivered, 'consumed')
    }
    // A rewound parent asks again for what it may have thrown away while it was over.
    if (delivered.sender !== undefined) this.#answerAgain = true
    if (isAsked) this.#asked = event
    return this.#discard(delivered, 'the instance is over')
  }

  /** The rewound parent of this very execution waits for an answer to this message. */
  #isAsked({ sender }: Delivered, { messageId, previousMessageId }: ExecutionRewoundEvent): boolean {
    const start = this.#started ?? this.inputs.runtime?.start
    if (messageId === undefined || start?.parent === undefined) return false
    return previousMessageId === undefined ? sender === start.parent.instance.instanceId : previousMessageId === start.messageId
  }

  #admitUnscheduled(delivered: Delivered, event: HistoryEvent): void {
    if (event.type === 'ExecutionRewound' && !this.#isAsked(delivered, event)) return this.#discard(delivered, 'the instance has not failed')
    if (event.type === 'ExecutionTerminated' && !this.#mayTerminate(delivered)) return this.#discard(delivered, 'from an instance that is not its parent')
    if (this.#unscheduledCount >= limits.maxUnscheduledMessagesPerTurn) return this.#settle(delivered, 'defer', this.inputs.now)
    this.#remember(delivered)
    this.#admitted.push(event)
    this.#settle(delivered, 'consumed')
  }

  /** Clients may, and the parent: an instance whose start was refused here must not end what somebody else runs under this id. */
  #mayTerminate(delivered: Delivered): boolean {
    const parent = (this.#started ?? this.inputs.runtime?.start)?.parent
    return delivered.sender === undefined || delivered.sender === parent?.instance.instanceId
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
        return this.#admitTimer(delivered, event)
      default:
        this.quarantine(delivered, `a ${event.type} event is no message to an instance`)
    }
  }

  #admitTimer(delivered: Delivered, event: TimerFiredEvent): void {
    const isSplit = event.timerId === splitTimerId
    if (!isSplit && !this.#isOpen(event.timerId)) return this.#discard(delivered, 'the task is not open')
    if (compareTicks(event.fireAt, this.inputs.now) > 0) return this.#settle(delivered, 'defer', event.fireAt)
    if (!isSplit) return this.#answer(delivered, event, event.timerId, 'TimerCreated')
    this.#trigger = true
    return this.#settle(delivered, 'consumed')
  }

  #isOpen(id: number): boolean {
    return this.#started === undefined && this.inputs.runtime?.open.has(id) === true && this.#answered?.has(id) !== true
  }

  #answer(delivered: Delivered, event: HistoryEvent, id: number, type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated'): void {
    const scheduled = this.#started === undefined ? this.inputs.runtime?.open.get(id) : undefined
    if (scheduled === undefined || this.#answered?.has(id) === true) return this.#discard(delivered, 'the task is not open')
    if (scheduled.type !== type) return this.#discard(delivered, 'the task is of another kind')
    const { replyTo, sender } = delivered
    if (replyTo !== undefined && scheduled.messageId !== undefined && replyTo !== scheduled.messageId) return this.#discard(delivered, 'it does not answer the message that counts')
    if (replyTo === undefined && sender !== undefined && scheduled.type === 'SubOrchestrationInstanceCreated' && sender !== scheduled.instanceId) {
      return this.#discard(delivered, 'it is from another instance than the child')
    }
    ;(this.#answered ??= new Set()).add(id)
    this.#admitted.push(event)
    this.#settle(delivered, 'consumed')
  }

  #wasConsumed(delivered: Delivered): boolean {
    return isConsumed(this.inputs.consumedIds, delivered.id) || (this.#taken.length > 0 && this.#taken.includes(delivered.id))
  }

  #repeat(delivered: Delivered): void {
    this.#repeated.push(delivered.id)
    this.#discard(delivered, 'delivered before')
  }

  #remember(delivered: Delivered): void {
    this.#taken.push(delivered.id)
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
