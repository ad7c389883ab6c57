/** A message as a row, and as a worker sees it. The row's place in the order of arrival is its receipt. */
import { decodeMessage, ticksFromMs, type Delivered, type TaskMessage } from '@dtfx/core/provider'
import { textOf, type ColumnText } from '../sql/text-column.js'

export interface MessageRow {
  readonly arrival: number
  readonly id: string
  readonly reply_to?: string | null
  readonly sender: ColumnText | null
  readonly deliveries: number
  readonly faults: number
  readonly enqueued_at: number
  readonly message: string
}

/** Of a message in `messages`: what a settlement names. */
export class MessageReceipt {
  constructor(
    readonly arrival: number,
    readonly message: TaskMessage,
  ) {}
}

/** @throws DTFX_WIRE_INVALID */
export function deliveredFrom(row: MessageRow): Delivered {
  const message = decodeMessage(row.message, `message ${row.id}`)
  return {
    message,
    id: row.id,
    replyTo: row.reply_to ?? undefined,
    sender: textOf(row.sender),
    deliveryCount: row.deliveries,
    faultCount: row.faults,
    enqueuedAt: ticksFromMs(row.enqueued_at),
    receipt: new MessageReceipt(row.arrival, message),
  }
}
