/** What a sender sent → what a queue keeps: times and the state it starts in. */
import type { IncomingMessage, StoredMessage } from './message.js'
import type { QueueSettings } from './queue-settings.js'

export interface Arrival {
  readonly sequenceNumber: number
  readonly nowMs: number
}

/** The shorter of the two times to live counts, from when the message can be received. */
export function storeMessage({ defaultTimeToLiveMs }: QueueSettings, incoming: IncomingMessage, { sequenceNumber, nowMs }: Arrival): StoredMessage {
  const { messageId, sessionId, timeToLiveMs, scheduledForMs, content } = incoming
  const isScheduled = scheduledForMs !== undefined && scheduledForMs > nowMs
  const livesMs = Math.min(timeToLiveMs ?? Number.POSITIVE_INFINITY, defaultTimeToLiveMs)
  return {
    sequenceNumber,
    messageId,
    sessionId,
    timeToLiveMs,
    enqueuedAtMs: nowMs,
    scheduledForMs,
    expiresAtMs: (isScheduled ? scheduledForMs : nowMs) + livesMs,
    deliveryCount: 0,
    state: isScheduled ? 'scheduled' : 'active',
    content,
    deadLetterSource: undefined,
  }
}
