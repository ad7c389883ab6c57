/**
 * Rows of a table as plain data: what the SDK's clients take, and what they give with `disableTypeConversion`, which alone keeps the 100 ns of a time and the type of a column.
 * Text, flags and whole numbers of 32 bits are themselves; every other type of column is named with its text.
 */
import type { TableEntity } from '@azure/data-tables'
import { normalizeTicks, type Ticks } from '@dtfx/core/provider'
import { canonicalTicks } from './canonical-ticks.js'

export interface TypedCell {
  readonly type: 'DateTime' | 'Int64' | 'Double' | 'Guid' | 'Binary'
  /** As the service has it; Base64 for `Binary`. */
  readonly value: string
}

export type Cell = string | number | boolean | TypedCell

/** Columns without keys, etag and the service's own time. */
export type Row = Readonly<Record<string, Cell>>

export interface KeyedRow {
  readonly partitionKey: string
  readonly rowKey: string
  readonly columns: Row
}

export interface StoredRow extends KeyedRow {
  readonly etag: string
}

const system: ReadonlySet<string> = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'odata.metadata'])
const typedCells: ReadonlySet<string> = new Set(['DateTime', 'Int64', 'Double', 'Guid', 'Binary'])

/** Of an entity that was read with `disableTypeConversion: true`. */
export function storedRow(entity: Readonly<Record<string, unknown>>): StoredRow {
  const columns: Record<string, Cell> = {}
  for (const [name, value] of Object.entries(entity)) {
    const cell = system.has(name) ? undefined : cellOf(value)
    if (cell !== undefined) columns[name] = cell
  }
  return { partitionKey: String(entity['partitionKey']), rowKey: String(entity['rowKey']), etag: String(entity['etag'] ?? ''), columns }
}

/** What a client or a transaction takes. */
export function entityOf({ partitionKey, rowKey, columns }: KeyedRow): TableEntity<Record<string, Cell>> {
  return { ...columns, partitionKey, rowKey }
}

/** The first time that the service takes. An event of .NET without a time has the year 1. */
const firstTime: Ticks = '1601-01-01T00:00:00Z'

export function dateCell(ticks: Ticks): TypedCell {
  return { type: 'DateTime', value: sevenDigits(ticks < firstTime ? firstTime : ticks) }
}

/** Times in tables always have all their digits. */
export function sevenDigits(ticks: Ticks): string {
  const [seconds = '', fraction = ''] = ticks.slice(0, -1).split('.')
  return `${seconds}.${fraction.padEnd(7, '0')}Z`
}

/** Undefined for a cell that is not there, or no time. */
export function ticksOf(cell: Cell | undefined): Ticks | undefined {
  const text = isTyped(cell) ? cell.value : cell
  const ticks = typeof text === 'string' ? normalizeTicks(text) : undefined
  return ticks === undefined ? undefined : canonicalTicks(ticks)
}

export function isTyped(cell: unknown): cell is TypedCell {
  return typeof cell === 'object' && cell !== null && typedCells.has((cell as { type?: unknown }).type as string) && typeof (cell as { value?: unknown }).value === 'string'
}

export function textCell(cell: Cell | undefined): string | undefined {
  return typeof cell === 'string' ? cell : undefined
}

/** Of a column of 32 or 64 bits. */
export function integerCell(cell: Cell | undefined): number | undefined {
  const number = typeof cell === 'number' ? cell : isTyped(cell) && cell.type === 'Int64' ? Number(cell.value) : undefined
  return Number.isSafeInteger(number) ? number : undefined
}

export function binaryCell(cell: Cell | undefined): Uint8Array | undefined {
  return isTyped(cell) && cell.type === 'Binary' ? Buffer.from(cell.value, 'base64') : undefined
}

function cellOf(value: unknown): Cell | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (isTyped(value)) return { type: value.type, value: value.value }
  if (typeof value !== 'object' || value === null) return undefined
  const { type, value: given } = value as { readonly type?: unknown; readonly value?: unknown }
  if (type === 'String') return String(given)
  if (type === 'Int32') return Number(given)
  return type === 'Boolean' ? given === true || given === 'true' : undefined
}
