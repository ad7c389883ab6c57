/**
 * One receiver of the worker queue, that takes a message at a time: the SDK waits a second for more when it is asked for more.
 * Invariant: closed, it still settles the messages that it has out. The SDK refuses that with a receiver that is closed, and takes another one's word, which goes by the token of the lock.
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
  #settler: ServiceBusReceiver

  constructor(
    readonly connection: BusConnection,
    readonly live: LiveClient,
    readonly queue: string,
  ) {
    this.receiver = this.#newReceiver()
    this.#settler = this.receiver
  }

  get isBroken(): boolean {
    return this.live.isBroken
  }

  /** Undefined: there was none within the time. @throws what a port may throw */
  async next(waitMs: number, signal: AbortSignal): Promise<ServiceBusReceivedMessage | undefined> {
    const wait = async (): Promise<ServiceBusReceivedMessage | undefined> => {
      const [message] = await this.receiver.receiveMessages(1, { maxWaitTimeInMs: waitMs, abortSignal: signal })
      return message
    }
    return this.connection.request(`receive ${role}`, this.live, wait, waitMs + this.connection.parts.requestTimeoutMs)
  }

  async renew(message: ServiceBusReceivedMessage): Promise<void> {
    await this.#request('renew-message', () => this.#settler.renewMessageLock(message))
  }

  complete(message: ServiceBusReceivedMessage): Promise<void> {
    return this.#lane.complete(() => this.#request('complete', () => this.#settler.completeMessage(message)))
  }

  deadLetter(message: ServiceBusReceivedMessage, code: string, reason: string): Promise<void> {
    const options = { deadLetterReason: code.slice(0, maxReasonLength), deadLetterErrorDescription: reason.slice(0, maxReasonLength) }
    return this.#lane.alone(() => this.#request('dead-letter', () => this.#settler.deadLetterMessage(message, options)))
  }

  /** Nothing more is delivered to it: what it would be entitled to goes to others. Never rejects. */
  async close(): Promise<void> {
    if (this.live.isBroken) return
    this.#settler = this.#newReceiver()
    await this.receiver.close().catch(() => {})
  }

  #newReceiver(): ServiceBusReceiver {
    return this.live.client.createReceiver(this.queue, { receiveMode: 'peekLock', maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true })
  }

  async #request<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.connection.request(`${operation} ${role}`, this.live, send)
    } catch (error) {
      throw busError(`${operation} ${role}`, error)
    }
  }
}
