/** Rows of one partition, in parts that one transaction of the service takes. Pure. */
import type { KeyedRow } from '@dtfx/azure-common'

/** Of the service, for one transaction. */
export const maxRowsPerWrite = 100
/** Less than the 4 MiB that the service takes: the request is larger than its texts. */
const maxBytesPerWrite = 2 * 1024 * 1024

export function rowParts<R extends Pick<KeyedRow, 'columns'>>(rows: readonly R[]): readonly (readonly R[])[] {
  const parts: R[][] = []
  let bytes = 0
  for (const row of rows) {
    const size = 1_024 + Object.values(row.columns).reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? 3 * cell.length : 64), 0)
    const last = parts.at(-1)
    if (last === undefined || last.length === maxRowsPerWrite || bytes + size > maxBytesPerWrite) {
      parts.push([row])
      bytes = size
    } else {
      last.push(row)
      bytes += size
    }
  }
  return parts
}
