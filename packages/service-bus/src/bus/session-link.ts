/**
 * A session of a queue that this process has locked: its messages, its state, its lock. A link that is lost never comes back, and can write nothing any more: that is the fence against a process that was thought dead.
 * Invariants: `onLost` is called once, and only when the lock is gone without `close`; a null state is deleted, not written as text.
 */
import type { ServiceBusReceivedMessage, ServiceBusSessionReceiver } from '@azure/service-bus'
import { LockLostError, type Clock } from '@dtfx/core/provider'
import Long from 'long'
import rhea from 'rhea'
import type { BusConnection, LiveClient } from './bus-connection.js'
import { busError, codeOf, isNoSession } from './bus-error.js'
import { SettlingLane } from './settling-lane.js'

/** Longest reason of a dead letter that the service takes. */
const maxReasonLength = 4_000
/** The broker sets a message aside at its tenth delivery, whatever is left to be done: after this many it is replaced by a copy. */
export const maxFailedDeliveries = 8
/** The client has 200 ms to close a link; a hung one is left behind. */
const closeTimeoutMs = 5_000
const pageSize = 100

export interface AcceptOptions {
  readonly connection: BusConnection
  readonly queue: string
  readonly role: string
  /** Absent: the next session that has messages. */
  readonly sessionId?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** The longest lock that is relied on. */
  readonly lockMs: number
}

export class SessionLink {
  /** On the monotonic clock: the lock holds until then. */
  deadlineMs: number
  onLost: (() => void) | undefined
  readonly #lane = new SettlingLane()
  #isClosed = false
  #isLost = false
  readonly #forget: () => void

  private constructor(
    readonly options: AcceptOptions,
    readonly live: LiveClient,
    readonly receiver: ServiceBusSessionReceiver,
    sinceMs: number,
  ) {
    this.deadlineMs = sinceMs + this.lockMs
    this.#forget = live.onBroken(() => this.lose())
  }

  /** Undefined: there was none within the time. @throws what a port may throw; TransientError when somebody else has the session */
  static async accept(options: AcceptOptions): Promise<SessionLink | undefined> {
    const { connection, queue, role, sessionId, signal } = options
    const { acceptTimeoutMs, clock } = connection.parts
    const live = connection.use()
    // The SDK gets no signal: it would close a link that has just opened without looking how that ends, and the end of its lock at that moment would end the process.
    const settings = { maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true }
    let sinceMs = clock.monotonicMs()
    try {
      const accept = async (): Promise<ServiceBusSessionReceiver> => {
        const receiver = await (sessionId === undefined ? live.client.acceptNextSession(queue, settings) : live.client.acceptSession(queue, sessionId, settings))
        // A wait that was given up may get one all the same: nobody would let it go.
        if (live.isBroken) void receiver.close().catch(() => {})
        return receiver
      }
      const receiver = await connection.request(`accept ${role}`, live, () => unlessAborted(accept(), signal), acceptTimeoutMs + closeTimeoutMs)
      if (sessionId === undefined) sinceMs = sinceOf(receiver, clock, options.lockMs)
      return new SessionLink(options, live, receiver, sinceMs)
    } catch (error) {
      const cause = (error as Error).cause
      if (sessionId === undefined && isNoSession(cause)) return undefined
      throw error
    }
  }

  get sessionId(): string {
    return this.receiver.sessionId
  }

  get isHeld(): boolean {
    return !this.#isClosed && !this.#isLost
  }

  get isLost(): boolean {
    return this.#isLost
  }

  get lockMs(): number {
    return this.options.lockMs
  }

