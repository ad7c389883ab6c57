/** Statements on an open file. Each is prepared once and kept; values that are absent are NULL. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

export class Sql {
  readonly #statements = new Map<string, StatementSync>()

  constructor(readonly database: DatabaseSync) {}

  /** Returns how many rows were changed. */
  run(text: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(text).run(...values).changes)
  }

  /** Returns the key of the new row. */
  insert(text: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(text).run(...values).lastInsertRowid)
  }

  get<Row>(text: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(text).get(...values) as Row | undefined
  }

  all<Row>(text: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#statement(text).all(...values) as unknown as Row[]
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}
