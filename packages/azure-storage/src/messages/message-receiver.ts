/**
 * What a fetched queue message is: a message for us, one that waits for its time, one of an entity, or one that nobody can read. Fetches what is in a blob.
 * Invariant: a message is never thrown away here; what cannot be read is told apart from what could not be fetched just now.
 */
import { compareTicks, DurableError, laterTicks, splitTimerId, ticksFromMs, type Delivered, type Ticks } from '@dtfx/core/provider'
import type { DequeuedMessageItem } from '@azure/storage-queue'
import { isEntityMessage } from './entity-message.js'
import type { MessageBlobs } from './message-blobs.js'
import { decodeQueueMessage, encodeBlobReference, encodeQueueMessage, type QueueMessage } from './queue-message.js'
import { toQueueText } from './queue-text.js'

/** What others see of a message, without how often it came and how it is settled. */
export type MessageContent = Omit<Delivered, 'deliveryCount' | 'receipt'>

export type Received =
  | {
      readonly kind: 'message'
      readonly content: MessageContent
      readonly envelope: QueueMessage
      /** The text of the same message with another fault count. */
      readonly withFaults: (faultCount: number) => string
    }
  /** Not due before, by our clock. */
  | { readonly kind: 'early'; readonly until: Ticks }
  | { readonly kind: 'entity' }
  | { readonly kind: 'unreadable'; readonly code: string; readonly reason: string }
  /** Its blob could not be read just now. */
  | { readonly kind: 'unreachable'; readonly error: unknown }

export async function receivedMessage(item: DequeuedMessageItem, blobs: MessageBlobs, now: Ticks): Promise<Received> {
  const { messageId, messageText } = item
  const direct = decodeQueueMessage(messageText, messageId)
  if (direct.kind === 'invalid') return { kind: 'unreadable', code: direct.code, reason: direct.problem }
  if (direct.kind === 'message') return contentOf(direct.message, item, now, (faultCount) => toQueueText(encodeQueueMessage({ ...direct.message, faultCount })))
  const { blobName, waiting } = direct
  if (waiting.deliverAt !== undefined && compareTicks(waiting.deliverAt, now) > 0) return { kind: 'early', until: waiting.deliverAt }
  let json: string | undefined
  try {
    json = await blobs.get(blobName)
  } catch (error) {
    if (!DurableError.is(error, 'DTFX_WIRE_INVALID')) return { kind: 'unreachable', error }
    return { kind: 'unreadable', code: 'DTFX_WIRE_INVALID', reason: (error as Error).message }
  }
  if (json === undefined) return { kind: 'unreadable', code: 'DTFX_WIRE_INVALID', reason: `its blob '${blobName}' does not exist` }
  const read = decodeQueueMessage(json, messageId)
  if (read.kind !== 'message') return { kind: 'unreadable', code: 'DTFX_WIRE_INVALID', reason: read.kind === 'invalid' ? read.problem : `its blob '${blobName}' refers to another blob` }
  return contentOf({ ...read.message, ...waiting }, item, now, (faultCount) => toQueueText(encodeBlobReference(blobName, { ...waiting, faultCount })))
}

function contentOf(envelope: QueueMessage, { insertedOn }: DequeuedMessageItem, now: Ticks, withFaults: (faultCount: number) => string): Received {
  const { id, replyTo, sender, faultCount, deliverAt } = envelope
  const message = withWakeUp(envelope.message)
  if (isEntityMessage({ message, sender })) return { kind: 'entity' }
  if (deliverAt !== undefined && compareTicks(deliverAt, now) > 0) return { kind: 'early', until: deliverAt }
  const insertedAt = ticksFromMs(insertedOn.getTime())
  const enqueuedAt = deliverAt === undefined ? insertedAt : laterTicks(deliverAt, insertedAt)
  return { kind: 'message', content: { message, id, replyTo, sender, faultCount, enqueuedAt }, envelope, withFaults }
}

/** After a rewind a .NET client sends an event that says nothing, so that the instance goes on. */
function withWakeUp(message: Delivered['message']): Delivered['message'] {
  const { type, timestamp } = message.event
  return type === 'GenericEvent' ? { ...message, event: { type: 'TimerFired', eventId: -1, timestamp, timerId: splitTimerId, fireAt: timestamp } } : message
}
