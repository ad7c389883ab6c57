/** One message that a client received and has not settled: takes its decision and answers it. */
import { BrokerError } from '../broker/broker-error.js'
import type { Outcome } from '../broker/settlement.js'
import { performOperation } from '../faults/perform-operation.js'
import { outcomeOf, rejected, rejectedWithoutError, transactional } from './delivery-states.js'
import type { ReceivingLink } from './receiving-link.js'
import type { Typed } from './rhea-internals.js'
import type { Decision, Unsettled } from './session-front.js'

export class SettlingDelivery implements Unsettled {
  constructor(
    readonly receiver: ReceivingLink,
    readonly id: number,
    readonly token: string,
  ) {}

  decide({ state, transactionId, isSettled }: Decision): void {
    const { receiver, token } = this
    const { connection, queue } = receiver
    const outcome = outcomeOf(state)
    if (state === undefined || outcome === undefined) {
      if (isSettled) this.#end()
      return
    }
    receiver.lastUsedMs = connection.host.realClock.nowMs()
    performOperation(connection.host, {
      on: 'settle',
      queue: queue.name,
      request: undefined,
      apply: () => {
        if (transactionId !== undefined) return this.#asOwnLoss(() => this.#enlist(outcome, transactionId))
        this.#asOwnLoss(() => queue.settlement.settle(token, outcome))
        connection.host.log?.(`${queue.name}: 1 message settled: ${outcome.kind}`)
      },
      acknowledge: () => {
        if (transactionId === undefined) this.#acknowledge(outcome, state, isSettled)
        else receiver.session.sent.answer(this.id, transactional(transactionId, state), false)
      },
      refuse: (error) => {
        connection.log(`${queue.name}: ${outcome.kind} refused: ${error.message}`)
        this.#answer(rejected(error), isSettled)
      },
      drop: () => connection.drop(),
      expireLock: () => (receiver.sessionId === undefined ? queue.settlement.lose(queue.locks.find(token)) : queue.sessions.expire(receiver.sessionId)),
    })
  }

  #acknowledge(outcome: Outcome, state: Typed, isSettled: boolean): void {
    if (outcome.kind !== 'complete') return this.#answer(outcome.kind === 'dead-letter' ? rejectedWithoutError() : state, isSettled)
    this.#end()
    if (!isSettled) this.receiver.session.sent.accept(this.id)
  }

  #answer(state: Typed, isSettled: boolean): void {
    this.#end()
    if (!isSettled) this.receiver.session.sent.answer(this.id, state)
  }

  #enlist(outcome: Outcome, transactionId: Buffer): void {
    const { connection, queue } = this.receiver
    const transaction = connection.transaction(transactionId)
    const held = queue.locks.findFree(this.token)
    transaction.enlist({
      check: () => void queue.settlement.check(this.token, outcome),
      apply: () => {
        this.#end()
        queue.settlement.apply(held, outcome)
      },
      letGo: () => void (held.inTransaction = false),
    })
    held.inTransaction = true
  }

  /** A client that lost its session is told so, not that one message was lost. */
  #asOwnLoss(action: () => void): void {
    try {
      action()
    } catch (error) {
      throw error instanceof BrokerError && error.code === 'message-lock-lost' ? this.receiver.lockLost() : error
    }
  }

  #end(): void {
    this.receiver.session.unsettled.delete(this.id)
  }
}
