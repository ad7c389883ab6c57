/**
 * The Partitions table of a task hub: reads all rows in one request, replaces single ones on the condition that nobody changed them since.
 * Invariants: no write without a version; nothing conditional is sent twice; each request of a pass ends within its time, because a slow table must not take the lease from those that it is slow for.
 */
import { AmbiguousCommitError, logEvents, type Clock, type Logger, type Random } from '@dtfx/core/provider'
import type { StorageClients } from '../storage/storage-clients.js'
import { once, outcomeOf, repeat } from '@dtfx/azure-common'
import { problemOf } from './partition-log.js'
import { decodePartitionRow, encodePartitionRow, newPartitionRow, type PartitionEntity, type PartitionRow } from './partition-row.js'

/** What the manager needs of the table. */
export interface PartitionStore {
  /** All rows that can be read, by name of the partition. @throws TransientError, AmbiguousCommitError (no answer in time), PermanentError, or the reason of `signal` */
  read(signal: AbortSignal): Promise<readonly PartitionRow[]>
  /** `conflict`: certainly not written, because the row changed or is gone. @throws as `read`; except for TransientError and PermanentError the row may have been written */
  replace(row: PartitionRow, signal: AbortSignal): Promise<'written' | 'conflict'>
}

export interface PartitionTableOptions {
  readonly clients: StorageClients
  readonly host: { readonly clock: Clock; readonly random: Random; readonly logger: Logger }
  /** `{taskHub}Partitions`. */
  readonly tableName: string
  readonly operationMs: number
}

type Entity = Parameters<ReturnType<StorageClients['table']>['updateEntity']>[0]

export class PartitionTable implements PartitionStore {
  readonly #options: PartitionTableOptions

  constructor(options: PartitionTableOptions) {
    this.#options = options
  }

  /** Creates the table and a row for each partition; what exists stays as it is. */
  async create(partitions: readonly string[]): Promise<void> {
    const { host } = this.#options
    const table = this.#table()
    await repeat('creating the Partitions table', host, () => table.createTable())
    await Promise.all(partitions.map((partition) => repeat(`creating the row of partition '${partition}'`, host, () => table.createEntity(encodePartitionRow(newPartitionRow(partition)) as Entity)).catch(unlessThere)))
  }

  async read(signal: AbortSignal): Promise<readonly PartitionRow[]> {
    const entities = await this.#inTime('reading the Partitions table', signal, async (abortSignal) => {
      const found: PartitionEntity[] = []
      for await (const page of this.#table().listEntities<Record<string, unknown>>({ disableTypeConversion: true, abortSignal }).byPage()) found.push(...(page as unknown as PartitionEntity[]))
      return found
    })
    return entities.flatMap((entity) => this.#decode(entity)).sort((a, b) => (a.partition < b.partition ? -1 : 1))
  }

  async replace(row: PartitionRow, signal: AbortSignal): Promise<'written' | 'conflict'> {
    try {
      await this.#inTime(`writing the row of partition '${row.partition}'`, signal, (abortSignal) => this.#table().updateEntity(encodePartitionRow(row) as Entity, 'Replace', { etag: row.etag, abortSignal }))
      return 'written'
    } catch (error) {
      const outcome = outcomeOf(error)
      if (outcome === 'conflict' || outcome === 'missing') return 'conflict'
      throw error
    }
  }

  /** One row that makes no sense must not stop the others: it counts as not there, which the log says. */
  #decode(entity: PartitionEntity): readonly PartitionRow[] {
    try {
      return [decodePartitionRow(entity)]
    } catch (error) {
      const { level, text, id } = logEvents.partitionError
      this.#options.host.logger.log(level, `${text}: ${problemOf(error)}`, { table: this.#options.tableName, partition: entity.rowKey }, id)
      return []
    }
  }

  #table(): ReturnType<StorageClients['table']> {
    return this.#options.clients.table(this.#options.tableName)
  }

  async #inTime<T>(what: string, signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { operationMs, host } = this.#options
    const timeout = new AbortController()
    const cancel = host.clock.setTimer(operationMs, () => timeout.abort())
    try {
      return await once(what, () => send(AbortSignal.any([signal, timeout.signal])))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (timeout.signal.aborted) throw new AmbiguousCommitError(what, `no answer within ${operationMs} ms`, error)
      throw error
    } finally {
      cancel()
    }
  }
}

function unlessThere(error: unknown): void {
  if (outcomeOf(error) !== 'conflict') throw error
}
