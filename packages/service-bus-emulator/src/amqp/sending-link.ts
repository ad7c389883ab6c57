/** A link over which a client sends to a queue. A batch is taken whole or not at all. */
import { BrokerError } from '../broker/broker-error.js'
import type { IncomingMessage } from '../broker/message.js'
import type { Queue } from '../broker/queue.js'
import { performOperation } from '../faults/perform-operation.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { accepted, rejected, transactional, transactionOf } from './delivery-states.js'
import { parseMessage, splitTransfer } from './parse-message.js'
import type { RheaDelivery, RheaLink, Typed } from './rhea-internals.js'
import type { SessionFront } from './session-front.js'

export class SendingLink implements LinkFront {
  lastUsedMs: number

  constructor(
    readonly connection: ConnectionFront,
    readonly session: SessionFront,
    readonly link: RheaLink,
    readonly queue: Queue,
  ) {
    this.lastUsedMs = connection.host.realClock.nowMs()
  }

  get queueName(): string {
    return this.queue.name
  }

  message(bytes: Buffer, delivery: RheaDelivery, state: Typed | undefined): void {
    const { host } = this.connection
    this.lastUsedMs = host.realClock.nowMs()
    const transaction = transactionOf(state)
    performOperation(host, {
      on: 'send',
      queue: this.queue.name,
      request: undefined,
      apply: () => {
        const messages = this.#parse(bytes, delivery)
        if (transaction === undefined) this.#send(messages)
        else this.#enlist(messages, transaction.id)
      },
      acknowledge: () => this.#settle(delivery, transaction === undefined ? undefined : transactional(transaction.id, accepted())),
      refuse: (error) => {
        this.connection.log(`${this.queue.name}: send refused: ${error.message}`)
        this.#settle(delivery, rejected(error))
      },
      drop: () => this.connection.drop(),
    })
  }

  flow(): void {}

  gone(): void {}

  #parse(bytes: Buffer, delivery: RheaDelivery): IncomingMessage[] {
    const { host } = this.connection
    const limit = this.queue.settings.maxMessageSizeBytes
    if (bytes.length > limit) throw new BrokerError('size-exceeded', `The received message (delivery-id:${delivery.id}, size:${bytes.length} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`)
    const options = { newMessageId: host.newMessageId, lowerCaseSessionIds: host.lowerCaseSessionIds() }
    return splitTransfer(bytes, delivery.format).map((each) => parseMessage(each, options))
  }

  #requireQueue(): void {
    this.connection.host.broker.queue(this.queue.name)
  }

  #send(messages: readonly IncomingMessage[]): void {
    this.#requireQueue()
    if (messages.length > 1) for (const message of messages) this.queue.checkSend(message)
    this.queue.host.journal.atomically(() => {
      for (const message of messages) this.queue.send(message)
    })
    this.connection.host.log?.(`${this.queue.name}: ${messages.length === 1 ? '1 message' : `${messages.length} messages`} sent`)
  }

  #enlist(messages: readonly IncomingMessage[], transactionId: Buffer): void {
    this.connection.transaction(transactionId).enlist({
      check: () => {
        this.#requireQueue()
        for (const message of messages) this.queue.checkSend(message)
      },
      apply: () => {
        for (const message of messages) this.queue.send(message)
      },
      letGo: () => undefined,
    })
  }

  #settle(delivery: RheaDelivery, state: Typed | undefined): void {
    const isSettled = delivery.remote_settled
    delivery.settled = true
    this.session.session.connection._register()
    if (isSettled) return
    if (state === undefined) this.session.received.accept(delivery.id)
    else this.session.received.answer(delivery.id, state)
  }
}
