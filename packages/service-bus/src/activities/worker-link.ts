/**
 * One receiver of the worker queue, that takes a message at a time: the SDK waits a second for more when it is asked for more.
 *
 * Invariants:
 * 1. A message can be settled for as long as it is held. A receiver whose last wait came to its end closes when the last message that it gave is {@link WorkerLink.done | done}.
 * 2. One whose wait was given up may still be given a message, which nobody would see: it closes at once, and what it gave is settled without it.
 */
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus'
import { busError } from '../bus/bus-error.js'
import type { BusConnection, LiveClient } from '../bus/bus-connection.js'
import { SettlingLane } from '../bus/settling-lane.js'

const role = 'worker'
const maxReasonLength = 4_000

export class WorkerLink {
  readonly #lane = new SettlingLane()
  readonly receiver: ServiceBusReceiver
  #held = 0
  #isWaiting = false
  #isClosing = false
  #isClosed = false
  #settler: ServiceBusReceiver | undefined

  constructor(
    readonly connection: BusConnection,
    readonly live: LiveClient,
    readonly queue: string,
  ) {
    this.receiver = this.#receiver()
  }

  get isBroken(): boolean {
    return this.live.isBroken
  }

  /** Undefined: there was none within the time. @throws what a port may throw */
  async next(waitMs: number, signal: AbortSignal): Promise<ServiceBusReceivedMessage | undefined> {
    const wait = async (): Promise<ServiceBusReceivedMessage | undefined> => {
      this.#isWaiting = true
      const [message] = await this.receiver.receiveMessages(1, { maxWaitTimeInMs: waitMs, abortSignal: signal })
      this.#isWaiting = false
      if (message !== undefined) this.#held++
      return message
    }
    return this.connection.request(`receive ${role}`, this.live, wait, waitMs + this.connection.parts.requestTimeoutMs)
  }

  async renew(message: ServiceBusReceivedMessage): Promise<void> {
    await this.#request('renew-message', () => this.#settling.renewMessageLock(message))
  }

  complete(message: ServiceBusReceivedMessage): Promise<void> {
    return this.#lane.complete(() => this.#request('complete', () => this.#settling.completeMessage(message)))
  }

  deadLetter(message: ServiceBusReceivedMessage, code: string, reason: string): Promise<void> {
    const options = { deadLetterReason: code.slice(0, maxReasonLength), deadLetterErrorDescription: reason.slice(0, maxReasonLength) }
    return this.#lane.alone(() => this.#request('dead-letter', () => this.#settling.deadLetterMessage(message, options)))
  }

  /** A message that it gave is not held any more. */
  done(): void {
    this.#held--
    if (this.#isClosing) void this.close()
  }

  /** It takes no more. Never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#isClosed || this.live.isBroken || (this.#held > 0 && !this.#isWaiting)) return
    this.#isClosed = true
    await this.receiver.close().catch(() => {})
  }

  #receiver(): ServiceBusReceiver {
    return this.live.client.createReceiver(this.queue, { receiveMode: 'peekLock', maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true })
  }

  /** One that never waits has no link of its own: the SDK settles by requests. */
  get #settling(): ServiceBusReceiver {
    return this.#isClosed ? (this.#settler ??= this.#receiver()) : this.receiver
  }

  async #request<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.connection.request(`${operation} ${role}`, this.live, send)
    } catch (error) {
      throw busError(`${operation} ${role}`, error)
    }
  }
}
