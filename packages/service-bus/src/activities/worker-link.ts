/**
 * One receiver of the worker queue, that takes a message at a time: the SDK waits a second for more when it is asked for more.
 * Invariant: a message is settled by the receiver that took it, for the SDK settles nothing with one that is closed: so it closes with the last message that it has out, however long that one takes.
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
  #isEnding = false

  constructor(
    readonly connection: BusConnection,
    readonly live: LiveClient,
    queue: string,
  ) {
    this.receiver = live.client.createReceiver(queue, { receiveMode: 'peekLock', maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true })
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
    await this.#request('renew-message', () => this.receiver.renewMessageLock(message))
  }

  complete(message: ServiceBusReceivedMessage): Promise<void> {
    return this.#lane.complete(() => this.#request('complete', () => this.receiver.completeMessage(message)))
  }

  deadLetter(message: ServiceBusReceivedMessage, code: string, reason: string): Promise<void> {
    const options = { deadLetterReason: code.slice(0, maxReasonLength), deadLetterErrorDescription: reason.slice(0, maxReasonLength) }
    return this.#lane.alone(() => this.#request('dead-letter', () => this.receiver.deadLetterMessage(message, options)))
  }

  /** One of its messages is in work. */
  hold(): void {
    this.#held++
  }

  /** That one is settled, or lost. */
  letGo(): void {
    this.#held--
    if (this.#isEnding) void this.close()
  }

  /** Takes nothing more; closes when no message of it is in work. Never rejects. */
  async close(): Promise<void> {
    this.#isEnding = true
    if (this.#held === 0 && !this.live.isBroken) await this.receiver.close().catch(() => {})
  }

  async #request<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.connection.request(`${operation} ${role}`, this.live, send)
    } catch (error) {
      throw busError(`${operation} ${role}`, error)
    }
  }
}
