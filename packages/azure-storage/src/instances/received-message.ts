/** A message of a control queue that this worker has fetched: what it says, and the lock on it. */
import type { Delivered, Ticks } from '@dtfx/core/provider'
import type { MessageContent } from '../messages/message-receiver.js'
import type { MessageLock } from '../queues/message-lock.js'
import type { OwnedPartition } from './owned-partition.js'

export class ReceivedMessage {
  /** The item that has it. */
  holder: object | undefined

  constructor(
    readonly content: MessageContent,
    readonly lock: MessageLock,
    readonly partition: OwnedPartition,
    /** How often anybody fetched it, this time included. */
    public deliveryCount: number,
    /** Of arrival: the time the service took it in, then the number of its sender. */
    readonly order: { readonly insertedMs: number; readonly sequenceNumber: number },
    /** Echo of a message of ours, in an answer of .NET. */
    readonly episode: number | undefined,
    /** Its text with another fault count, to be written in the place of its own. */
    readonly withFaults: (faultCount: number) => string,
  ) {}

  get id(): string {
    return this.content.id
  }

  get enqueuedAt(): Ticks {
    return this.content.enqueuedAt
  }

  handOut(holder: object): Delivered {
    this.holder = holder
    return { ...this.content, deliveryCount: this.deliveryCount, receipt: this }
  }
}

export function compareArrival(a: ReceivedMessage, b: ReceivedMessage): number {
  return a.order.insertedMs - b.order.insertedMs || a.order.sequenceNumber - b.order.sequenceNumber
}
