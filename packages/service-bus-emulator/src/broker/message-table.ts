/**
 * All messages of one queue in any state, by sequence number, and what the journal is told about them.
 * Invariant: iteration goes by rising sequence number, because numbers only rise and a message that gets a new one moves to the end.
 */
import type { Journal } from './journal.js'
import { sizeOf, type MessageContent, type StoredMessage } from './message.js'

export class MessageTable {
  readonly #messages = new Map<number, StoredMessage>()
  #lastSequenceNumber = 0
  #sizeBytes = 0

  constructor(
    readonly queue: string,
    readonly journal: Journal,
  ) {}

  get size(): number {
    return this.#messages.size
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get lastSequenceNumber(): number {
    return this.#lastSequenceNumber
  }

  nextSequenceNumber(): number {
    return ++this.#lastSequenceNumber
  }

  get(sequenceNumber: number): StoredMessage | undefined {
    return this.#messages.get(sequenceNumber)
  }

  add(message: StoredMessage): void {
    this.insert(message)
    this.changed(message)
  }

  /** Adds what the journal knows already. */
  insert(message: StoredMessage): void {
    this.#messages.set(message.sequenceNumber, message)
    this.#lastSequenceNumber = Math.max(this.#lastSequenceNumber, message.sequenceNumber)
    this.#sizeBytes += sizeOf(message.content)
  }

  changed(message: StoredMessage): void {
    this.journal.write({ kind: 'message', queue: this.queue, message })
  }

  replaceContent(message: StoredMessage, content: MessageContent): void {
    this.#sizeBytes += sizeOf(content) - sizeOf(message.content)
    message.content = content
  }

  remove(message: StoredMessage): void {
    if (!this.#messages.delete(message.sequenceNumber)) return
    this.#sizeBytes -= sizeOf(message.content)
    this.journal.write({ kind: 'message-gone', queue: this.queue, sequenceNumber: message.sequenceNumber })
  }

  /** After a restart: numbers that were used are not used again. */
  restoreSequence(last: number): void {
    this.#lastSequenceNumber = Math.max(this.#lastSequenceNumber, last)
  }

  [Symbol.iterator](): Iterator<StoredMessage> {
    return this.#messages.values()
  }
}
