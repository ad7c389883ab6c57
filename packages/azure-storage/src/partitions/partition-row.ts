/**
 * One row of the Partitions table: who owns a control queue, who gets it next, and until when. Laid out as .NET writes it.
 * Invariants: times are kept as text, exact to 100 ns; columns that we do not know come back as they were read, because every write replaces the whole row; an absent column is null.
 */
import { dateFromWire, dtfxError, type Ticks } from '@dtfx/core/provider'

export interface PartitionRow {
  /** Name of the control queue. */
  readonly partition: string
  /** Version of the row, to be given with a write. */
  readonly etag: string
  readonly currentOwner: string | null
  /** To whom the partition is promised. */
  readonly nextOwner: string | null
  readonly ownedSince: Ticks | null
  readonly lastRenewal: Ticks | null
  readonly expiresAt: Ticks | null
  /** The owner takes no new messages and finishes what it has. */
  readonly isDraining: boolean
  readonly extra: Readonly<Record<string, unknown>>
}

/** A row as the SDK gives and takes it, without conversion of types. */
export interface PartitionEntity {
  readonly partitionKey: string
  readonly rowKey: string
  readonly [column: string]: unknown
}

/** The only key of the table. */
export const partitionTableKey = ''

const known: ReadonlySet<string> = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'CurrentOwner', 'NextOwner', 'OwnedSince', 'LastRenewal', 'ExpiresAt', 'IsDraining'])

/** The row of a partition that nobody has owned yet. */
export function newPartitionRow(partition: string): PartitionRow {
  return { partition, etag: '', currentOwner: null, nextOwner: null, ownedSince: null, lastRenewal: null, expiresAt: null, isDraining: false, extra: {} }
}

/** @throws DTFX_WIRE_INVALID */
export function decodePartitionRow(entity: PartitionEntity): PartitionRow {
  const partition = entity.rowKey
  const invalid = (column: string, value: unknown): Error => dtfxError('DTFX_WIRE_INVALID', { what: `row '${partition}' of the Partitions table`, problem: `${column} is ${JSON.stringify(value)}` })
  const text = (column: string): string | null => {
    const value = plain(entity[column])
    if (value === undefined || value === null) return null
    if (typeof value !== 'string') throw invalid(column, value)
    // .NET tells null from empty, but never writes an empty name; a row of nobody must not look owned.
    return value === '' ? null : value
  }
  const time = (column: string): Ticks | null => {
    const value = text(column)
    if (value === null) return null
    const ticks = dateFromWire(value)
    if (ticks === undefined) throw invalid(column, value)
    return ticks
  }
  const draining = plain(entity['IsDraining']) ?? false
  return {
    partition,
    etag: typeof entity['etag'] === 'string' ? entity['etag'] : '',
    currentOwner: text('CurrentOwner'),
    nextOwner: text('NextOwner'),
    ownedSince: time('OwnedSince'),
    lastRenewal: time('LastRenewal'),
    expiresAt: time('ExpiresAt'),
    isDraining: draining === true || draining === 'true',
    extra: Object.fromEntries(Object.entries(entity).filter(([column]) => !known.has(column) && !column.startsWith('odata.'))),
  }
}

/** What a full replacement of the row writes. */
export function encodePartitionRow(row: PartitionRow): PartitionEntity {
  const time = (value: Ticks | null): unknown => (value === null ? undefined : { type: 'DateTime', value })
  const columns = {
    CurrentOwner: row.currentOwner ?? undefined,
    NextOwner: row.nextOwner ?? undefined,
    OwnedSince: time(row.ownedSince),
    LastRenewal: time(row.lastRenewal),
    ExpiresAt: time(row.expiresAt),
    IsDraining: row.isDraining,
  }
  return { ...row.extra, ...Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)), partitionKey: partitionTableKey, rowKey: row.partition }
}

/** The SDK wraps what JSON cannot tell apart: `{ type, value }`. */
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value
}
