/**
 * One queue: what comes in, who receives, what is where. Settlements are in settlement.ts.
 * Invariants: a message is in exactly one of the ready list (or that of its session), the locks, the deferred, the schedule; sequence numbers rise; the journal is told before a caller is answered.
 */
import { BrokerError } from './broker-error.js'
import type { BrokerHost } from './broker-host.js'
import { checkSend } from './check-send.js'
import { Dispatcher } from './dispatcher.js'
import { DuplicateWindow } from './duplicate-window.js'
import { Expiry } from './expiry.js'
import { LockTable, type Lock } from './lock-table.js'
import type { IncomingMessage, PropertyChanges, StoredMessage } from './message.js'
import { MessageTable } from './message-table.js'
import type { QueueCounts } from './queue-counts.js'
import { deadLetterSettings, type QueueSettings } from './queue-settings.js'
import type { Receiver } from './receiver.js'
import { Schedule } from './schedule.js'
import { SequenceList } from './sequence-list.js'
import type { Session } from './session.js'
import { SessionTable } from './session-table.js'
import { Settlement } from './settlement.js'
import { storeMessage } from './store-message.js'

export class Queue {
  readonly messages: MessageTable
  readonly locks: LockTable
  readonly sessions: SessionTable
  readonly settlement: Settlement
  readonly deadLetters: Queue | undefined
  readonly seen: DuplicateWindow
  readonly createdAtMs: number
  updatedAtMs: number
  accessedAtMs: number
  readonly #ready = new SequenceList()
  readonly #schedule: Schedule
  readonly #expiry: Expiry
  readonly #dispatcher: Dispatcher
  #settings: QueueSettings

  constructor(
    readonly host: BrokerHost,
    settings: QueueSettings,
    /** Of a dead-letter queue. */
    readonly isDeadLetterQueue = false,
  ) {
    this.#settings = settings
    this.createdAtMs = this.updatedAtMs = this.accessedAtMs = host.clock.nowMs()
    const lockDurationMs = (): number => this.#settings.lockDurationMs
    this.messages = new MessageTable(settings.name, host.journal)
    this.locks = new LockTable(host.clock, host.newLockToken, lockDurationMs, (lock) => this.settlement.lose(lock))
    this.settlement = new Settlement(this)
    this.sessions = new SessionTable(host.clock, lockDurationMs, (session, expired) => this.settlement.giveBackAll(session, expired))
    this.seen = new DuplicateWindow(host.clock)
    this.#schedule = new Schedule(host.clock, (message) => this.#activate(message))
    this.#expiry = new Expiry(host.clock, (message) => this.#expire(message))
    this.#dispatcher = new Dispatcher(this.#ready, (receiver, message) => this.#hand(receiver, message, undefined))
    if (!isDeadLetterQueue) this.deadLetters = new Queue(host, deadLetterSettings(settings), true)
  }

  get name(): string {
    return this.#settings.name
  }

  get settings(): QueueSettings {
    return this.#settings
  }

  /** Whether the queue takes sessions cannot change. */
  update(settings: QueueSettings): void {
    this.#settings = settings
    this.updatedAtMs = this.host.clock.nowMs()
    this.deadLetters?.update(deadLetterSettings(settings))
  }

