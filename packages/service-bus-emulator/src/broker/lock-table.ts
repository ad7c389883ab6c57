/**
 * Locks on messages of one queue. A lock of a session's message lives and ends with the lock of its session; every other has its own end.
 * Invariant: a message is in state `locked` exactly while one lock names it.
 */
import type { CancelTimer, Clock } from '../clock/clock.js'
import { BrokerError, messageLockLost } from './broker-error.js'
import type { StoredMessage } from './message.js'
import type { Session } from './session.js'

export interface Lock {
  readonly token: string
  readonly message: StoredMessage
  readonly session: Session | undefined
  /** The message was deferred before: abandoned, it stays so. */
  readonly wasDeferred: boolean
  lockedUntilMs: number
  cancelExpiry: CancelTimer | undefined
  /** Its settlement waits for the end of a transaction. */
  inTransaction: boolean
}

export class LockTable {
  readonly #locks = new Map<string, Lock>()

  constructor(
    readonly clock: Clock,
    readonly newToken: () => string,
    readonly durationMs: () => number,
    readonly expired: (lock: Lock) => void,
  ) {}

  get size(): number {
    return this.#locks.size
  }

  add(message: StoredMessage, session: Session | undefined): Lock {
    const wasDeferred = message.state === 'deferred'
    message.state = 'locked'
    const lockedUntilMs = session?.lockedUntilMs ?? this.clock.nowMs() + this.durationMs()
    const lock: Lock = { token: this.newToken(), message, session, wasDeferred, lockedUntilMs, cancelExpiry: undefined, inTransaction: false }
    this.#locks.set(lock.token, lock)
    if (session === undefined) this.#arm(lock)
    else session.locks.add(lock)
    return lock
  }

  find(token: string): Lock {
    const lock = this.#locks.get(token)
    if (lock === undefined) throw messageLockLost()
    return lock
  }

  /** As `find`, for a settlement: one that waits for a transaction cannot be made twice. */
  findFree(token: string): Lock {
    const lock = this.find(token)
    if (lock.inTransaction) throw new BrokerError('not-allowed', 'The message is settled in a transaction that has not ended yet.')
    return lock
  }

  renew(token: string): number {
    const lock = this.find(token)
    if (lock.session !== undefined) throw new BrokerError('not-allowed', 'Locks of messages in a session are renewed by renewing the lock of the session.')
    lock.lockedUntilMs = this.clock.nowMs() + this.durationMs()
    this.#arm(lock)
    return lock.lockedUntilMs
  }

  remove(lock: Lock): void {
    lock.cancelExpiry?.()
    this.#locks.delete(lock.token)
    lock.session?.locks.delete(lock)
  }

  /** Ends every lock that does not belong to a session, as its time would. */
  expireAll(): void {
    for (const lock of [...this.#locks.values()]) if (lock.session === undefined) this.expired(lock)
  }

  clear(): void {
    for (const lock of [...this.#locks.values()]) this.remove(lock)
  }

  #arm(lock: Lock): void {
    lock.cancelExpiry?.()
    lock.cancelExpiry = this.clock.after(lock.lockedUntilMs - this.clock.nowMs(), () => this.expired(lock))
  }
}
