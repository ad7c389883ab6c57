/**
 * Deletes the history of a finished execution, on condition of its sentinel like every other write of a history.
 *
 * Invariants:
 * 1. From the first write on there is no history for anybody who reads; what is left of its rows belongs to no execution.
 * 2. Whoever writes the instance meanwhile moves the sentinel on: then nothing more is deleted, and nothing of what was written is.
 * 3. The sentinel goes last. Cut off anywhere it can be done again.
 */
import type { InstanceId } from '@dtfx/core/provider'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import { historyFilter } from '../rows/odata.js'
import { entityOf, escapeKey, once, outcomeOf, repeat, type RepeatHost } from '@dtfx/azure-common'
import { sentinelRowKey } from '../rows/row-key.js'
import { sentinelColumns } from '../rows/sentinel-row.js'
import { readSentinel } from './history-reader.js'

/** With the sentinel 100. */
const maxDeletes = 99

export class HistoryEraser {
  constructor(
    readonly table: TableClient,
    readonly host: RepeatHost,
  ) {}

  /** False: it is of another execution than `executionId`, or somebody wrote it meanwhile. @throws AmbiguousCommitError, TransientError, PermanentError */
  async erase(instanceId: InstanceId, executionId: string): Promise<boolean> {
    const sentinel = await readSentinel(this.table, this.host, instanceId)
    if (sentinel !== undefined && sentinel.executionId !== '' && sentinel.executionId !== executionId) return false
    const keys = await this.#keys(instanceId)
    if (sentinel === undefined && keys.length === 0) return true
    const emptied = sentinelColumns({ executionId: '', checkpointId: '', completedAt: this.host.clock.nowTicks(), part: 0, eventCount: 0, sequence: (sentinel?.sequence ?? 0) + 1, state: '' })
    const partitionKey = escapeKey(instanceId)
    const guard = entityOf({ partitionKey, rowKey: sentinelRowKey, columns: { ...emptied, CommittedStateBlobName: '' } })
    let etag = sentinel?.etag
    for (let at = 0; at < keys.length; at += maxDeletes) {
      const deletes = keys.slice(at, at + maxDeletes).map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }])
      etag = await this.#write(instanceId, [...deletes, etag === undefined ? ['create', guard] : ['update', guard, 'Merge', { etag }]])
      if (etag === undefined) return false
    }
    return etag !== undefined && this.#deleteSentinel(instanceId, etag)
  }

  async #keys(instanceId: InstanceId): Promise<readonly string[]> {
    return repeat(`reading the history of '${instanceId}'`, this.host, async () => {
      const found: string[] = []
      const rows = this.table.listEntities({ queryOptions: { filter: historyFilter(instanceId), select: ['RowKey'] } })
      for await (const { rowKey } of rows) if (rowKey !== undefined && rowKey !== sentinelRowKey) found.push(rowKey)
      return found
    })
  }

  /** The new ETag of the sentinel; undefined: it is another one by now. */
  async #write(instanceId: InstanceId, actions: TransactionAction[]): Promise<string | undefined> {
    try {
      const { subResponses } = await once(`deleting the history of '${instanceId}'`, () => this.table.submitTransaction(actions))
      return subResponses.at(-1)?.etag
    } catch (error) {
      if (outcomeOf(error) === 'conflict' || outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  async #deleteSentinel(instanceId: InstanceId, etag: string): Promise<boolean> {
    try {
      await once(`deleting the history of '${instanceId}'`, () => this.table.deleteEntity(escapeKey(instanceId), sentinelRowKey, { etag }))
      return true
    } catch (error) {
      if (outcomeOf(error) === 'conflict') return false
      if (outcomeOf(error) !== 'missing') throw error
      return true
    }
  }
}
