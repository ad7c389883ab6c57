/** The histories of a recording, as this provider reads them from its rows. */
import type { HistoryEvent } from '@dtfx/core/provider'
import { eventOfRow } from '../../src/rows/history-row.js'
import { blobsOfHistoryRow, withTexts } from '../../src/rows/large-columns.js'
import { unescapeKey } from '@dtfx/azure-common'
import { sentinelRowKey } from '../../src/rows/row-key.js'
import { blobTexts, rowsOf, type Recording } from './recording.js'

export interface RecordedHistory {
  readonly instanceId: string
  readonly executionId: string
  readonly events: readonly HistoryEvent[]
}

export function historiesOf(recording: Recording): readonly RecordedHistory[] {
  const texts = blobTexts(recording)
  const found = new Map<string, { instanceId: string; executionId: string; events: HistoryEvent[] }>()
  const rows = [...rowsOf(recording, 'History')].sort((a, b) => (a.rowKey < b.rowKey ? -1 : 1))
  for (const { partitionKey, rowKey, columns } of rows) {
    if (rowKey === sentinelRowKey) continue
    const whole = withTexts(columns, Object.fromEntries(blobsOfHistoryRow(columns).map(({ column, blobName }) => [column, texts.get(blobName) as string])))
    const history = found.get(partitionKey) ?? { instanceId: unescapeKey(partitionKey), executionId: String(columns['ExecutionId']), events: [] }
    found.set(partitionKey, history)
    // Rows of an older execution, which a shorter one left behind.
    if (columns['ExecutionId'] === history.executionId) history.events.push(eventOfRow(whole, `${partitionKey}/${rowKey}`))
  }
  return [...found.values()]
}
