/** A stored message as a client receives it: header and annotations of the broker, then the bytes of the sender. */
import type { StoredMessage } from '../broker/message.js'
import { encodeString, encodeSymbol, sectionHead } from './encode-value.js'
import { sectionCode } from './parse-message.js'

const headerHead = Buffer.concat([sectionHead(sectionCode.header), Buffer.from([0xc0])])
const annotationsHead = Buffer.concat([sectionHead(sectionCode.annotations), Buffer.from([0xd1])])
const annotation = {
  enqueuedTime: encodeSymbol('x-opt-enqueued-time'),
  sequenceNumber: encodeSymbol('x-opt-sequence-number'),
  enqueuedSequenceNumber: encodeSymbol('x-opt-enqueue-sequence-number'),
  lockedUntil: encodeSymbol('x-opt-locked-until'),
  messageState: encodeSymbol('x-opt-message-state'),
  deadLetterSource: encodeSymbol('x-opt-deadletter-source'),
}
const longCode = 0x81
const timestampCode = 0x83
const stateNumbers: Partial<Record<StoredMessage['state'], number>> = { deferred: 1, scheduled: 2 }

/** `state`: as which the message is shown, where that is not what it is by now. */
export function encodeDelivery(message: StoredMessage, lockedUntilMs: number | undefined, state: StoredMessage['state'] = message.state): Buffer {
  const items: Uint8Array[] = [
    message.content.annotations,
    annotation.enqueuedTime,
    encodeWide(timestampCode, message.enqueuedAtMs),
    annotation.sequenceNumber,
    encodeWide(longCode, message.sequenceNumber),
    annotation.enqueuedSequenceNumber,
    encodeWide(longCode, message.sequenceNumber),
  ]
  if (lockedUntilMs !== undefined) items.push(annotation.lockedUntil, encodeWide(timestampCode, lockedUntilMs))
  const stateNumber = stateNumbers[state]
  if (stateNumber !== undefined) items.push(annotation.messageState, Buffer.from([0x54, stateNumber]))
  if (message.deadLetterSource !== undefined) items.push(annotation.deadLetterSource, encodeString(message.deadLetterSource))
  const sizes = Buffer.allocUnsafe(8)
  sizes.writeUInt32BE(items.reduce((sum, item) => sum + item.length, 4), 0)
  sizes.writeUInt32BE(message.content.annotationCount + items.length - 1, 4)
  return Buffer.concat([headerHead, encodeHeader(message), annotationsHead, sizes, ...items, message.content.bare])
}

/** Durable, priority, time to live, not first acquirer, failed deliveries: a list of five. */
function encodeHeader({ content, timeToLiveMs, deliveryCount }: StoredMessage): Buffer {
  const bytes = Buffer.alloc(16)
  let at = 1
  bytes[at++] = 5
  bytes[at++] = 0x41
  at = content.priority === undefined ? bytes.writeUInt8(0x40, at) : bytes.writeUInt16BE(0x5000 | content.priority, at)
  at = timeToLiveMs === undefined ? bytes.writeUInt8(0x40, at) : bytes.writeUInt32BE(timeToLiveMs, bytes.writeUInt8(0x70, at))
  bytes[at++] = 0x42
  at = bytes.writeUInt32BE(deliveryCount, bytes.writeUInt8(0x70, at))
  bytes[0] = at - 1
  return bytes.subarray(0, at)
}

function encodeWide(code: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = code
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), 1)
  bytes.writeUInt32BE(value % 2 ** 32, 5)
  return bytes
}
