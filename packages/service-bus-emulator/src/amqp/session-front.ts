/**
 * The emulator's side of one AMQP session: deliveries the client has not settled, and the frames that must be seen before rhea handles them.
 * Invariants: messages are taken as the bytes that came; outcomes take effect in the order they came, before a detach that follows them; a delivery that was written needs no more room in rhea's buffer,
 * so that one that is never settled blocks nothing.
 */
import { DispositionWriter } from './disposition-writer.js'
import { transactionOf } from './delivery-states.js'
import type { AttachFields, DispositionFields, Frame, RheaDelivery, RheaLink, RheaSession, TransferFields, Typed } from './rhea-internals.js'

/** A message that was delivered and not settled. */
export interface Unsettled {
  readonly id: number
  /** Takes the client's decision. */
  decide(decision: Decision): void
}

export interface Decision {
  readonly state: Typed | undefined
  /** Set when it is part of a transaction; `state` is the outcome inside. */
  readonly transactionId: Buffer | undefined
  /** The client does not wait for an answer. */
  readonly isSettled: boolean
}

/** Marks a message of the ordinary format, so that rhea hands it over undecoded. */
const rawFormat = 0x7fff0001
const coordinatorCode = 0x30

export class SessionFront {
  readonly unsettled = new Map<number, Unsettled>()
  readonly received: DispositionWriter
  readonly sent: DispositionWriter
  /** Names of links whose target is the transaction coordinator; rhea drops that target. */
  readonly coordinators = new Set<string>()
  readonly #states = new Map<RheaLink, Typed | undefined>()
  readonly #written: RheaDelivery[] = []

  constructor(readonly session: RheaSession) {
    this.received = new DispositionWriter(session, true)
    this.sent = new DispositionWriter(session, false)
    this.#watchTransfers()
    this.#watchAttaches()
    this.#watchDispositions()
    this.#freeWrittenDeliveries()
  }

  /** The state that came with the transfer that is being handled. */
  stateOf(link: RheaLink): Typed | undefined {
    return this.#states.get(link)
  }

  /** A delivery was handed to rhea. */
  handedOver(delivery: RheaDelivery): void {
    delivery.remote_settled = true
    this.#written.push(delivery)
  }

  forget(link: RheaLink): void {
    this.#states.delete(link)
  }

  #watchTransfers(): void {
    const { session } = this
    const original = session.on_transfer
    session.on_transfer = (frame: Frame<TransferFields>) => {
      const fields = frame.performative
      if (fields.delivery_id !== undefined && fields.delivery_id !== null) {
        const link = session.remote.handles[fields.handle]
        if (link !== undefined) this.#states.set(link, fields.value[7] as Typed | undefined)
        if (fields.message_format === undefined || fields.message_format === null || fields.message_format === 0) fields.message_format = rawFormat
      }
      original.call(session, frame)
    }
  }

  #watchAttaches(): void {
    const { session } = this
    const original = session.on_attach
    session.on_attach = (frame: Frame<AttachFields>) => {
      const target = frame.performative.value[6] as Typed | undefined
      if (target?.descriptor?.value === coordinatorCode) {
        this.coordinators.add(frame.performative.name)
        frame.performative.value[6] = undefined
      }
      original.call(session, frame)
    }
  }

  #watchDispositions(): void {
    const { session } = this
    const original = session.on_disposition
    session.on_disposition = (frame: Frame<DispositionFields>) => {
      const fields = frame.performative
      if (!fields.role) return original.call(session, frame)
      const transaction = transactionOf(fields.state)
      const decision: Decision = { state: transaction === undefined ? fields.state : transaction.outcome, transactionId: transaction?.id, isSettled: fields.settled === true }
      for (const unsettled of this.#between(fields.first, fields.last ?? fields.first)) unsettled.decide(decision)
    }
  }

  /** A client can name a range of any length; what counts is what it has. */
  #between(first: number, last: number): Unsettled[] {
    if (last - first >= this.unsettled.size) return [...this.unsettled.values()].filter(({ id }) => id >= first && id <= last)
    const found: Unsettled[] = []
    for (let id = first; id <= last; id++) {
      const unsettled = this.unsettled.get(id)
      if (unsettled !== undefined) found.push(unsettled)
    }
    return found
  }

  #freeWrittenDeliveries(): void {
    const { outgoing } = this.session
    const original = outgoing.process
    outgoing.process = () => {
      original.call(outgoing)
      let count = 0
      while (count < this.#written.length && this.#written[count]!.id < outgoing.next_pending_delivery) this.#written[count++]!.settled = true
      if (count > 0) this.#written.splice(0, count)
    }
  }
}
