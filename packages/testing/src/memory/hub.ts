/**
 * The task hub in memory: its parts, and the one way in which a message gets into a queue.
 * Invariants: every operation of a port runs to its end in one synchronous step, so nothing is ever seen half done; `pump` is called once at its end, so that what was sent together is delivered together.
 */
import { addMs, dueMsFromTicks, type Clock, type CommitDiscipline, type InstanceId, type OutboundMessage, type Ticks } from '@dtfx/core/provider'
import { ActivityQueue } from './activity-queue.js'
import type { CommitOrder } from './commit/commit-order.js'
import { messagesFirst } from './commit/messages-first.js'
import { stateFirstOutbox } from './commit/state-first-outbox.js'
import { DelayedMessages } from './delayed-messages.js'
import type { Holder } from './held-item.js'
import { Inboxes } from './inboxes.js'
import type { InstanceRecord } from './instance-record.js'
import { LockTable } from './lock-table.js'
import type { CheckedMemoryOptions } from './options.js'
import { Quarantine } from './quarantine.js'
import { QueuedMessage } from './queued-message.js'
import { Store } from './store.js'
import type { StoreObserver } from './store-observer.js'

/** What a store may do to messages that it promises to deliver at least once and in no order. */
export interface MessageFaults {
  /** The copies that are delivered of a message, each with its delay in milliseconds. */
  copies(): readonly number[]
  /** The place a message takes among those that wait; undefined: that of its arrival. `again`: it was delivered before. */
  place(waiting: number, again: boolean): number | undefined
}

const commitOrders: Readonly<Record<CommitDiscipline, CommitOrder | undefined>> = { atomic: undefined, 'messages-first': messagesFirst, 'state-first-outbox': stateFirstOutbox }

export class Hub {
  readonly store = new Store()
  readonly inboxes = new Inboxes(this)
  readonly activities = new ActivityQueue(this)
  readonly quarantine = new Quarantine(this)
  readonly delayed: DelayedMessages
  readonly locks: LockTable
  readonly commit: CommitDiscipline
  readonly localActivities: boolean
  /** How turns are committed; undefined: atomically. */
  readonly order: CommitOrder | undefined
  /** What becomes of messages on their way, in a simulation. */
  faults: MessageFaults | undefined
  observer: StoreObserver | undefined
  /** Counts whatever moved, so that an observer can tell that nothing did. */
  moves = 0
  #observers: (() => void)[] = []
  #order = 0
  #stampMs = Number.NaN
  #stamp: Ticks = ''

  constructor(
    readonly clock: Clock,
    { lockTimeoutMs, commit, localActivities }: CheckedMemoryOptions,
  ) {
    this.commit = commit
    this.localActivities = localActivities
    this.order = commitOrders[commit]
    this.locks = new LockTable(clock, lockTimeoutMs)
    this.delayed = new DelayedMessages(clock, (messages) => {
      for (const message of messages) this.#becomeVisible(message)
      this.pump()
    })
  }

  /** Stores a message that was sent. */
  post(outbound: OutboundMessage, sender: InstanceId | undefined, clock: Clock): void {
    const { deliverAt } = outbound
    const at = deliverAt === undefined ? undefined : this.timeOf(deliverAt, clock)
    this.observer?.sent(outbound, sender)
    if (this.faults === undefined) return this.place(QueuedMessage.from(outbound, sender), at)
    for (const lateMs of this.faults.copies()) this.place(QueuedMessage.from(outbound, sender), lateMs === 0 ? at : (addMs(at ?? this.nowTicks(), lateMs) as Ticks))
  }

  /** An activity that the process that schedules it may run itself. */
  mayRunLocally({ target, deliverAt }: OutboundMessage): boolean {
    return this.localActivities && target.kind === 'activity' && deliverAt === undefined
  }

  /** Stores an activity for `holder` itself, if that has a free slot. */
  postLocal(outbound: OutboundMessage, sender: InstanceId, holder: Holder): void {
    this.observer?.sent(outbound, sender)
    this.activities.addLocal(this.arrive(QueuedMessage.from(outbound, sender)), holder)
  }

  /** What another clock means by a time: as far from now as it is there. */
  timeOf(time: Ticks, clock: Clock): Ticks {
    return clock === this.clock ? time : (addMs(time, this.clock.nowMs() - clock.nowMs()) as Ticks)
  }

  /** Stores a message that was sent by itself, and hands it out. */
  deliver(outbound: OutboundMessage, sender: InstanceId | undefined, clock: Clock): void {
    this.post(outbound, sender, clock)
    this.pump()
  }

  /** Puts a message into its queue, or keeps it until `notBefore`. */
  place(message: QueuedMessage, notBefore?: Ticks): void {
    if (notBefore !== undefined) {
      const dueMs = dueMsFromTicks(notBefore)
      if (dueMs > this.clock.nowMs()) return this.#delay(message, dueMs)
    }
    this.arrive(message)
    if (message.target === undefined) this.activities.add(message)
    else this.inboxes.add(this.store.obtain(message.target), message)
  }

  /** Hands out what can be handed out. */
  pump(): void {
    this.inboxes.pump()
    this.moved()
  }

  moved(): void {
    this.moves++
    if (this.#observers.length === 0) return
    const observers = this.#observers
    this.#observers = []
    for (const observer of observers) observer()
  }

  /** Resolves at the end of the next operation. */
  nextMove(): Promise<void> {
    return new Promise((resolve) => this.#observers.push(resolve))
  }

  /** Drops messages to an instance that are not visible yet. */
  dropDelayed(record: InstanceRecord, wanted: (message: QueuedMessage) => boolean): void {
    const { delayed } = record
    if (delayed === undefined) return
    for (const message of delayed) {
      if (!wanted(message)) continue
      delayed.delete(message)
      this.delayed.remove(message)
    }
    if (delayed.size === 0) record.delayed = undefined
  }

  /** The time as text; made once per millisecond. */
  nowTicks(): Ticks {
    const nowMs = this.clock.nowMs()
    if (nowMs !== this.#stampMs) {
      this.#stampMs = nowMs
      this.#stamp = this.clock.nowTicks()
    }
    return this.#stamp
  }

  /** Forgets everything stored; items in progress lose their locks. */
  clear(): void {
    this.inboxes.clear()
    this.activities.clear()
    this.delayed.clear()
    this.quarantine.clear()
    this.store.clear()
    this.locks.loseAll({ withMessages: true })
  }

  /** Ends timers and wakes those who watch, so that they see that the service is closed. */
  close(): void {
    this.delayed.clear()
    this.locks.close()
    this.store.notifyAll()
  }

  #delay(message: QueuedMessage, dueMs: number): void {
    this.delayed.add(message, dueMs)
    if (message.target === undefined) return
    const record = this.store.obtain(message.target)
    ;(record.delayed ??= new Set()).add(message)
  }

  #becomeVisible(message: QueuedMessage): void {
    if (message.target !== undefined) {
      const record = this.store.obtain(message.target)
      if (record.delayed?.delete(message) === true && record.delayed.size === 0) record.delayed = undefined
    }
    this.place(message)
  }

  /** The order of arrival is drawn once: a message that comes back keeps its place. */
  arrive(message: QueuedMessage): QueuedMessage {
    if (message.order !== 0) return message
    message.order = ++this.#order
    message.enqueuedAt = this.nowTicks()
    message.enqueuedMs = this.#stampMs
    return message
  }
}
