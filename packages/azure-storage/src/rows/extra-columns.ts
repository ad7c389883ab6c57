/**
 * Columns and members that nobody here knows: as columns of their own where a column can hold them, the others together as JSON in `DtfxExtra`, so that every one comes back as it was.
 * Invariant: nothing in `extra` can make a row that the service refuses: names, sizes and the number of columns are checked here.
 */
import { parseWire, wireText, type WireObject } from '@dtfx/core/provider'
import { type Cell, isTyped } from '@dtfx/azure-common'

export const packedExtras = 'DtfxExtra'

const columnName = /^[A-Za-z][A-Za-z0-9_]{0,250}$/
/** Of the service itself. */
const reserved: ReadonlySet<string> = new Set(['partitionkey', 'rowkey', 'timestamp', 'etag'])
/** UTF-16 characters: a cell holds 64 KiB, and what is longer must be where it can go to a blob. */
const maxLength = 30_720
/** Of 252 that a row may have. */
const maxColumns = 100

/** Adds to `columns`, of which none is overwritten. */
export function addExtraColumns(columns: Record<string, Cell>, extra: WireObject | undefined): void {
  if (extra === undefined) return
  const packed: Record<string, unknown> = {}
  let count = 0
  for (const [name, value] of Object.entries(extra)) {
    if (value === null || value === undefined || Object.hasOwn(columns, name)) continue
    if (isColumn(name, value) && ++count <= maxColumns) columns[name] = value
    else define(packed, name, value)
  }
  if (Object.keys(packed).length > 0) columns[packedExtras] = wireText(packed)
}

/** @throws DTFX_WIRE_INVALID */
export function unpackExtras(cell: Cell | undefined, target: Record<string, unknown>, place: string): void {
  if (typeof cell !== 'string' || cell === '') return
  const extra = parseWire(cell, `${place}.${packedExtras}`)
  if (typeof extra !== 'object' || extra === null) return
  for (const [name, value] of Object.entries(extra)) define(target, name, value)
}

function isColumn(name: string, value: unknown): value is Cell {
  if (!columnName.test(name) || name.endsWith('BlobName') || reserved.has(name.toLowerCase())) return false
  if (typeof value === 'string') return value.length <= maxLength
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31
  return typeof value === 'boolean' || (isTyped(value) && value.value.length <= maxLength && Object.keys(value).length === 2)
}

/** Also when the name is `__proto__`. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true })
}
