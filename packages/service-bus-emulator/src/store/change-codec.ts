/** Changes of the broker as JSON. Bytes are base64, for ever is null, absent fields are left out. */
import type { Change } from '../broker/journal.js'
import type { StoredMessage } from '../broker/message.js'

/** Fields whose value may be `Infinity`. */
const endless = new Set(['expiresAtMs', 'defaultTimeToLiveMs', 'maxDeliveryCount'])

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64')

export function encodeChange(change: Change): string {
  if (change.kind === 'message') {
    const { content, ...rest } = change.message
    return JSON.stringify({ ...change, message: { ...rest, content: { ...content, annotations: base64(content.annotations), bare: base64(content.bare) } } }, finite)
  }
  if (change.kind === 'session-state') return JSON.stringify({ ...change, state: change.state === undefined ? undefined : base64(change.state) })
  return JSON.stringify(change, finite)
}

/** Trusts that the text is what `encodeChange` wrote; a checksum has said so. */
export function decodeChange(text: string): Change {
  const change = JSON.parse(text, infinite) as Change
  if (change.kind === 'session-state') {
    const state = change.state as unknown as string | undefined
    return { ...change, state: state === undefined ? undefined : bytesOf(state) }
  }
  if (change.kind !== 'message') return change
  const { content } = change.message
  const message: StoredMessage = {
    ...change.message,
    content: { ...content, priority: content.priority, annotations: bytesOf(content.annotations as unknown as string), bare: bytesOf(content.bare as unknown as string) },
  }
  return { ...change, message }
}

const finite = (_key: string, value: unknown): unknown => (value === Number.POSITIVE_INFINITY ? null : value)
const infinite = (key: string, value: unknown): unknown => (value === null && endless.has(key) ? Number.POSITIVE_INFINITY : value)
