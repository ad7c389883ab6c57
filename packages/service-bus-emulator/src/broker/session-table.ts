/**
 * The sessions of one queue: which exist, which are free and have messages, who holds one, who waits for one.
 * Invariants: a session has at most one holder; one that is given back with messages left goes behind all other free ones, so that none is starved; receivers that wait are served in their order;
 * a session without messages, state and holder is forgotten.
 */
import type { Clock } from '../clock/clock.js'
import { BrokerError, sessionLockLost } from './broker-error.js'
import type { StoredMessage } from './message.js'
import type { Receiver } from './receiver.js'
import { Session } from './session.js'

export class SessionTable {
  readonly #sessions = new Map<string, Session>()
  /** Free and with a message to receive, in the order they became so. */
  readonly #available = new Set<Session>()
  readonly #waiting: Receiver[] = []
  readonly #held = new Map<Receiver, Session>()

  constructor(
    readonly clock: Clock,
    readonly durationMs: () => number,
    /** Gives back what the holder has locked; `expired`: the holder lost it. */
    readonly giveBack: (session: Session, expired: boolean) => void,
  ) {}

  get(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  heldBy(receiver: Receiver): Session | undefined {
    return this.#held.get(receiver)
  }

  obtain(id: string): Session {
    let session = this.#sessions.get(id)
    if (session === undefined) this.#sessions.set(id, (session = new Session(id)))
    return session
  }

  track(message: StoredMessage): Session {
    const session = this.obtain(message.sessionId ?? '')
    session.messages.set(message.sequenceNumber, message)
    session.updatedAtMs = this.clock.nowMs()
    return session
  }

  untrack(message: StoredMessage, sequenceNumber: number): void {
    const session = this.#sessions.get(message.sessionId ?? '')
    if (session === undefined) return
    session.messages.delete(sequenceNumber)
    this.forgetIfEmpty(session)
  }

  forgetIfEmpty(session: Session): void {
    if (session.isEmpty) this.#sessions.delete(session.id)
  }

  /** A named session, or the next free one. Returns whether the receiver has one now; if not, it waits. */
  accept(receiver: Receiver, id: string | undefined): boolean {
    if (id !== undefined) {
      const session = this.obtain(id)
      if (session.holder !== undefined) throw new BrokerError('session-cannot-be-locked', `The requested session '${id}' cannot be accepted. It may be locked by another receiver.`)
      this.#grant(receiver, session)
      return true
    }
    const [session] = this.#available
    if (session === undefined) this.#waiting.push(receiver)
    else this.#grant(receiver, session)
    return session !== undefined
  }

  stopWaiting(receiver: Receiver): void {
    const place = this.#waiting.indexOf(receiver)
    if (place >= 0) this.#waiting.splice(place, 1)
  }

  /** A session that may have become free or received a message. */
  offer(session: Session): void {
    if (session.holder !== undefined || session.ready.length === 0) return
    const receiver = this.#waiting.shift()
    if (receiver === undefined) this.#available.add(session)
    else this.#grant(receiver, session)
  }

  /** Its last message that could be received is gone. */
  withdrawIfDry(session: Session): void {
    if (session.ready.length === 0) this.#available.delete(session)
  }

  /** The receiver goes; its session is free at once. */
  release(receiver: Receiver, expired: boolean): void {
    const session = this.#held.get(receiver)
    if (session === undefined) return
    this.#held.delete(receiver)
    session.holder = undefined
    session.cancelExpiry?.()
    this.giveBack(session, expired)
    this.offer(session)
    this.forgetIfEmpty(session)
  }

  expire(id: string): void {
    const receiver = this.#sessions.get(id)?.holder
    if (receiver === undefined) return
    this.release(receiver, true)
    receiver.sessionLost(id)
  }

  renew(session: Session): number {
    session.lockedUntilMs = this.clock.nowMs() + this.durationMs()
    for (const lock of session.locks) lock.lockedUntilMs = session.lockedUntilMs
    session.cancelExpiry?.()
    session.cancelExpiry = this.clock.after(this.durationMs(), () => this.expire(session.id))
    return session.lockedUntilMs
  }

  /** The session, if this link holds it. */
  requireHeld(id: string, linkName: string | undefined): Session {
    const session = this.#sessions.get(id)
    if (session?.holder === undefined || (linkName !== undefined && session.holder.name !== linkName)) throw sessionLockLost(id)
    return session
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  /** Ends every hold without a word to the receivers. */
  clear(): void {
    for (const session of this.#held.values()) session.cancelExpiry?.()
    this.#held.clear()
    this.#waiting.length = 0
    this.#available.clear()
  }

  #grant(receiver: Receiver, session: Session): void {
    this.#available.delete(session)
    session.holder = receiver
    this.#held.set(receiver, session)
    this.renew(session)
    receiver.sessionGranted(session)
  }
}
