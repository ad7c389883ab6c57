/**
 * How the new rows of a history are split into transactions: the service takes at most 100 operations and 4 MiB, and each has the sentinel besides. Pure.
 * Invariant: every row is in exactly one batch, in order; there is always a last batch, without rows if there are none.
 */
import { isTyped, type Row } from '@dtfx/azure-common'

/** With the sentinel 100. */
const maxRows = 99
/** .NET's limit; the service's is 4 MiB. */
const maxBatchBytes = 3 * 1024 * 1024

/** Rows `from` (inclusive) to `to` (exclusive) of those to be written. */
export interface HistoryBatch {
  readonly from: number
  readonly to: number
  readonly isLast: boolean
}

export function historyBatches(rows: readonly Row[], sentinel: Row): readonly HistoryBatch[] {
  const sentinelBytes = requestBytes(sentinel)
  const batches: HistoryBatch[] = []
  let from = 0
  let bytes = sentinelBytes
  for (const [index, row] of rows.entries()) {
    const size = requestBytes(row)
    if (index > from && (index - from === maxRows || bytes + size > maxBatchBytes)) {
      batches.push({ from, to: index, isLast: false })
      from = index
      bytes = sentinelBytes
    }
    bytes += size
  }
  batches.push({ from, to: rows.length, isLast: true })
  return batches
}

/** Never less than what a row takes in the request: headers of the operation, names with types, values as JSON in UTF-8. */
export function requestBytes(columns: Row): number {
  let bytes = 1024
  for (const [name, cell] of Object.entries(columns)) bytes += 2 * name.length + 48 + (typeof cell === 'string' ? textBytes(cell) : isTyped(cell) ? cell.value.length : 8)
  return bytes
}

/** Exact where it matters; a short text is taken at its worst, six bytes a character. */
function textBytes(text: string): number {
  return text.length <= 512 ? 6 * text.length : Buffer.byteLength(JSON.stringify(text))
}
