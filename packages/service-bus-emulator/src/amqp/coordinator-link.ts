/** The link over which a client begins and ends transactions. */
import { asBrokerError } from '../broker/broker-error.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { declared, rejected } from './delivery-states.js'
import { endOf, itemsOf, sectionAt, undecodable } from './encoded-value.js'
import { sectionCode } from './parse-message.js'
import { types, type RheaDelivery, type RheaLink, type Typed } from './rhea-internals.js'
import type { SessionFront } from './session-front.js'

const declareCode = 0x31
const dischargeCode = 0x32

/** What the attach answers in place of a queue. */
export const coordinatorTarget = (): Typed => types.described_nc(types.wrap_ulong(0x30), types.wrap_list([]))

export class CoordinatorLink implements LinkFront {
  readonly queueName = undefined
  lastUsedMs: number

  constructor(
    readonly connection: ConnectionFront,
    readonly session: SessionFront,
    readonly link: RheaLink,
  ) {
    this.lastUsedMs = connection.host.realClock.nowMs()
  }

  message(bytes: Buffer, delivery: RheaDelivery): void {
    this.lastUsedMs = this.connection.host.realClock.nowMs()
    delivery.settled = true
    try {
      const state = this.#handle(bytes)
      if (state === undefined) this.session.received.accept(delivery.id)
      else this.session.received.answer(delivery.id, state)
    } catch (error) {
      const reason = asBrokerError(error)
      this.connection.log(`transaction refused: ${reason.message}`)
      this.session.received.answer(delivery.id, rejected(reason))
    }
  }

  flow(): void {}

  gone(): void {}

  /** The outcome, where it is more than an acceptance. */
  #handle(bytes: Buffer): Typed | undefined {
    const { code, valueAt } = bodyOf(bytes)
    if (code === declareCode) return declared(this.connection.begin())
    if (code !== dischargeCode) throw undecodable('it neither declares nor discharges a transaction')
    const starts = itemsOf(bytes, valueAt)
    if (starts.length < 2) throw undecodable('a discharge names no transaction')
    const transaction = this.connection.end(Buffer.from(bytes.subarray(starts[0]! + 2, starts[1])))
    const fails = starts.length > 2 && isTrue(bytes, starts[1]!)
    if (fails) transaction.rollback()
    else transaction.commit()
    this.connection.log(`transaction ${fails ? 'rolled back' : 'committed'}`)
    return undefined
  }
}

function bodyOf(bytes: Buffer): { readonly code: number; readonly valueAt: number } {
  for (let at = 0; at < bytes.length; at = endOf(bytes, at)) {
    const { code, valueAt } = sectionAt(bytes, at)
    if (code === sectionCode.value) return sectionAt(bytes, valueAt)
  }
  throw undecodable('it has no body')
}

const isTrue = (bytes: Buffer, at: number): boolean => bytes[at] === 0x41 || (bytes[at] === 0x56 && bytes[at + 1] === 1)
