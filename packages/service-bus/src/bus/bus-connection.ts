/**
 * One connection to the namespace, made anew when it breaks. The client of the SDK recovers by itself only while nothing is being opened; a connection that is cut while a link is opened (and a worker that
 * waits for a session always opens one) leaves it waiting for up to a minute. So a client whose connection ended, or that did not answer in time, is thrown away, and the next request gets a new one.
 *
 * Invariants:
 * 1. Every request ends: with its answer, with the end of its connection, or with its time.
 * 2. Each kind of work has a connection of its own: one that hangs does not hold up the others.
 */
import { ServiceBusClient, type ServiceBusSender } from '@azure/service-bus'
import type { RequestCounter } from '@dtfx/azure-common'
import { AmbiguousCommitError, dtfxError, type Clock } from '@dtfx/core/provider'
import type { BusAccess } from '../settings.js'
import { busError } from './bus-error.js'

export interface ConnectionParts {
  readonly access: BusAccess
  readonly clock: Clock
  readonly requests: RequestCounter
  /** Without an answer after this a request counts as one of unknown result. */
  readonly requestTimeoutMs: number
  /** One wait for a session. */
  readonly acceptTimeoutMs: number
}

/** A client until its connection breaks. */
export interface LiveClient {
  readonly client: ServiceBusClient
  /** It is not used any more. */
  readonly isBroken: boolean
  /** Called when it breaks; the function that is given back takes the call away. */
  onBroken(listener: () => void): () => void
}

/** What is used of the SDK's insides, if it is there. */
interface InnerContext {
  readonly connection?: InnerConnection
  /** The link for tokens. */
  readonly cbsSession?: { remove?(): void }
}

interface InnerConnection {
  on?(event: string, listener: () => void): void
  readonly _connection?: { emit?(event: string, context: object): void }
}

class Live implements LiveClient {
  readonly senders = new Map<string, ServiceBusSender>()
  readonly #listeners = new Set<() => void>()
  readonly #context: InnerContext | undefined
  isBroken = false

  /** Resolves when it is closed, or nobody waits for that any more. */
  ended: Promise<void> = Promise.resolve()

  constructor(
    readonly client: ServiceBusClient,
    readonly clock: Clock,
  ) {
    // The SDK tells nobody outside of it. Without this, what is under way ends with its own time.
    this.#context = (client as unknown as { readonly _connectionContext?: InnerContext })._connectionContext
    this.#context?.connection?.on?.('disconnected', () => this.break())
  }

  onBroken(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  break(): void {
    if (this.isBroken) return
    this.isBroken = true
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
    // It may hang, or fail: nobody waits for it. A wait for a session does not end with a connection that is closed in good order; the timer of one that goes on would keep the process alive for a minute.
    const closed = this.client.close().catch(() => {})
    const late = new Promise<void>((resolve) => this.clock.setTimer(closeTimeoutMs, resolve, { keepAlive: false }))
    this.ended = Promise.race([closed, late]).then(() => this.#endWaits())
  }

  #endWaits(): void {
    const inner = this.#context?.connection?._connection
    try {
      // Told of the end of its connection, the SDK closes this link first. On a connection that hangs that fails after a minute, where nobody catches it: an end of the process.
      this.#context?.cbsSession?.remove?.()
      inner?.emit?.('disconnected', { connection: inner })
    } catch {
      // Of another version of the SDK: its timers run out.
    }
  }
}

/** A connection that hangs is left behind. */
const closeTimeoutMs = 1_000

export class BusConnection {
  #live: Live | undefined
  #isClosed = false

  constructor(readonly parts: ConnectionParts) {}

  /** The client to use now. @throws DTFX_CLOSED */
  use(): LiveClient {
    return this.#use()
  }

  #use(): Live {
    if (this.#isClosed) throw dtfxError('DTFX_CLOSED')
    if (this.#live === undefined || this.#live.isBroken) this.#live = new Live(connect(this.parts), this.parts.clock)
    return this.#live
  }

  /** Of the client in use; kept with it. */
  sender(queue: string): ServiceBusSender {
    const { senders, client } = this.#use()
    const found = senders.get(queue)
    if (found !== undefined) return found
    const sender = client.createSender(queue)
    senders.set(queue, sender)
    return sender
  }

  /** One request on `live`, counted as `operation`. @throws what a port may throw */
  request<T>(operation: string, live: LiveClient, send: () => Promise<T>, timeoutMs = this.parts.requestTimeoutMs): Promise<T> {
    const { clock, requests } = this.parts
    requests.add(`bus ${operation}`)
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        cancel()
        forget()
      }
      const giveUp = (problem: string): void => {
        finish()
        reject(new AmbiguousCommitError(operation, problem))
      }
      const forget = live.onBroken(() => giveUp('the connection ended'))
      const cancel = clock.setTimer(timeoutMs, () => {
        giveUp(`no answer within ${timeoutMs} ms`)
        if (live instanceof Live) live.break()
      })
      if (live.isBroken) return giveUp('the connection ended')
      send().then(
        (value) => {
          finish()
          resolve(value)
        },
        (error: unknown) => {
          finish()
          reject(busError(operation, error))
        },
      )
    })
  }

  /** Ends it. What is under way is given up. */
  async close(): Promise<void> {
    this.#isClosed = true
    const live = this.#live
    this.#live = undefined
    live?.break()
    await live?.ended
  }
}

/** The SDK repeats nothing by itself: whoever asked knows better what may be asked twice. */
function connect({ access, acceptTimeoutMs }: ConnectionParts): ServiceBusClient {
  const options = { retryOptions: { maxRetries: 0, timeoutInMs: acceptTimeoutMs } }
  return access.kind === 'token' ? new ServiceBusClient(access.namespace, access.credential, options) : new ServiceBusClient(access.connectionString, options)
}
