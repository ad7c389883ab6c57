/** The link over which a client makes requests to a queue: renewals, session state, schedules, peeks. */
import { asBrokerError, BrokerError } from '../broker/broker-error.js'
import type { Queue } from '../broker/queue.js'
import { performOperation } from '../faults/perform-operation.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { transactional, transactionOf, accepted } from './delivery-states.js'
import { conditionOf, statusOf } from './error-conditions.js'
import { queueOperations, type QueueOperation } from './queue-operations.js'
import { reply } from './request-reply.js'
import { QueueRequest, type RequestAnswer, type RequestBody } from './request.js'
import { message, types, type PlainMessage, type RheaDelivery, type RheaLink, type Typed } from './rhea-internals.js'
import type { SessionFront } from './session-front.js'

const operationPrefix = 'com.microsoft:'

export class RequestLink implements LinkFront {
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
    this.lastUsedMs = this.connection.host.realClock.nowMs()
    const transactionId = transactionOf(state)?.id
    delivery.settled = true
    if (transactionId === undefined) this.session.received.accept(delivery.id)
    else this.session.received.answer(delivery.id, transactional(transactionId, accepted()))
    this.#handle(message.decode(bytes), transactionId)
  }

  flow(): void {}

  gone(): void {}

  #handle(request: PlainMessage, transactionId: Buffer | undefined): void {
    const { host } = this.connection
    const fields = request.application_properties ?? {}
    const name = String(fields['operation'] ?? '').replace(operationPrefix, '')
    const linkName = fields['associated-link-name']
    const body = typeof request.body === 'object' && request.body !== null ? (request.body as RequestBody) : {}
    const parsed = new QueueRequest(host, this.queue, body, typeof linkName === 'string' ? linkName : undefined)
    const operation = queueOperations[name]
    let answer: RequestAnswer
    performOperation(host, {
      on: 'request',
      queue: this.queue.name,
      request: name,
      apply: () => {
        if (operation === undefined) throw unknownOperation(name)
        host.broker.queue(this.queue.name)
        if (transactionId === undefined) answer = operation.run(parsed)
        else this.#enlist(name, operation, parsed, transactionId)
      },
      acknowledge: () => {
        this.connection.host.log?.(`${this.queue.name}: ${name}`)
        this.#answer(request, answer)
      },
      refuse: (error) => this.#refuse(request, name, error),
      drop: () => this.connection.drop(),
      expireLock: () => operation?.expireLock?.(parsed),
    })
  }

  #enlist(name: string, operation: QueueOperation, request: QueueRequest, transactionId: Buffer): void {
    const { check } = operation
    if (check === undefined) throw new BrokerError('not-supported', `The request '${name}' cannot be part of a transaction in this emulator.`)
    const locks = name === 'update-disposition' ? request.lockTokens().map((token) => request.queue.locks.findFree(token)) : []
    this.connection.transaction(transactionId).enlist({
      check: () => check(request),
      apply: () => void operation.run(request),
      letGo: () => {
        for (const lock of locks) lock.inTransaction = false
      },
    })
    for (const lock of locks) lock.inTransaction = true
  }

  #answer(request: PlainMessage, answer: RequestAnswer): void {
    const isEmpty = answer === 'nothing'
    reply(this.session, this.link, request, {
      properties: { statusCode: types.wrap_int(isEmpty ? 204 : 200), statusDescription: isEmpty ? 'No Content' : 'OK' },
      body: isEmpty ? undefined : answer?.body,
    })
  }

  #refuse(request: PlainMessage, name: string, error: unknown): void {
    const reason = asBrokerError(error)
    this.connection.log(`${this.queue.name}: ${name} refused: ${reason.message}`)
    reply(this.session, this.link, request, {
      properties: { statusCode: types.wrap_int(statusOf(reason.code)), statusDescription: reason.message, errorCondition: types.wrap_symbol(conditionOf(reason.code)) },
      body: undefined,
    })
  }
}

function unknownOperation(name: string): BrokerError {
  const ofRules = name.endsWith('rule') || name.endsWith('rules')
  return new BrokerError('not-supported', ofRules ? `'${name}' is about rules; this emulator has queues only, no topics, subscriptions or rules.` : `The request '${name}' is not supported by this emulator.`)
}
