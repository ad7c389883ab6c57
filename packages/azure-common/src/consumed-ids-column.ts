/**
 * Ids of consumed messages, packed: 16 bytes for one of 32 hexadecimal digits, which nearly all are; others as text. 1 280 ids are 20 KB.
 * The bytes may be more than one column holds; they go on in the next, and the beginning says how many there are, so that columns which an older, longer list left behind do no harm.
 *
 * Format 1: version (1 byte), length of the rest (4), number of deleted ids (2), of pending ids (2), number of texts (2); each text: its place (2), its bytes (2), UTF-8; then the packed ids in order.
 */
import { dtfxError, type ConsumedIds, type MessageId } from '@dtfx/core/provider'
import { binaryCell, type Cell, type Row } from './table-row.js'

const format = 1
const headerBytes = 5
/** Of 65 536 that a column may have. */
const maxColumnBytes = 60_000
const packable = /^[0-9a-f]{32}$/
const nothing: ConsumedIds = { deleted: [], pending: [] }

export function consumedIdsColumns({ deleted, pending }: ConsumedIds): Row {
  const ids = [...deleted, ...pending]
  const texts = ids.flatMap((id, place) => (packable.test(id) ? [] : [{ place, bytes: Buffer.from(id, 'utf8') }]))
  const parts: Buffer[] = [uint16(deleted.length), uint16(pending.length), uint16(texts.length)]
  for (const { place, bytes } of texts) parts.push(uint16(place), uint16(bytes.length), bytes)
  for (const id of ids) if (packable.test(id)) parts.push(Buffer.from(id, 'hex'))
  const body = Buffer.concat(parts)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt8(format, 0)
  header.writeUInt32BE(body.length, 1)
  return inColumns(Buffer.concat([header, body]))
}

/** None where there is no column. @throws DTFX_WIRE_INVALID */
export function consumedIdsOf(columns: Row, place: string): ConsumedIds {
  const first = binaryCell(columns[columnName(0)])
  if (first === undefined || first.length === 0) return nothing
  const bytes = allBytes(columns, place)
  const counts = { deleted: bytes.readUInt16BE(headerBytes), pending: bytes.readUInt16BE(headerBytes + 2) }
  const ids = readIds(bytes, counts.deleted + counts.pending, place)
  return { deleted: ids.slice(0, counts.deleted), pending: ids.slice(counts.deleted) }
}

function readIds(bytes: Buffer, count: number, place: string): MessageId[] {
  const ids = new Array<MessageId | undefined>(count).fill(undefined)
  let at = headerBytes + 6
  for (let texts = bytes.readUInt16BE(headerBytes + 4); texts > 0; texts--) {
    const length = at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : invalid(place)
    if (at + 4 + length > bytes.length || bytes.readUInt16BE(at) >= count) invalid(place)
    ids[bytes.readUInt16BE(at)] = bytes.toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
  }
  return ids.map((text) => {
    if (text !== undefined) return text
    if (at + 16 > bytes.length) invalid(place)
    return bytes.toString('hex', at, (at += 16))
  })
}

function allBytes(columns: Row, place: string): Buffer {
  const parts: Uint8Array[] = []
  let length = 0
  let expected = headerBytes
  for (let index = 0; length < expected; index++) {
    const part = binaryCell(columns[columnName(index)])
    if (part === undefined || part.length === 0) return invalid(place)
    parts.push(part)
    length += part.length
    if (index === 0) expected = headerBytes + lengthOf(Buffer.from(part), place)
  }
  return Buffer.concat(parts).subarray(0, expected)
}

function lengthOf(first: Buffer, place: string): number {
  if (first.length < headerBytes + 6 || first.readUInt8(0) !== format) invalid(place)
  return first.readUInt32BE(1)
}

function inColumns(bytes: Buffer): Row {
  const columns: Record<string, Cell> = {}
  for (let at = 0, index = 0; at < bytes.length; at += maxColumnBytes, index++) {
    columns[columnName(index)] = { type: 'Binary', value: bytes.toString('base64', at, Math.min(at + maxColumnBytes, bytes.length)) }
  }
  return columns
}

function columnName(index: number): string {
  return index === 0 ? 'ConsumedIds' : `ConsumedIds${index}`
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function invalid(place: string): never {
  throw dtfxError('DTFX_WIRE_INVALID', { what: `${place}.ConsumedIds`, problem: 'the bytes are damaged, or of a newer version' })
}
