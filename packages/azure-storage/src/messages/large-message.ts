/** Messages that a queue cannot hold: their JSON goes into a blob, and the queue gets a reference. The decision and the names, .NET's; the I/O is in message-blobs.ts. */
import { createHash } from 'node:crypto'
import type { EventTypeName, MessageId } from '@dtfx/core/provider'
import type { QueueMessage } from './queue-message.js'

/** UTF-8 bytes of JSON: in Base64 still below the 64 KiB of a queue message. */
const maxInlineBytes = 45 * 1024

export function isLargeMessage(json: string): boolean {
  // A character is at least one byte and at most three: most texts need no count.
  return json.length > maxInlineBytes || (json.length * 3 > maxInlineBytes && Buffer.byteLength(json) > maxInlineBytes)
}

/** The instance id is not escaped here, but it is in the names of history blobs: .NET's. */
export function messageBlobName({ activityId, message: { instance, event } }: Pick<QueueMessage, 'activityId' | 'message'>): string {
  const eventType: EventTypeName = event.type
  return `${instance.instanceId}/message-${activityId.replaceAll('-', '').toLowerCase()}-${eventType}.json.gz`
}

/** The GUID of a message follows from its id: who sends it again writes the same blob. */
export function activityIdOf(id: MessageId): string {
  const hex = /^[0-9a-f]{32}$/.test(id) ? id : createHash('sha256').update(id).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