  /** Throws what a send of this message would be refused for. */
  checkSend(message: IncomingMessage): void {
    checkSend(this.#settings, this.messages.sizeBytes, message)
  }

  /** Takes a message in; the sequence number it got, or 0 for a duplicate, which is dropped without a word as the service does. */
  send(incoming: IncomingMessage): number {
    this.checkSend(incoming)
    return this.host.journal.atomically(() => this.#enqueue(incoming))
  }

  cancelScheduled(sequenceNumbers: readonly number[]): void {
    const messages = sequenceNumbers.map((sequenceNumber) => {
      const message = this.messages.get(sequenceNumber)
      if (message?.state === 'scheduled') return message
      throw new BrokerError('message-not-found', `The scheduled message with sequence number ${sequenceNumber} could not be found.`)
    })
    this.host.journal.atomically(() => {
      for (const message of messages) {
        this.#schedule.remove(message)
        this.discard(message)
      }
    })
  }

  addReceiver(receiver: Receiver): void {
    this.#checkReceive()
    this.#dispatcher.add(receiver)
  }

  /** Returns whether the receiver holds a session now; if not, it waits for one. */
  acceptSession(receiver: Receiver, id: string | undefined): boolean {
    this.#checkReceive()
    return this.sessions.accept(receiver, id)
  }

  /** The link is gone. A session is free at once; locks of other messages stay until they are settled or expire, as in the service. */
  removeReceiver(receiver: Receiver): void {
    this.sessions.stopWaiting(receiver)
    this.#dispatcher.remove(receiver)
    this.sessions.release(receiver, false)
  }

  /** Delivers what the receiver can take. */
  pump(receiver: Receiver): void {
    if (!this.#settings.requiresSession) return this.#dispatcher.pump()
    const session = this.sessions.heldBy(receiver)
    if (session !== undefined) this.#pumpSession(session, receiver)
  }

  peek(fromSequenceNumber: number, count: number, sessionId: string | undefined): StoredMessage[] {
    const found: StoredMessage[] = []
    const source = sessionId === undefined ? this.messages : (this.sessions.get(sessionId)?.messages.values() ?? [])
    for (const message of source as Iterable<StoredMessage>) {
      if (found.length === count) break
      if (message.sequenceNumber >= fromSequenceNumber) found.push(message)
    }
    return found
  }

  /** Locks deferred messages, all of them or none. */
  takeDeferred(sequenceNumbers: readonly number[], session: Session | undefined): Lock[] {
    const messages = sequenceNumbers.map((sequenceNumber) => {
      const message = this.messages.get(sequenceNumber)
      if (message?.state === 'deferred' && (session === undefined || message.sessionId === session.id)) return message
      throw new BrokerError('message-not-found', `Failed to lock one or more specified messages. The message with sequence number ${sequenceNumber} does not exist or is not deferred.`)
    })
    return messages.map((message) => this.locks.add(message, session))
  }

  setSessionState(session: Session, state: Uint8Array | undefined): void {
    session.state = state
    session.updatedAtMs = this.host.clock.nowMs()
    this.host.journal.write({ kind: 'session-state', queue: this.name, sessionId: session.id, state })
  }

  counts(): QueueCounts {
    const counts = { active: 0, locked: 0, deferred: 0, scheduled: 0 }
    for (const message of this.messages as Iterable<StoredMessage>) counts[message.state]++
    let sessions = 0
    for (const session of this.sessions as Iterable<Session>) if (session.messages.size > 0 || session.state !== undefined) sessions++
    return { ...counts, deadLettered: this.deadLetters?.messages.size ?? 0, sessions, sizeBytes: this.messages.sizeBytes }
  }

  /** A message can be received (again). `deliver` is false while a session is being given back: its next holder gets it. */
  makeReady(message: StoredMessage, deliver: boolean): void {
    message.state = 'active'
    if (message.expiresAtMs <= this.host.clock.nowMs()) return this.#endOfLife(message)
    if (!this.#settings.requiresSession) {
      this.#ready.add(message)
      if (deliver) this.#dispatcher.pump()
      return
    }
    const session = this.sessions.obtain(message.sessionId ?? '')
    session.ready.add(message)
    if (!deliver) return
    if (session.holder === undefined) this.sessions.offer(session)
    else this.#pumpSession(session, session.holder)
  }

  moveToDeadLetters(message: StoredMessage, changes: PropertyChanges): void {
    this.host.journal.atomically(() => {
      this.discard(message)
      this.deadLetters?.takeDead(message, this.host.editor.withProperties(message.content, changes), this.name)
    })
  }

  takeDead(message: StoredMessage, content: StoredMessage['content'], deadLetterSource: string): void {
    const dead: StoredMessage = { ...message, content, deadLetterSource, sequenceNumber: this.messages.nextSequenceNumber(), state: 'active', expiresAtMs: Number.POSITIVE_INFINITY }
    this.messages.add(dead)
    this.makeReady(dead, true)
  }

  /** Removes a message for good. */
  discard(message: StoredMessage): void {
    this.#expiry.forget(message)
    this.messages.remove(message)
    if (this.#settings.requiresSession) this.sessions.untrack(message, message.sequenceNumber)
  }

  /** Puts back what a store kept. */
  restore(message: StoredMessage): void {
    this.messages.insert(message)
    if (this.#settings.requiresSession) this.sessions.track(message)
    this.#expiry.watch(message)
    if (message.state === 'scheduled') this.#schedule.add(message)
    else if (message.state === 'active') this.makeReady(message, true)
  }

  /** Ends all timers. */
  close(): void {
    this.#schedule.clear()
    this.#expiry.clear()
    this.locks.clear()
    this.sessions.clear()
    this.deadLetters?.close()
  }

  #enqueue(incoming: IncomingMessage): number {
    const { requiresDuplicateDetection, duplicateDetectionWindowMs, requiresSession } = this.#settings
    const nowMs = this.host.clock.nowMs()
    this.accessedAtMs = nowMs
    if (requiresDuplicateDetection) {
      if (this.seen.has(incoming.messageId)) return 0
      const untilMs = nowMs + duplicateDetectionWindowMs
      this.seen.add(incoming.messageId, untilMs)
      this.host.journal.write({ kind: 'seen', queue: this.name, messageId: incoming.messageId, untilMs })
    }
    const message = storeMessage(this.#settings, incoming, { sequenceNumber: this.messages.nextSequenceNumber(), nowMs })
    this.messages.add(message)
    if (requiresSession) this.sessions.track(message)
    this.#expiry.watch(message)
    if (message.state === 'scheduled') this.#schedule.add(message)
    else this.makeReady(message, true)
    return message.sequenceNumber
  }

  /** The time of a scheduled message has come: it is enqueued now, under a new sequence number. */
  #activate(message: StoredMessage): void {
    this.host.journal.atomically(() => {
      const { sequenceNumber } = message
      this.messages.remove(message)
      message.sequenceNumber = this.messages.nextSequenceNumber()
      message.enqueuedAtMs = this.host.clock.nowMs()
      message.state = 'active'
      this.messages.add(message)
      if (this.#settings.requiresSession) {
        this.sessions.track(message)
        this.sessions.untrack(message, sequenceNumber)
      }
      this.makeReady(message, true)
    })
  }

  #hand(receiver: Receiver, message: StoredMessage, session: Session | undefined): void {
    if (!receiver.deletesOnReceipt) return receiver.deliver(message, this.locks.add(message, session))
    this.discard(message)
    receiver.deliver(message, undefined)
  }

  #pumpSession(session: Session, holder: Receiver): void {
    while (session.holder === holder && session.ready.length > 0 && holder.wantsMessage()) {
      const message = session.ready.shift()
      if (message !== undefined) this.#hand(holder, message, session)
    }
  }

  /** A locked message outlives its time until it comes back; a deferred one until somebody asks for it, as in the service. */
  #expire(message: StoredMessage): void {
    if (message.state !== 'active') return
    if (!this.#settings.requiresSession) this.#ready.remove(message)
    else {
      const session = this.sessions.obtain(message.sessionId ?? '')
      session.ready.remove(message)
      this.sessions.withdrawIfDry(session)
    }
    this.#endOfLife(message)
  }

  #endOfLife(message: StoredMessage): void {
    const toDeadLetters = this.#settings.deadLetteringOnMessageExpiration
    this.host.log?.(`${this.name}: message ${message.sequenceNumber} expired${toDeadLetters ? ' and moves to the dead-letter queue' : ''}`)
    if (toDeadLetters) this.settlement.deadLetterExpired(message)
    else this.discard(message)
  }

  #checkReceive(): void {
    const { status, name } = this.#settings
    if (status === 'Disabled' || status === 'ReceiveDisabled') throw new BrokerError('entity-disabled', `Messaging entity '${name}' is currently disabled for receiving.`)
  }
}
