/**
 * A message as a client sent it → what the broker needs of it. Properties, body and footer stay the bytes they were, so that no type is lost on the way through.
 * Two things are changed where they must be: a message without an id gets one, as the service does and as clients rely on; and session ids can be put into lower case.
 */
import type { IncomingMessage, MessageContent } from '../broker/message.js'
import { encodeCompound, encodeString, sectionHead } from './encode-value.js'
import { endOf, idAt, isNull, itemsOf, numberAt, sectionAt, textAt, undecodable } from './encoded-value.js'

export const sectionCode = { header: 0x70, deliveryAnnotations: 0x71, annotations: 0x72, properties: 0x73, applicationProperties: 0x74, data: 0x75, sequence: 0x76, value: 0x77, footer: 0x78 } as const

export interface ParseOptions {
  readonly newMessageId: () => string
  readonly lowerCaseSessionIds: boolean
}

/** Set by the broker; what a sender says about them is dropped. */
const brokerAnnotations = new Set(['x-opt-enqueued-time', 'x-opt-sequence-number', 'x-opt-locked-until', 'x-opt-message-state', 'x-opt-enqueue-sequence-number', 'x-opt-lock-token', 'x-opt-deadletter-source'])
const scheduledAnnotation = 'x-opt-scheduled-enqueue-time'
const groupIdIndex = 10
const batchFormat = 0x80013700

interface Annotations {
  readonly bytes: Buffer
  readonly count: number
  readonly scheduledForMs: number | undefined
}

const noAnnotations: Annotations = { bytes: Buffer.alloc(0), count: 0, scheduledForMs: undefined }

/** One transfer holds one message, or a batch of them. */
export function splitTransfer(bytes: Buffer, format: number | undefined): Buffer[] {
  if (format !== batchFormat) return [bytes]
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length; at = endOf(bytes, at)) {
    const { code, valueAt } = sectionAt(bytes, at)
    if (code !== sectionCode.data) continue
    const kind = bytes[valueAt]
    if (kind !== 0xa0 && kind !== 0xb0) throw undecodable('a batch holds something that is no message')
    messages.push(bytes.subarray(valueAt + (kind === 0xa0 ? 2 : 5), endOf(bytes, valueAt)))
  }
  return messages
}

export function parseMessage(bytes: Buffer, options: ParseOptions): IncomingMessage {
  let header: { priority: number | undefined; timeToLiveMs: number | undefined } = { priority: undefined, timeToLiveMs: undefined }
  let annotations = noAnnotations
  let at = 0
  while (at < bytes.length) {
    const { code, valueAt } = sectionAt(bytes, at)
    if (code > sectionCode.annotations) break
    if (code === sectionCode.header) header = readHeader(bytes, valueAt)
    if (code === sectionCode.annotations) annotations = readAnnotations(bytes, valueAt)
    at = endOf(bytes, at)
  }
  const { bare, messageId, sessionId } = readProperties(bytes, at, options)
  checkSections(bare)
  const content: MessageContent = { priority: header.priority, annotations: annotations.bytes, annotationCount: annotations.count, bare }
  return { messageId, sessionId, timeToLiveMs: header.timeToLiveMs, scheduledForMs: annotations.scheduledForMs, content }
}

function readHeader(bytes: Buffer, at: number): { priority: number | undefined; timeToLiveMs: number | undefined } {
  const starts = itemsOf(bytes, at)
  const item = (index: number): number | undefined => (index < starts.length - 1 ? numberAt(bytes, starts[index]!) : undefined)
  return { priority: item(1), timeToLiveMs: item(2) }
}

function readAnnotations(bytes: Buffer, at: number): Annotations {
  const starts = itemsOf(bytes, at)
  const kept: Buffer[] = []
  let scheduledForMs: number | undefined
  for (let index = 0; index + 2 < starts.length; index += 2) {
    const key = textAt(bytes, starts[index]!) ?? ''
    if (key === scheduledAnnotation) scheduledForMs = numberAt(bytes, starts[index + 1]!)
    if (!brokerAnnotations.has(key)) kept.push(bytes.subarray(starts[index], starts[index + 2]))
  }
  return { bytes: Buffer.concat(kept), count: kept.length * 2, scheduledForMs }
}

function readProperties(bytes: Buffer, at: number, options: ParseOptions): { readonly bare: Buffer; readonly messageId: string; readonly sessionId: string | undefined } {
  const section = at < bytes.length ? sectionAt(bytes, at) : undefined
  const has = section?.code === sectionCode.properties
  const starts = has ? itemsOf(bytes, section.valueAt) : []
  const given = (index: number): boolean => index < starts.length - 1 && !isNull(bytes, starts[index]!)
  const messageId = given(0) ? idAt(bytes, starts[0]!) : undefined
  const sentSessionId = given(groupIdIndex) ? textAt(bytes, starts[groupIdIndex]!) : undefined
  const sessionId = options.lowerCaseSessionIds ? sentSessionId?.toLowerCase() : sentSessionId
  // Copies: a slice would keep the whole buffer of the socket alive as long as the message.
  if (messageId !== undefined && sessionId === sentSessionId) return { bare: Buffer.from(bytes.subarray(at)), messageId, sessionId }
  const items = starts.slice(0, -1).map((start, index) => bytes.subarray(start, starts[index + 1]))
  const madeId = messageId ?? options.newMessageId()
  if (messageId === undefined) items[0] = encodeString(madeId)
  if (sessionId !== undefined && sessionId !== sentSessionId) items[groupIdIndex] = encodeString(sessionId)
  const rest = bytes.subarray(has ? endOf(bytes, at) : at)
  return { bare: Buffer.concat([sectionHead(sectionCode.properties), encodeCompound(0xd0, items.length, items), rest]), messageId: madeId, sessionId }
}

/** What is handed to clients must be decodable by them. */
function checkSections(bare: Buffer): void {
  for (let at = 0; at < bare.length; at = endOf(bare, at)) {
    const { code } = sectionAt(bare, at)
    if (code < sectionCode.properties || code > sectionCode.footer) throw undecodable(`section 0x${code.toString(16)} is unknown or out of place`)
  }
}
