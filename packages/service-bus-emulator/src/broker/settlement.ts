/** What becomes of a delivered message. A settlement counts as a failed delivery when the client abandons or loses the message, not when it gives its session back. */
import { BrokerError } from './broker-error.js'
import type { Lock } from './lock-table.js'
import type { PropertyChanges, PropertyValue, StoredMessage } from './message.js'
import type { Queue } from './queue.js'
import type { Session } from './session.js'

/** A client's decision about one message. */
export type Outcome =
  | { readonly kind: 'complete' }
  | { readonly kind: 'abandon'; readonly changes: PropertyChanges }
  | { readonly kind: 'defer'; readonly changes: PropertyChanges }
  | { readonly kind: 'dead-letter'; readonly changes: PropertyChanges }
  /** Back in its place, not counted. */
  | { readonly kind: 'release' }

const noChanges: PropertyChanges = new Map()

/** Why a message is in the dead-letter queue, as its readers see it. */
const because = (reason: string, description: string): PropertyChanges =>
  new Map<string, PropertyValue>([
    ['DeadLetterReason', reason],
    ['DeadLetterErrorDescription', description],
  ])

export class Settlement {
  constructor(readonly queue: Queue) {}

  settle(token: string, outcome: Outcome): void {
    const { locks, host } = this.queue
    const lock = locks.findFree(token)
    this.#check(outcome)
    host.journal.atomically(() => this.apply(lock, outcome))
  }

  /** Throws what a settlement would be refused for. */
  check(token: string, outcome: Outcome): Lock {
    const lock = this.queue.locks.find(token)
    this.#check(outcome)
    return lock
  }

  apply(lock: Lock, outcome: Outcome): void {
    const { locks } = this.queue
    const { message } = lock
    if (outcome.kind === 'release') return this.#giveBack(lock, { counts: false, changes: noChanges, deliver: true })
    if (outcome.kind === 'abandon') return this.#giveBack(lock, { counts: true, changes: outcome.changes, deliver: true })
    locks.remove(lock)
    if (outcome.kind === 'complete') return this.queue.discard(message)
    if (outcome.kind === 'dead-letter') return this.queue.moveToDeadLetters(message, outcome.changes)
    this.#edit(message, outcome.changes)
    message.state = 'deferred'
    this.queue.messages.changed(message)
  }

  /** The time of a lock is over. */
  lose(lock: Lock): void {
    this.queue.host.log?.(`${this.queue.name}: the lock of message ${lock.message.sequenceNumber} expired`)
    this.queue.host.journal.atomically(() => this.#giveBack(lock, { counts: true, changes: noChanges, deliver: true }))
  }

  /** All that the holder of a session had locked. */
  giveBackAll(session: Session, expired: boolean): void {
    if (session.locks.size === 0) return
    this.queue.host.journal.atomically(() => {
      for (const lock of [...session.locks]) this.#giveBack(lock, { counts: expired, changes: noChanges, deliver: false })
    })
  }

  deadLetterExpired(message: StoredMessage): void {
    this.queue.moveToDeadLetters(message, because('TTLExpiredException', 'The message expired and was dead lettered.'))
  }

  #giveBack(lock: Lock, how: { readonly counts: boolean; readonly changes: PropertyChanges; readonly deliver: boolean }): void {
    const { queue } = this
    const { message } = lock
    queue.locks.remove(lock)
    this.#edit(message, how.changes)
    if (how.counts) message.deliveryCount++
    message.state = lock.wasDeferred ? 'deferred' : 'active'
    const { maxDeliveryCount } = queue.settings
    if (how.counts && message.deliveryCount >= maxDeliveryCount) {
      queue.host.log?.(`${queue.name}: message ${message.sequenceNumber} failed ${maxDeliveryCount} times and moves to the dead-letter queue`)
      return queue.moveToDeadLetters(message, because('MaxDeliveryCountExceeded', `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`))
    }
    if (how.counts || how.changes.size > 0) queue.messages.changed(message)
    if (!lock.wasDeferred) queue.makeReady(message, how.deliver)
  }

  #edit(message: StoredMessage, changes: PropertyChanges): void {
    if (changes.size > 0) this.queue.messages.replaceContent(message, this.queue.host.editor.withProperties(message.content, changes))
  }

  #check(outcome: Outcome): void {
    if (outcome.kind === 'dead-letter' && this.queue.isDeadLetterQueue) throw new BrokerError('not-allowed', 'A message in a dead-letter queue cannot be dead-lettered again.')
  }
}
