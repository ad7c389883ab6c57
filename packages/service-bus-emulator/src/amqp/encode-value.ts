/** AMQP values as bytes, for the few kinds the emulator writes into messages. */

export function encodeString(text: string): Buffer {
  return withLength(Buffer.from(text, 'utf8'), 0xa1, 0xb1)
}

export function encodeSymbol(text: string): Buffer {
  return withLength(Buffer.from(text, 'ascii'), 0xa3, 0xb3)
}

/** A list or map of `count` encoded items. */
export function encodeCompound(code: 0xd0 | 0xd1, count: number, items: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(items)
  const head = Buffer.allocUnsafe(9)
  head[0] = code
  head.writeUInt32BE(body.length + 4, 1)
  head.writeUInt32BE(count, 5)
  return Buffer.concat([head, body])
}

/** `0x00 0x53 code` starts a section. */
export const sectionHead = (code: number): Buffer => Buffer.from([0x00, 0x53, code])

function withLength(bytes: Buffer, shortCode: number, longCode: number): Buffer {
  if (bytes.length < 256) return Buffer.concat([Buffer.from([shortCode, bytes.length]), bytes])
  const head = Buffer.allocUnsafe(5)
  head[0] = longCode
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
