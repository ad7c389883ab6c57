/**
 * Rows of .NET's History table → history events, one history per instance. A row is nearly an event without `$type`; what differs is undone here:
 * `_Timestamp` is the event's own time, objects are JSON text (2.9 writes the text `null` where 1.17 leaves the column out), `ExecutionId` belongs to the store,
 * and a rewound row is a GenericEvent that still has the columns of the event it was.
 */
import type { HistoryEvent } from '../../src/model/events.js'
import { eventFromWire } from '../../src/serialization/wire-history.js'
import type { TableRow } from './recording.js'

export interface RecordedInstance {
  readonly instanceId: string
  readonly executionId: string
  readonly history: readonly HistoryEvent[]
}

/** Columns that hold JSON. */
const jsonColumns: ReadonlySet<string> = new Set(['OrchestrationInstance', 'ParentInstance', 'ParentTraceContext', 'Tags', 'FailureDetails'])

/** Columns of the store itself. `ExecutionId` tells the execution that wrote the row. */
const storeColumns: ReadonlySet<string> = new Set(['PartitionKey', 'RowKey', 'ExecutionId', '_Timestamp'])

/** Histories by instance, in the order of the first row of each. */
export function instancesOf(rows: readonly TableRow[]): RecordedInstance[] {
  const byPartition = new Map<string, TableRow[]>()
  for (const row of rows) {
    const key = String(row['PartitionKey'])
    const known = byPartition.get(key)
    if (known === undefined) byPartition.set(key, [row])
    else known.push(row)
  }
  return [...byPartition.values()].map(instanceOf)
}

function instanceOf(unordered: readonly TableRow[]): RecordedInstance {
  const rows = [...unordered].sort((a, b) => (String(a['RowKey']) < String(b['RowKey']) ? -1 : 1))
  const history = rows.map(eventOfRow)
  const start = history.find((event) => event.type === 'ExecutionStarted')
  if (start?.type !== 'ExecutionStarted') throw new Error(`no ExecutionStarted in partition ${String(rows[0]?.['PartitionKey'])}`)
  return { instanceId: start.instance.instanceId, executionId: start.instance.executionId ?? '', history }
}

export function eventOfRow(row: TableRow): HistoryEvent {
  const wire: Record<string, unknown> = { Timestamp: row['_Timestamp'] }
  for (const [column, value] of Object.entries(row)) {
    if (storeColumns.has(column) || column.endsWith('@odata.type')) continue
    wire[column] = jsonColumns.has(column) && typeof value === 'string' ? (JSON.parse(value) as unknown) : value
  }
  return eventFromWire(wire, `row ${row['PartitionKey']}/${row['RowKey']}`)
}
