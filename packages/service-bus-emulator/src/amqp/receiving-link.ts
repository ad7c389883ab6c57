/**
 * A link over which a client receives from a queue, or from one session of it.
 * Invariants: no message leaves before the answer to the attach; no more are handed to rhea than the client gave credit for; a request to drain is always answered.
 */
import { BrokerError, messageLockLost, sessionLockLost } from '../broker/broker-error.js'
import type { Lock } from '../broker/lock-table.js'
import type { StoredMessage } from '../broker/message.js'
import type { Queue } from '../broker/queue.js'
import type { Receiver } from '../broker/receiver.js'
import type { Session } from '../broker/session.js'
import type { CancelTimer } from '../clock/clock.js'
import { afterTurn } from '../clock/system-clock.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { encodeDelivery } from './encode-delivery.js'
import { conditionOf } from './error-conditions.js'
import { tagOf } from './lock-tokens.js'
import { types, type RheaLink } from './rhea-internals.js'
import { ticksOf } from './ticks.js'
import type { SessionFront } from './session-front.js'
import { SettlingDelivery } from './settling-delivery.js'

export const sessionFilter = 'com.microsoft:session-filter'
const settledOnSend = 1
const defaultAcceptTimeoutMs = 60_000

export class ReceivingLink implements LinkFront, Receiver {
  readonly deletesOnReceipt: boolean
  lastUsedMs: number
  sessionId: string | undefined
  /** Deliveries handed to rhea since the link was opened, counted as its delivery count is. */
  #handedOver = 0
  #isWaiting = false
  #pumpIsDue = false
  #cancelTimeout: CancelTimer | undefined

  constructor(
    readonly connection: ConnectionFront,
    readonly session: SessionFront,
    readonly link: RheaLink,
    readonly queue: Queue,
  ) {
    this.deletesOnReceipt = link.snd_settle_mode === settledOnSend
    this.lastUsedMs = connection.host.realClock.nowMs()
    this.#answerDrains()
  }

  get name(): string {
    return this.link.name
  }

  get queueName(): string {
    return this.queue.name
  }

  /** Joins the queue; returns whether the attach can be answered now. */
  attach(): boolean {
    const { link, queue } = this
    const filter = link.source?.filter ?? {}
    const unknown = Object.keys(filter).find((name) => name !== sessionFilter)
    if (unknown !== undefined) throw new BrokerError('not-supported', `The filter '${unknown}' is not supported by this emulator.`)
    link.local.attach.snd_settle_mode = link.snd_settle_mode
    link.local.attach.rcv_settle_mode = link.rcv_settle_mode
    const isSessionReceiver = sessionFilter in filter
    if (isSessionReceiver !== queue.settings.requiresSession) {
      throw new BrokerError(
        'not-allowed',
        isSessionReceiver
          ? `A sessionful message receiver cannot be created on an entity that does not require sessions. Entity: ${queue.name}`
          : `It is not possible for an entity that requires sessions to create a non-sessionful message receiver. Entity: ${queue.name}`,
      )
    }
    if (!isSessionReceiver) {
      queue.addReceiver(this)
      return true
    }
    const wanted = types.unwrap(filter[sessionFilter])
    return this.#accept(typeof wanted === 'string' ? wanted : undefined)
  }

  wantsMessage(): boolean {
    const { link } = this
    if (!link.state.local_open) return false
    if (link.state.open_requests > 0) {
      this.#pumpSoon()
      return false
    }
    return link.credit - (this.#handedOver - link.delivery_count) > 0 && this.session.session.outgoing.available() > 0
  }

  deliver(message: StoredMessage, lock: Lock | undefined): void {
    this.lastUsedMs = this.connection.host.realClock.nowMs()
    const bytes = encodeDelivery(message, lock?.lockedUntilMs)
    const delivery = this.link.send(bytes, lock === undefined ? undefined : tagOf(lock.token), 0)
    this.#handedOver++
    if (lock === undefined) delivery.settled = true
    else this.session.unsettled.set(delivery.id, new SettlingDelivery(this, delivery.id, lock.token))
    this.session.handedOver(delivery)
  }

  sessionGranted(session: Session): void {
    this.#cancelTimeout?.()
    const { link } = this
    this.sessionId = session.id
    const asked = types.unwrap(link.source?.filter?.[sessionFilter])
    link.set_source({ address: link.source?.address, filter: { [sessionFilter]: typeof asked === 'string' ? asked : session.id } })
    link.local.attach.properties = { 'com.microsoft:locked-until-utc': types.wrap_long(ticksOf(session.lockedUntilMs)) }
    this.connection.log(`${this.queue.name}: session '${session.id}' accepted`)
    if (!this.#isWaiting) return
    this.#isWaiting = false
    link.open()
    this.#pumpSoon()
  }

  sessionLost(sessionId: string): void {
    this.connection.log(`${this.queue.name}: the lock of session '${sessionId}' was lost`)
    this.close(new BrokerError('session-lock-lost', `The session lock has expired on the session with id ${sessionId}.`))
  }

  message(): void {}

  flow(): void {
    this.lastUsedMs = this.connection.host.realClock.nowMs()
    this.queue.pump(this)
  }

  gone(): void {
    this.#cancelTimeout?.()
    this.queue.removeReceiver(this)
    for (const [id, unsettled] of this.session.unsettled) if ((unsettled as SettlingDelivery).receiver === this) this.session.unsettled.delete(id)
    // A client that gives up waiting gets its attach answered, and then the detach.
    if (this.#isWaiting) this.link.open()
    this.#isWaiting = false
  }

  close(error: BrokerError): void {
    this.queue.removeReceiver(this)
    this.link.close({ condition: conditionOf(error.code), description: error.message })
  }

  lockLost(): BrokerError {
    return this.sessionId === undefined ? messageLockLost() : sessionLockLost(this.sessionId)
  }

  #accept(wanted: string | undefined): boolean {
    const { host } = this.connection
    this.#isWaiting = false
    if (this.queue.acceptSession(this, host.lowerCaseSessionIds() ? wanted?.toLowerCase() : wanted)) return true
    this.#isWaiting = true
    const timeoutMs = Number(types.unwrap(this.link.properties?.['com.microsoft:timeout']) ?? defaultAcceptTimeoutMs)
    this.#cancelTimeout = host.realClock.after(timeoutMs, () => {
      this.#isWaiting = false
      this.link.local.attach.source = undefined
      this.link.open()
      this.close(new BrokerError('timeout', `The operation did not complete within the allotted timeout of ${timeoutMs} ms. No session became available.`))
    })
    return false
  }

  /** Once the answer to the attach is written. */
  #pumpSoon(): void {
    if (this.#pumpIsDue) return
    this.#pumpIsDue = true
    afterTurn(() => {
      this.#pumpIsDue = false
      this.queue.pump(this)
    })
  }

  /** rhea answers only while credit is left; clients wait for the answer in any case. */
  #answerDrains(): void {
    const { link } = this
    link._get_drain = () => {
      if (!link._draining) return false
      link._draining = false
      const unwritten = this.#handedOver - link.delivery_count
      const unused = Math.max(0, link.credit - unwritten)
      link.delivery_count += unused
      this.#handedOver += unused
      link.credit -= unused
      return true
    }
  }
}
