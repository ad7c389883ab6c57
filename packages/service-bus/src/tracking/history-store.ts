/** Histories in the instance table, one row for each event, as .NET has them. Invariant: what is written twice is the same, so that a repeated tracking message changes nothing. */
import { allOf, escapeKey, integerCell, odataText, repeat, storedRow, textCell, withCanonicalTimes, withoutEmptyVersion, type Cell, type KeyedRow, type RepeatHost, type StoredRow } from '@dtfx/azure-common'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import { decodeEvent, dtfxError, type HistoryEvent, type InstanceId } from '@dtfx/core/provider'
import type { HubBlobs } from '../messages/hub-blobs.js'
import { historyColumns, historyPartition, historyRowKey } from './dotnet-rows.js'
import { maxRowsPerWrite, rowParts } from './row-parts.js'
import { maxCellLength } from './row-texts.js'
import type { TrackedEvent } from './tracked-batch.js'
import { writeRows } from './write-rows.js'

/** The whole event, where .NET's column has only its beginning: here, or in a blob. */
const wholeColumn = 'Event'
const blobColumn = 'EventBlobKey'

export class HistoryStore {
  constructor(
    readonly table: TableClient,
    readonly blobs: HubBlobs,
    readonly host: RepeatHost,
  ) {}

  async write(instanceId: InstanceId, events: readonly TrackedEvent[]): Promise<void> {
    const unique = new Map(events.map((each) => [historyRowKey(each.executionId, each.index), each]))
    const rows = await Promise.all([...unique].map(([rowKey, event]) => this.#rowOf(instanceId, rowKey, event)))
    for (const part of rowParts(rows)) await writeRows(this, `writing the history of '${instanceId}'`, part)
  }

  /** Events of one execution, in order; those that are there. @throws DTFX_WIRE_INVALID */
  async read(instanceId: InstanceId, executionId: string): Promise<HistoryEvent[]> {
    const rows = (await this.#rows(instanceId, executionId)).map((row) => ({ row, index: integerCell(row.columns['SequenceNumber']) ?? 0 })).sort((a, b) => a.index - b.index)
    const gap = rows.findIndex(({ index }, place) => index !== place)
    return Promise.all((gap < 0 ? rows : rows.slice(0, gap)).map(({ row }) => this.#eventOf(row)))
  }

  /** Deletes the rows of all executions. */
  async erase(instanceId: InstanceId): Promise<void> {
    const rows = await this.#rows(instanceId, undefined)
    for (let at = 0; at < rows.length; at += maxRowsPerWrite) {
      const actions = rows.slice(at, at + maxRowsPerWrite).map(({ partitionKey, rowKey }): TransactionAction => ['delete', { partitionKey, rowKey }])
      await repeat(`deleting the history of '${instanceId}'`, this.host, () => this.table.submitTransaction(actions))
    }
  }

  async #rowOf(instanceId: InstanceId, rowKey: string, { executionId, index, event }: TrackedEvent): Promise<KeyedRow> {
    const { columns, whole } = historyColumns({ instanceId, executionId, index, event })
    const written: Record<string, Cell> = { ...columns }
    if (whole !== undefined && whole.length <= maxCellLength) written[wholeColumn] = whole
    else if (whole !== undefined) written[blobColumn] = await this.blobs.putText(`${escapeKey(instanceId)}/${executionId}/${index}.json.gz`, whole)
    return { partitionKey: historyPartition(instanceId), rowKey, columns: written }
  }

  async #rows(instanceId: InstanceId, executionId: string | undefined): Promise<StoredRow[]> {
    const conditions = [`PartitionKey eq ${odataText(historyPartition(instanceId))}`]
    if (executionId !== undefined) conditions.push(`RowKey ge ${odataText(`EID_SEQ_${executionId}_`)}`, `RowKey lt ${odataText(`EID_SEQ_${executionId}\``)}`)
    return repeat(`reading the history of '${instanceId}'`, this.host, async () => {
      const found: StoredRow[] = []
      for await (const entity of this.table.listEntities({ queryOptions: { filter: allOf(conditions) ?? '' }, disableTypeConversion: true })) found.push(storedRow(entity))
      return found
    })
  }

  async #eventOf({ columns, rowKey }: StoredRow): Promise<HistoryEvent> {
    const place = `history row '${rowKey}'`
    const key = textCell(columns[blobColumn])
    const json = textCell(columns[wholeColumn]) ?? (key === undefined ? textCell(columns['HistoryEvent']) : await this.blobs.getText(key))
    if (json === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: "it has no column 'HistoryEvent'" })
    return withCanonicalTimes(withoutEmptyVersion(decodeEvent(json, place)))
  }
}
