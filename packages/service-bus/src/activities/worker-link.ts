/**
 * One receiver of the worker queue, that takes a message at a time: the SDK waits a second for more when it is asked for more.
 * Invariant: a receiver stays open until what it brought is settled or given up, because a closed one settles nothing.
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
  /** What it brought and nobody is done with. */
  readonly #open = new Set<ServiceBusReceivedMessage>()
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
      if (message !== undefined) this.#open.add(message)
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

  /** Nobody settles it any more. */
  async done(message: ServiceBusReceivedMessage): Promise<void> {
    this.#open.delete(message)
    if (this.#isEnding) await this.#closeIfIdle()
  }

  /** It brings nothing more. */
  close(): Promise<void> {
    this.#isEnding = true
    return this.#closeIfIdle()
  }

  async #closeIfIdle(): Promise<void> {
    if (this.#open.size === 0 && !this.live.isBroken) await this.receiver.close().catch(() => {})
  }

  async #request<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.connection.request(`${operation} ${role}`, this.live, send)
    } catch (error) {
      throw busError(`${operation} ${role}`, error)
    }
  }
}
