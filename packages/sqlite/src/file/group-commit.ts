/**
 * Group commit: operations that arrive in one turn of the event loop share a transaction, and so one wait for the disk. What ends a group (handing out work) is part of it.
 *
 * Invariants:
 * 1. A promise resolves only after the commit that contains its operation.
 * 2. One operation that fails is undone alone. Savepoints cost a tenth of a group, so a group begins without; when an operation of it fails, all are undone, and run again with a savepoint each.
 *    An operation may so run twice, and what it does in memory has to be undone by `onUndo`.
 * 3. A transaction begins and ends in one synchronous step; while the file is busy, nothing is begun.
 */
import { dtfxError } from '@dtfx/core/provider'
import { concernsAll, fileError } from './file-error.js'
import type { HubFile } from './hub-file.js'
import { afterLoopTurn, loopTurnOver } from './loop-turn.js'
import { Transaction } from './transaction.js'

/** Operations of one transaction: bounds how long it blocks the event loop, and other processes. */
const maxGroup = 256

interface Operation {
  readonly run: (transaction: Transaction) => unknown
  readonly durable: boolean
  readonly resolve: (value: never) => void
  readonly reject: (reason: unknown) => void
}

interface Ended {
  readonly operation: Operation
  readonly transaction: Transaction
  readonly outcome: { readonly value: unknown } | { readonly error: unknown }
}

export interface GroupEnd {
  /** Hands out what needs no transaction, before the group is gathered. True if there was something: whoever got it may want to write soon, and shares the group. */
  before(): boolean
  /** There is work to hand out, as far as can be told without a transaction. */
  wanted(): boolean
  /** Hands out work as part of the group. */
  run(transaction: Transaction): void
  /** Nothing could be written: try later. */
  failed(error: unknown): void
}

export class GroupCommit {
  #queue: Operation[] = []
  #isScheduled = false
  #running: Promise<void> | undefined
  #closed = false

  constructor(
    readonly file: HubFile,
    readonly end: GroupEnd,
  ) {}

  /** Runs `run` in the next group. `durable: false`: only other processes need to see it, power may fail over it. */
  submit<T>(run: (transaction: Transaction) => T, { durable = true }: { readonly durable?: boolean } = {}): Promise<T> {
    if (this.#closed) return Promise.reject(dtfxError('DTFX_CLOSED'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run, durable, resolve: resolve as (value: never) => void, reject })
      this.schedule()
    })
  }

  /** A group at the end of this turn of the event loop, also without operations. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    afterLoopTurn(() => {
      this.#isScheduled = false
      this.#running ??= this.#drain().finally(() => (this.#running = undefined))
    })
  }

  /** Writes what is waiting, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#queue.length > 0 || this.#running !== undefined) {
      this.#running ??= this.#drain().finally(() => (this.#running = undefined))
      await this.#running
    }
  }

  async #drain(): Promise<void> {
    do {
      if (!this.#closed && this.end.before()) await loopTurnOver()
      const group = this.#queue.splice(0, maxGroup)
      try {
        if (group.length > 0 || this.end.wanted()) await this.#commit(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
        this.end.failed(error)
        if (group.length === 0) return
      }
    } while (this.#queue.length > 0)
  }

  async #commit(group: readonly Operation[]): Promise<void> {
    const { file } = this
    if (!file.isOpen) await file.open({ create: false })
    const durable = group.some((operation) => operation.durable)
    const begin = (): Promise<void> => file.patiently(() => {
      file.synchronize(durable)
      file.sql.run('BEGIN IMMEDIATE')
    })
    await begin()
    if (this.#transact(group, { savepoints: false })) return
    await begin()
    this.#transact(group, { savepoints: true })
  }

  /** From its begin to its end, in one step. Returns false, with nothing written, if an operation failed that had no savepoint. */
  #transact(group: readonly Operation[], { savepoints }: { readonly savepoints: boolean }): boolean {
    const { file } = this
    const last = new Transaction(file.sql)
    const ended: Ended[] = []
    try {
      for (const operation of group) {
        const end = savepoints ? this.#runAlone(operation) : this.#run(operation)
        ended.push(end)
        if (!savepoints && 'error' in end.outcome) {
          file.sql.run('ROLLBACK')
          undoAll(ended)
          return false
        }
      }
      if (!this.#closed) this.end.run(last)
      file.sql.run('COMMIT')
    } catch (error) {
      if (file.sql.database.isTransaction) file.sql.database.exec('ROLLBACK')
      last.undo()
      undoAll(ended)
      throw fileError(error, file.path)
    }
    for (const { operation, transaction, outcome } of ended) {
      transaction.committed()
      if ('value' in outcome) operation.resolve(outcome.value as never)
      else operation.reject(outcome.error)
    }
    last.committed()
    return true
  }

  #runAlone(operation: Operation): Ended {
    const { sql } = this.file
    sql.run('SAVEPOINT operation')
    const end = this.#run(operation)
    if ('error' in end.outcome) sql.run('ROLLBACK TO operation')
    sql.run('RELEASE operation')
    return end
  }

  /** @throws what ends the whole transaction */
  #run(operation: Operation): Ended {
    const transaction = new Transaction(this.file.sql)
    try {
      return { operation, transaction, outcome: { value: operation.run(transaction) } }
    } catch (error) {
      transaction.undo()
      if (concernsAll(error)) throw error
      return { operation, transaction, outcome: { error: fileError(error, this.file.path) } }
    }
  }
}

/** Of an operation that has undone itself nothing is left to undo. */
function undoAll(ended: Ended[]): void {
  for (const { transaction } of ended.reverse()) transaction.undo()
}
