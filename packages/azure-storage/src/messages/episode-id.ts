/**
 * A .NET activity worker does not know our message ids, but it echoes the `Episode` of the message that it answers: 31 bits of the id travel there.
 * Compared on TaskCompleted and TaskFailed only; everywhere else the number is .NET's, a count for logs.
 */
import type { HistoryEvent, MessageId } from '@dtfx/core/provider'
import { fnv1a } from '../partition-hash.js'

const hexId = /^[0-9a-f]{32}$/

/** What the message with this id has as `Episode`. Frozen: both ends of an upgrade must agree. */
export function episodeOf(id: MessageId): number {
  return (hexId.test(id) ? Number.parseInt(id.slice(0, 8), 16) : fnv1a(id)) >>> 1
}

/** What is known of a completion that arrived. */
export interface ArrivedReply {
  readonly event: HistoryEvent
  readonly replyTo?: MessageId | undefined
  readonly episode?: number | undefined
}

/**
 * The `replyTo` of an arrived message, given the id of the scheduled message in the history (undefined: .NET scheduled it, or nothing did). One that the echo contradicts is given an id that matches nothing.
 * A reply without an echo is accepted as it is: an old .NET worker wrote it.
 */
export function replyToOf({ event, replyTo, episode }: ArrivedReply, scheduledId: MessageId | undefined): MessageId | undefined {
  if (replyTo !== undefined || scheduledId === undefined || episode === undefined) return replyTo
  if (event.type !== 'TaskCompleted' && event.type !== 'TaskFailed') return undefined
  return episode === episodeOf(scheduledId) ? scheduledId : `episode:${episode}`
}
