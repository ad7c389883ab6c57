/**
 * Reads the rows of an instance: its events in order, and the sentinel.
 *
 * Invariants:
 * 1. What is given is one consistent view. A page is one; several are, if the sentinel is the same before and after.
 * 2. As .NET reads: the events are those from row 0 on, as long as they are of the execution that the sentinel names; rows behind them are left over from a longer one before.
 * 3. A row that cannot be read stands in the history as an event of unknown type, which says why: to whoever replays it the history is damaged, and nobody else minds.
 */
import { TransientError, type HistoryEvent, type InstanceId, type Ticks } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import { eventOfRow } from '../rows/history-row.js'
import { historyFilter } from '../rows/odata.js'
import { escapeKey, outcomeOf, repeat, type RepeatHost, type Row, storedRow, type StoredRow, textCell } from '@dtfx/azure-common'
import { indexOfRowKey, sentinelRowKey } from '../rows/row-key.js'
import { sentinelOf, type StoredSentinel } from '../rows/sentinel-row.js'

export interface ReadSentinel extends StoredSentinel {
  readonly etag: string
  readonly columns: Row
}

export interface HistoryRead {
  readonly sentinel: ReadSentinel | undefined
  /** Of the events, in order; large columns are not fetched. */
  readonly rows: readonly StoredRow[]
  readonly executionId: string | undefined
}

/** How often several pages are read anew because somebody wrote meanwhile. */
const maxReads = 5

export async function readHistory(table: TableClient, host: RepeatHost, instanceId: InstanceId): Promise<HistoryRead> {
  const first = await repeat(`reading the history of '${instanceId}'`, host, () => readRows(table, instanceId, 1))
  if (!first.hasMore) return historyOf(first.rows, instanceId)
  for (let read = 1; read <= maxReads; read++) {
    const before = await readSentinel(table, host, instanceId)
    const { rows } = await repeat(`reading the history of '${instanceId}'`, host, () => readRows(table, instanceId, Number.POSITIVE_INFINITY))
    const history = historyOf(rows, instanceId)
    if (history.sentinel?.etag === before?.etag) return history
  }
  throw new TransientError(`reading the history of '${instanceId}'`, 'it was written again and again meanwhile')
}

export async function readSentinel(table: TableClient, host: RepeatHost, instanceId: InstanceId): Promise<ReadSentinel | undefined> {
  try {
    const entity = await repeat(`reading the sentinel of '${instanceId}'`, host, () => table.getEntity(escapeKey(instanceId), sentinelRowKey, { disableTypeConversion: true }))
    return sentinelOfRow(storedRow(entity), instanceId)
  } catch (error) {
    if (outcomeOf(error) === 'missing') return undefined
    throw error
  }
}

export function eventOf({ rowKey, columns }: StoredRow, instanceId: InstanceId): HistoryEvent {
  try {
    return eventOfRow(columns, `row ${rowKey} of '${instanceId}'`)
  } catch (error) {
    return unreadable(error as Error, rowKey)
  }
}

async function readRows(table: TableClient, instanceId: InstanceId, maxPages: number): Promise<{ readonly rows: StoredRow[]; readonly hasMore: boolean }> {
  const rows: StoredRow[] = []
  const filter = historyFilter(instanceId)
  let pages = 0
  for await (const page of table.listEntities({ queryOptions: { filter }, disableTypeConversion: true }).byPage()) {
    for (const entity of page) rows.push(storedRow(entity))
    if (++pages === maxPages) return { rows, hasMore: (page as { readonly continuationToken?: string }).continuationToken !== undefined }
  }
  return { rows, hasMore: false }
}

function historyOf(all: readonly StoredRow[], instanceId: InstanceId): HistoryRead {
  const last = all.find(({ rowKey }) => rowKey === sentinelRowKey)
  const sentinel = last === undefined ? undefined : sentinelOfRow(last, instanceId)
  const events = all.filter(({ rowKey }) => indexOfRowKey(rowKey) !== undefined)
  const executionId = sentinel?.executionId ?? textCell(events[0]?.columns['ExecutionId'])
  const end = events.findIndex(({ columns }) => textCell(columns['ExecutionId']) !== executionId)
  return { sentinel, rows: end < 0 ? events : events.slice(0, end), executionId }
}

function sentinelOfRow({ columns, etag }: StoredRow, instanceId: InstanceId): ReadSentinel {
  return { ...sentinelOf(columns, `sentinel of '${instanceId}'`), etag, columns }
}

const unknownTime: Ticks = '0001-01-01T00:00:00Z'

function unreadable({ message }: Error, rowKey: string): HistoryEvent {
  return { type: `unreadable (row ${rowKey}: ${message})`, eventId: -1, timestamp: unknownTime } as unknown as HistoryEvent
}
