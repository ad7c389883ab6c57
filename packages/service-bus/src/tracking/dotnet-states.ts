/**
 * Writes the states that .NET's clients read. They are rows of one partition: those that come while a write is under way go together with the next one.
 * Invariants: of one row the state that came last is what is written last; a row that the service refuses does not hold up others.
 */
import type { KeyedRow, RepeatHost } from '@dtfx/azure-common'
import type { TableClient } from '@azure/data-tables'
import { deferred, type Deferred, type InstanceState } from '@dtfx/core/provider'
import { stateColumns, statePartition, stateRowKey } from './dotnet-rows.js'
import { rowParts } from './row-parts.js'
import { writeRows } from './write-rows.js'

interface WaitingRow extends KeyedRow {
  readonly written: Deferred<void>
}

export class DotnetStates {
  /** By row key. */
  readonly #waiting = new Map<string, WaitingRow>()
  #isWriting = false

  constructor(
    readonly table: TableClient,
    readonly host: RepeatHost,
  ) {}

  /** Resolves when this state, or a later one, is stored. .NET's own way: the last writer wins. */
  write(state: InstanceState): Promise<void> {
    const rowKey = stateRowKey(state.instanceId, state.executionId)
    const written = this.#waiting.get(rowKey)?.written ?? deferred<void>()
    this.#waiting.set(rowKey, { partitionKey: statePartition, rowKey, columns: stateColumns(state), written })
    if (!this.#isWriting) void this.#run()
    return written.promise
  }

  async #run(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.size > 0) {
      const rows = [...this.#waiting.values()]
      this.#waiting.clear()
      await Promise.all(rowParts(rows).map((part) => this.#writeAll(part)))
    }
    this.#isWriting = false
  }

  /** Never rejects. */
  async #writeAll(rows: readonly WaitingRow[]): Promise<void> {
    const [first] = rows
    try {
      await writeRows(this, rows.length === 1 ? `writing state '${first?.rowKey ?? ''}' for .NET` : `writing ${rows.length} states for .NET`, rows)
      for (const { written } of rows) written.resolve()
    } catch (error) {
      if (rows.length === 1) first?.written.reject(error)
      else await Promise.all(rows.map((row) => this.#writeAll([row])))
    }
  }
}
