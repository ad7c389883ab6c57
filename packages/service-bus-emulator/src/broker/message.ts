/** Messages as the broker keeps them. The content is opaque to it: bytes of the sender that only a front can read. */

/** The parts of a message that travel through unchanged. */
export interface MessageContent {
  readonly priority: number | undefined
  /** Annotations of the sender, encoded, as key and value in turn. */
  readonly annotations: Uint8Array
  readonly annotationCount: number
  /** Properties, application properties, body and footer, encoded. */
  readonly bare: Uint8Array
}

/** A value for an application property: text, or a value that a front has encoded already. */
export type PropertyValue = string | Uint8Array
export type PropertyChanges = ReadonlyMap<string, PropertyValue>

/** How the broker changes application properties without knowing their encoding. */
export interface ContentEditor {
  withProperties(content: MessageContent, changes: PropertyChanges): MessageContent
}

export interface IncomingMessage {
  readonly messageId: string
  readonly sessionId: string | undefined
  readonly timeToLiveMs: number | undefined
  readonly scheduledForMs: number | undefined
  readonly content: MessageContent
}

/** `locked` is not stored: after a restart such a message is active again. */
export type MessageState = 'active' | 'locked' | 'deferred' | 'scheduled'

export interface StoredMessage {
  /** Unique in its queue, rising; a scheduled message gets a new one when it becomes active. */
  sequenceNumber: number
  readonly messageId: string
  readonly sessionId: string | undefined
  readonly timeToLiveMs: number | undefined
  enqueuedAtMs: number
  scheduledForMs: number | undefined
  /** `Infinity` for ever. */
  expiresAtMs: number
  /** Deliveries that failed. */
  deliveryCount: number
  state: MessageState
  content: MessageContent
  /** In a dead-letter queue: the queue it comes from. */
  readonly deadLetterSource: string | undefined
}

export const sizeOf = (content: MessageContent): number => content.annotations.length + content.bare.length
