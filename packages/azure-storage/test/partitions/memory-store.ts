/** Rows in memory, with versions as the table has them, and a say in what becomes of each request. */
import type { PartitionRow } from '../../src/partitions/partition-row.js'
import { newPartitionRow } from '../../src/partitions/partition-row.js'
import type { PartitionStore } from '../../src/partitions/partition-table.js'

export class MemoryStore implements PartitionStore {
  readonly rows = new Map<string, PartitionRow>()
  /** `read`, or `replace p0`, in the order of their arrival. */
  readonly requests: string[] = []
  /** Called before a request takes effect; may throw, or wait. */
  before: (request: string, signal: AbortSignal) => Promise<void> | void = () => {}

  constructor(partitions: readonly string[]) {
    for (const partition of partitions) this.set({ ...newPartitionRow(partition) })
  }

  /** Writes a row from outside. */
  set(row: PartitionRow): void {
    this.rows.set(row.partition, { ...row, etag: String(Number(this.rows.get(row.partition)?.etag ?? 0) + 1) })
  }

  row(partition: string): PartitionRow {
    return this.rows.get(partition) as PartitionRow
  }

  async read(signal: AbortSignal): Promise<readonly PartitionRow[]> {
    this.requests.push('read')
    await this.before('read', signal)
    return [...this.rows.values()]
  }

  async replace(row: PartitionRow, signal: AbortSignal): Promise<'written' | 'conflict'> {
    const request = `replace ${row.partition}`
    this.requests.push(request)
    await this.before(request, signal)
    if (this.rows.get(row.partition)?.etag !== row.etag) return 'conflict'
    this.set(row)
    return 'written'
  }
}
