/**
 * One operation inside the transaction of a group. What it does in memory waits for the commit: an operation that fails, or whose group does, leaves nothing behind.
 */
import type { Sql } from './sql.js'

export class Transaction {
  readonly #committed: (() => void)[] = []
  readonly #undone: (() => void)[] = []

  constructor(readonly sql: Sql) {}

  /** Called in order when the group is committed. */
  onCommit(act: () => void): void {
    this.#committed.push(act)
  }

  /** Called when the operation is undone, alone or with its group. */
  onUndo(act: () => void): void {
    this.#undone.push(act)
  }

  committed(): void {
    for (const act of this.#committed) act()
  }

  undo(): void {
    for (const act of this.#undone) act()
    this.#undone.length = 0
    this.#committed.length = 0
  }
}
