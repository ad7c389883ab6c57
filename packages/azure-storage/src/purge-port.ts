/**
 * Deletes finished instances: blobs, then the history, then the row that clients see, so that a purge that was cut off is found and done again.
 * Invariant: only what belongs to this very id is deleted; blobs are told apart by the slash behind the id, which .NET forgets.
 */
import { isFinal, type InstanceId, type PurgePort } from '@dtfx/core/provider'
import type { TransactionAction } from '@azure/data-tables'
import { historyFilter } from './rows/odata.js'
import { escapeKey } from './rows/partition-key.js'
import { repeat } from './storage/repeat.js'
import { outcomeOf } from './storage/storage-error.js'
import type { WorkerParts } from './worker-parts.js'

const maxDeletes = 100

export class AzurePurgePort implements PurgePort {
  constructor(readonly parts: Pick<WorkerParts, 'clients' | 'names' | 'host' | 'instances' | 'histories' | 'blobs' | 'gate' | 'suspicions'>) {}

  async purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'> {
    const { instances, blobs } = this.parts
    const row = await instances.read(instanceId, { payloads: false })
    if (row === undefined) return 'not-found'
    if (!isFinal(row.state.status)) return 'not-finished'
    await blobs.deleteOf(instanceId)
    await this.#deleteHistory(instanceId)
    await this.parts.suspicions.clear(instanceId)
    return (await this.#deleteRow(instanceId, row.etag)) ? 'purged' : 'not-finished'
  }

  async #deleteHistory(instanceId: InstanceId): Promise<void> {
    const { clients, names, host, gate } = this.parts
    const table = clients.table(names.historyTable)
    const partitionKey = escapeKey(instanceId)
    const keys = await repeat(`reading the history of '${instanceId}'`, host, async () => {
      const found: string[] = []
      for await (const { rowKey } of table.listEntities({ queryOptions: { filter: historyFilter(instanceId), select: ['RowKey'] } })) if (rowKey !== undefined) found.push(rowKey)
      return found
    })
    const batches = Array.from({ length: Math.ceil(keys.length / maxDeletes) }, (_, index) => keys.slice(index * maxDeletes, (index + 1) * maxDeletes))
    await gate.all(batches, async (batch) => {
      const actions = batch.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }])
      try {
        await repeat(`deleting the history of '${instanceId}'`, host, () => table.submitTransaction(actions))
      } catch (error) {
        // One of them is gone: an earlier purge was here.
        if (outcomeOf(error) !== 'missing') throw error
        for (const rowKey of batch) await this.#deleteOne(partitionKey, rowKey)
      }
    })
  }

  async #deleteOne(partitionKey: string, rowKey: string): Promise<void> {
    const { clients, names, host } = this.parts
    try {
      await repeat('deleting a row of a history', host, () => clients.table(names.historyTable).deleteEntity(partitionKey, rowKey))
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }

  /** False: the instance was started anew meanwhile. */
  async #deleteRow(instanceId: InstanceId, etag: string): Promise<boolean> {
    const { clients, names, host } = this.parts
    try {
      await repeat(`deleting the state of '${instanceId}'`, host, () => clients.table(names.instancesTable).deleteEntity(escapeKey(instanceId), '', { etag }))
    } catch (error) {
      if (outcomeOf(error) === 'conflict') return false
      if (outcomeOf(error) !== 'missing') throw error
    }
    return true
  }
}
