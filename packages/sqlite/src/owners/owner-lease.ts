/**
 * The lock of a worker: one row with the time until which all its locks hold, renewed for all of them at once. So a lock costs a write when it is taken and none while it is held.
 * Invariant: who finds the row gone has lost everything: somebody else took over.
 */
import { LockLostError, type Clock } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import { ownerSql } from '../sql/owner-sql.js'

export interface LeaseParts {
  readonly clock: Clock
  readonly lockTimeoutMs: number
  readonly workerId: string
  readonly process: string
  write<T>(run: (transaction: Transaction) => T): Promise<T>
  /** Somebody took over what this worker had locked. */
  lost(): void
}

export class OwnerLease {
  /** Key of the row. */
  owner = 0
  expiresMs = 0
  #renewing: Promise<void> | undefined

  constructor(readonly parts: LeaseParts) {}

  /** More than three quarters are left: what is locked now has most of the time ahead. */
  get isFresh(): boolean {
    return this.expiresMs - this.parts.clock.nowMs() > this.parts.lockTimeoutMs * 0.75
  }

  /** The locks hold still, by the clock of this process. */
  get isValid(): boolean {
    return this.expiresMs > this.parts.clock.nowMs()
  }

  register(): Promise<void> {
    return this.parts.write((transaction) => this.#insert(transaction))
  }

  /** Inside a group that locks something: the row is there, and fresh. When it is gone, all that was locked is lost, and a new one takes its place. */
  hold(transaction: Transaction): void {
    const { sql } = transaction
    if (this.isFresh && sql.get(ownerSql.get, this.owner) !== undefined) return
    const expiresMs = this.#until()
    if (sql.run(ownerSql.renew, expiresMs, this.owner) > 0) return void transaction.onCommit(() => (this.expiresMs = expiresMs))
    this.parts.lost()
    this.#insert(transaction)
  }

  /** Renews it unless it is fresh. @throws LockLostError */
  async keep(): Promise<void> {
    if (this.isFresh) return
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
    await this.#renewing
  }

  end({ sql }: Transaction): void {
    sql.run(ownerSql.delete, this.owner)
  }

  async #renew(): Promise<void> {
    const { owner } = this
    const expiresMs = this.#until()
    const isThere = await this.parts.write(({ sql }) => sql.run(ownerSql.renew, expiresMs, owner) > 0)
    if (owner !== this.owner) return
    if (isThere) this.expiresMs = expiresMs
    else {
      this.parts.lost()
      await this.register()
      throw new LockLostError(`worker '${this.parts.workerId}'`)
    }
  }

  #insert(transaction: Transaction): void {
    const expiresMs = this.#until()
    const owner = transaction.sql.insert(ownerSql.insert, this.parts.workerId, this.parts.process, expiresMs)
    const before = { owner: this.owner, expiresMs: this.expiresMs }
    this.owner = owner
    this.expiresMs = expiresMs
    transaction.onUndo(() => Object.assign(this, before))
  }

  #until(): number {
    return this.parts.clock.nowMs() + this.parts.lockTimeoutMs
  }
}
