/** The messages of a start as they are kept with its claim, so that whoever finds the claim can send them: JSON of queue messages, with where they go. */
import type { OutboundMessage } from '@dtfx/core/provider'
import { activityIdOf } from './large-message.js'
import { decodeQueueMessage, encodeQueueMessage } from './queue-message.js'

export function encodeStartMessages(messages: readonly OutboundMessage[]): string[] {
  return messages.map(({ id, message, deliverAt }) => encodeQueueMessage({ id, message, deliverAt, activityId: activityIdOf(id), sequenceNumber: 0, faultCount: 0 }))
}

/** What cannot be read is left out: it never was one of ours. */
export function decodeStartMessages(texts: readonly string[]): OutboundMessage[] {
  return texts.flatMap((text) => {
    const read = decodeQueueMessage(text, '')
    if (read.kind !== 'message') return []
    const { id, message, deliverAt } = read.message
    return [{ id, message, deliverAt, target: { kind: 'instance' as const, instanceId: message.instance.instanceId } }]
  })
}
