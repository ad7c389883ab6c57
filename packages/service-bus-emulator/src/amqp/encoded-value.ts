/** Reads AMQP values where they lie, without decoding what nobody asks for. Every read is checked against the end of the buffer: whatever a client sends, the worst is a coded error. */
import { BrokerError } from '../broker/broker-error.js'

export const undecodable = (problem: string): BrokerError => new BrokerError('undecodable', `The message cannot be decoded: ${problem}.`)

/** Where one value ends that starts at `at`. */
export function endOf(bytes: Buffer, at: number): number {
  const code = byteAt(bytes, at)
  if (code === 0x00) return endOf(bytes, endOf(bytes, at + 1))
  const family = code >>> 4
  if (family >= 0x4 && family <= 0x9) return within(bytes, at + 1 + fixedWidths[family - 4]!)
  if (family === 0xa || family === 0xc || family === 0xe) return within(bytes, at + 2 + byteAt(bytes, at + 1))
  if (family === 0xb || family === 0xd || family === 0xf) return within(bytes, at + 5 + uint32At(bytes, at + 1))
  throw undecodable(`unknown type 0x${code.toString(16)}`)
}

const fixedWidths = [0, 1, 2, 4, 8, 16]

/** Start of each item of a list or map that starts at `at`, and the end of the last. */
export function itemsOf(bytes: Buffer, at: number): number[] {
  const code = byteAt(bytes, at)
  if (code === 0x45) return [at + 1]
  const isSmall = code === 0xc0 || code === 0xc1
  if (!isSmall && code !== 0xd0 && code !== 0xd1) throw undecodable('a list or map was expected')
  const count = isSmall ? byteAt(bytes, at + 2) : uint32At(bytes, at + 5)
  let position = at + (isSmall ? 3 : 9)
  const end = endOf(bytes, at)
  const starts = [position]
  for (let index = 0; index < count; index++) {
    position = endOf(bytes, position)
    if (position > end) throw undecodable('a list is longer than it says')
    starts.push(position)
  }
  return starts
}

export const isNull = (bytes: Buffer, at: number): boolean => byteAt(bytes, at) === 0x40

/** A string or symbol; undefined for anything else. */
export function textAt(bytes: Buffer, at: number): string | undefined {
  const code = byteAt(bytes, at)
  if (code !== 0xa1 && code !== 0xb1 && code !== 0xa3 && code !== 0xb3) return undefined
  return bytes.toString('utf8', at + (code < 0xb0 ? 2 : 5), endOf(bytes, at))
}

/** An integer or a timestamp; undefined for anything else. */
export function numberAt(bytes: Buffer, at: number): number | undefined {
  const code = byteAt(bytes, at)
  const end = endOf(bytes, at)
  if (code === 0x43 || code === 0x44) return 0
  if (code === 0x50 || code === 0x52 || code === 0x53) return bytes.readUInt8(end - 1)
  if (code === 0x54 || code === 0x55) return bytes.readInt8(end - 1)
  if (code === 0x70) return bytes.readUInt32BE(end - 4)
  if (code === 0x71) return bytes.readInt32BE(end - 4)
  if (code === 0x80) return Number(bytes.readBigUInt64BE(end - 8))
  if (code === 0x81 || code === 0x83) return Number(bytes.readBigInt64BE(end - 8))
  return undefined
}

/** A message id of any of its types as text. */
export function idAt(bytes: Buffer, at: number): string | undefined {
  if (isNull(bytes, at)) return undefined
  const text = textAt(bytes, at) ?? numberAt(bytes, at)?.toString()
  if (text !== undefined) return text
  const headBytes = byteAt(bytes, at) === 0xb0 ? 5 : byteAt(bytes, at) === 0xa0 ? 2 : 1
  return bytes.toString('hex', at + headBytes, endOf(bytes, at))
}

/** Code of the section that starts at `at`, and where its value starts. */
export function sectionAt(bytes: Buffer, at: number): { readonly code: number; readonly valueAt: number } {
  if (byteAt(bytes, at) !== 0x00) throw undecodable('a section was expected')
  const code = numberAt(bytes, at + 1)
  if (code === undefined) throw undecodable('a section has no number')
  return { code, valueAt: endOf(bytes, at + 1) }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw undecodable('it ends too early')
  return byte
}

function uint32At(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw undecodable('it ends too early')
  return bytes.readUInt32BE(at)
}

function within(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw undecodable('it ends too early')
  return end
}
