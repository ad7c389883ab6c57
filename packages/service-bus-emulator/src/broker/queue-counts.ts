/** How many messages of a queue are in which state. */

export interface QueueCounts {
  /** Waiting to be received. */
  readonly active: number
  /** Delivered, not settled. */
  readonly locked: number
  readonly deferred: number
  readonly scheduled: number
  /** In the dead-letter queue, whatever their state there. */
  readonly deadLettered: number
  /** Sessions that have messages or a state. */
  readonly sessions: number
  readonly sizeBytes: number
}
