/**
 * What the broker tells a store, so that a restart can bring everything back. The broker writes before it answers a client.
 * Locks are not told: they end with the process, and what was locked is active again.
 */
import type { StoredMessage } from './message.js'
import type { QueueSettings } from './queue-settings.js'

/** `queue` is the name of a queue as created, followed by `/$DeadLetterQueue` for messages there. */
export type Change =
  | { readonly kind: 'queue'; readonly settings: QueueSettings }
  | { readonly kind: 'queue-gone'; readonly queue: string }
  | { readonly kind: 'message'; readonly queue: string; readonly message: StoredMessage }
  | { readonly kind: 'message-gone'; readonly queue: string; readonly sequenceNumber: number }
  | { readonly kind: 'session-state'; readonly queue: string; readonly sessionId: string; readonly state: Uint8Array | undefined }
  | { readonly kind: 'seen'; readonly queue: string; readonly messageId: string; readonly untilMs: number }
  | { readonly kind: 'sequence'; readonly queue: string; readonly lastSequenceNumber: number }

export interface Journal {
  write(change: Change): void
  /** Changes of `action` become durable together or not at all. */
  atomically<T>(action: () => T): T
}

/** Nothing is kept. */
export const noJournal: Journal = {
  write: () => undefined,
  atomically: (action) => action(),
}