  /** Messages as they come, at most `maxUnsettled` at once; each makes room for another one when its promise is done. */
  receive(maxUnsettled: number, onMessage: (message: ServiceBusReceivedMessage) => Promise<void>): void {
    this.receiver.subscribe(
      {
        processMessage: onMessage,
        processError: ({ error }) => {
          // Whatever ends a session's link ends its lock.
          if (this.receiver.isClosed || codeOf(error) === 'SessionLockLost') this.lose()
          return Promise.resolve()
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: maxUnsettled },
    )
  }

  /** Whether one of these messages, by their sequence numbers, is still in the session. */
  async hasAny(sequences: readonly string[]): Promise<boolean> {
    const wanted = new Set(sequences)
    const numbers = sequences.map((each) => Long.fromString(each)).sort((a, b) => a.compare(b))
    const [last, first] = [numbers.at(-1), numbers[0]]
    if (first === undefined || last === undefined) return false
    // Without a place to begin the SDK goes on where it last was, in any session.
    for (let from = first; ; ) {
      const page = await this.#request('peek', () => this.receiver.peekMessages(pageSize, { fromSequenceNumber: from }))
      if (page.some(({ sequenceNumber }) => wanted.has(String(sequenceNumber)))) return true
      const end = page.at(-1)?.sequenceNumber
      if (end === undefined || last.lessThanOrEqual(end)) return false
      from = end.add(1)
    }
  }

  /** As stored: bytes, or what the SDK took for JSON and decoded. */
  getState(): Promise<unknown> {
    return this.#request('get-state', () => this.receiver.getSessionState())
  }

  /** Undefined: there is none any more. */
  setState(bytes: Buffer | undefined): Promise<void> {
    return this.#request('set-state', () => this.receiver.setSessionState(bytes ?? amqpNull))
  }

  async renew(): Promise<void> {
    const sinceMs = this.#clock.monotonicMs()
    await this.#request('renew-session', () => this.receiver.renewSessionLock())
    this.deadlineMs = sinceMs + this.lockMs
  }

  complete(message: ServiceBusReceivedMessage): Promise<void> {
    return this.#lane.complete(() => this.#settle('complete', () => this.receiver.completeMessage(message)))
  }

  deadLetter(message: ServiceBusReceivedMessage, code: string, reason: string): Promise<void> {
    const options = { deadLetterReason: code.slice(0, maxReasonLength), deadLetterErrorDescription: reason.slice(0, maxReasonLength) }
    return this.#lane.alone(() => this.#settle('dead-letter', () => this.receiver.deadLetterMessage(message, options)))
  }

  /** Gives the session back: what was not settled is available to others, uncounted. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#forget()
    if (this.#isLost) return
    const { connection, role } = this.options
    await connection.request(`release ${role}`, this.live, () => this.receiver.close(), closeTimeoutMs).catch(() => {})
  }

  lose(): void {
    if (!this.isHeld) return
    this.#isLost = true
    this.#forget()
    void this.receiver.close().catch(() => {})
    this.onLost?.()
  }

  get #clock(): Clock {
    return this.options.connection.parts.clock
  }

  /** The SDK settles nothing twice, not even what was refused: only another link can, so this one is given up at once. */
  async #settle(operation: string, send: () => Promise<void>): Promise<void> {
    try {
      await this.#request(operation, send)
    } catch (error) {
      if (error instanceof LockLostError) throw error
      this.lose()
      throw new LockLostError(`session '${this.sessionId}'`, error)
    }
  }

  async #request<T>(operation: string, send: () => Promise<T>): Promise<T> {
    const { connection, role } = this.options
    const what = `${operation} ${role}`
    if (!this.isHeld) throw new LockLostError(`session '${this.sessionId}'`)
    try {
      return await connection.request(what, this.live, send)
    } catch (error) {
      const mapped = busError(what, error)
      if (mapped instanceof LockLostError) this.lose()
      // The SDK has other errors, too, for what was closed under its hands.
      else if (this.receiver.isClosed) {
        this.lose()
        throw new LockLostError(`session '${this.sessionId}'`, error)
      }
      throw mapped
    }
  }
}

/** The SDK knows nothing of the signal. What it brings after that is given back at once. */
function unlessAborted(accepting: Promise<ServiceBusSessionReceiver>, signal: AbortSignal | undefined): Promise<ServiceBusSessionReceiver> {
  if (signal === undefined) return accepting
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error)
      accepting.then((receiver) => receiver.close()).catch(() => {})
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    accepting.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** A long wait may end at any time of it. Clocks of service and process differ: the lock is never taken for longer than it is known to be. */
function sinceOf(receiver: ServiceBusSessionReceiver, clock: Clock, lockMs: number): number {
  const leftMs = receiver.sessionLockedUntilUtc.getTime() - clock.nowMs()
  return clock.monotonicMs() - (leftMs > 0 && leftMs < lockMs ? lockMs - leftMs : 0)
}

/** The SDK writes JSON `null` for null, which is a state; what says that it can encode itself is taken as it is. */
const amqpNull = { constructor: { isBuffer: () => true }, toRheaTyped: () => rhea.types.wrap(null) }
