/**
 * Counts turns that began and came to no end, by instance: a row of its own, so that counting leaves the version of the instance alone, and can be done before there is one.
 * Invariant: the count is about one version; once the instance has another, the next one begins at 1.
 */
import type { InstanceId, InstanceVersion } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import { entityOf, escapeKey, integerCell, outcomeOf, repeat, type RepeatHost, storedRow, type StoredRow, textCell } from '@dtfx/azure-common'

const partitionKey = 'suspicions'

export class SuspicionStore {
  constructor(
    readonly table: TableClient,
    readonly host: RepeatHost,
  ) {}

  /** Durable when it resolves. */
  async count(instanceId: InstanceId, version: InstanceVersion): Promise<number> {
    const rowKey = escapeKey(instanceId)
    const before = await this.#read(rowKey)
    const isSame = textCell(before?.columns['Version']) === String(version)
    const count = (isSame ? (integerCell(before?.columns['Count']) ?? 0) : 0) + 1
    await repeat('counting a turn', this.host, () => this.table.upsertEntity(entityOf({ partitionKey, rowKey, columns: { Count: count, Version: String(version) } }), 'Replace'))
    return count
  }

  async clear(instanceId: InstanceId): Promise<void> {
    try {
      await repeat('forgetting the count of turns', this.host, () => this.table.deleteEntity(partitionKey, escapeKey(instanceId)))
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }

  async #read(rowKey: string): Promise<StoredRow | undefined> {
    try {
      return storedRow(await repeat('reading the count of turns', this.host, () => this.table.getEntity(partitionKey, rowKey, { disableTypeConversion: true })))
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }
}
