/**
 * Writes and deletes rows that come one by one with as few requests as there can be: those of one partition that come while a request is under way go together with the next one.
 * Invariants: of one row the change that came last is what is made last; a row that the service refuses does not hold up others; each change ends with that of its request.
 */
import { outcomeOf, repeat, type KeyedRow, type RepeatHost } from '@dtfx/azure-common'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import { deferred, sleep, type Deferred } from '@dtfx/core/provider'
import { rowParts } from './row-parts.js'
import { writeRows } from './write-rows.js'

export interface GroupedRowsParts {
  readonly table: TableClient
  readonly host: RepeatHost
  /** What the rows are, for errors. */
  readonly what: string
  /** Between two requests: what comes meanwhile goes together. The first one after a while goes at once. */
  readonly pauseMs: number
}

type RowKey = Pick<KeyedRow, 'partitionKey' | 'rowKey'>

interface Change extends KeyedRow {
  readonly isDelete: boolean
  readonly made: Deferred<void>
}

export class GroupedRows {
  readonly #waiting = new Map<string, Change>()
  #isRunning = false

  constructor(readonly of: GroupedRowsParts) {}

  /** Over what there is under its key. Resolves when this row, or a later one, is stored. @throws what a port may throw */
  write(row: KeyedRow): Promise<void> {
    return this.#add({ ...row, isDelete: false })
  }

  /** Also one that is not there. */
  delete(key: RowKey): Promise<void> {
    return this.#add({ ...key, columns: {}, isDelete: true })
  }

  #add(change: Omit<Change, 'made'>): Promise<void> {
    const key = `${change.partitionKey}\n${change.rowKey}`
    const made = this.#waiting.get(key)?.made ?? deferred<void>()
    this.#waiting.set(key, { ...change, made })
    if (!this.#isRunning) void this.#run()
    return made.promise
  }

  async #run(): Promise<void> {
    const { host, pauseMs } = this.of
    this.#isRunning = true
    while (this.#waiting.size > 0) {
      const changes = [...this.#waiting.values()]
      this.#waiting.clear()
      const making = requestsOf(changes).map((request) => this.#make(request))
      await Promise.all(pauseMs === 0 ? making : [...making, sleep(host.clock, pauseMs)])
    }
    this.#isRunning = false
  }

  /** Never rejects. */
  async #make(changes: readonly Change[]): Promise<void> {
    const [first] = changes
    try {
      if (first?.isDelete === true) await this.#delete(changes)
      else await writeRows(this.of, `writing ${this.#named(changes)}`, changes)
      for (const { made } of changes) made.resolve()
    } catch (error) {
      if (changes.length === 1) first?.made.reject(error)
      else await Promise.all(changes.map((each) => this.#make([each])))
    }
  }

  async #delete(changes: readonly Change[]): Promise<void> {
    const { table, host } = this.of
    const [first] = changes
    const send = (): Promise<unknown> =>
      changes.length === 1 && first !== undefined
        ? table.deleteEntity(first.partitionKey, first.rowKey)
        : table.submitTransaction(changes.map(({ partitionKey, rowKey }): TransactionAction => ['delete', { partitionKey, rowKey }]))
    try {
      await repeat(`deleting ${this.#named(changes)}`, host, send)
    } catch (error) {
      if (changes.length > 1 || outcomeOf(error) !== 'missing') throw error
    }
  }

  #named(changes: readonly Change[]): string {
    return changes.length === 1 ? `${this.of.what} '${changes[0]?.rowKey ?? ''}'` : `${changes.length} rows: ${this.of.what}`
  }
}

function requestsOf(changes: readonly Change[]): (readonly Change[])[] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const key = `${change.partitionKey}\n${change.isDelete}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return [...groups.values()].flatMap((group) => rowParts(group))
}
