/**
 * Operations that take effect together or not at all. They are checked when they are enlisted and once more before the first is applied; nothing can come between, because one thread does it all.
 * Invariant: after `commit` or `rollback` nothing of the transaction is left anywhere.
 */
import { BrokerError } from './broker-error.js'
import type { Journal } from './journal.js'

export interface TransactionalOperation {
  /** Throws if it could not be applied now. */
  check(): void
  apply(): void
  /** Frees what enlisting held; called once, before `apply` or instead of it. */
  letGo(): void
}

export class Transaction {
  readonly #operations: TransactionalOperation[] = []

  constructor(readonly journal: Journal) {}

  enlist(operation: TransactionalOperation): void {
    operation.check()
    this.#operations.push(operation)
  }

  commit(): void {
    const operations = this.#end()
    try {
      for (const operation of operations) operation.check()
    } catch (error) {
      throw new BrokerError('transaction-rolled-back', `The transaction was rolled back: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.journal.atomically(() => {
      for (const operation of operations) operation.apply()
    })
  }

  rollback(): void {
    this.#end()
  }

  #end(): TransactionalOperation[] {
    const operations = this.#operations.splice(0)
    for (const operation of operations) operation.letGo()
    return operations
  }
}
