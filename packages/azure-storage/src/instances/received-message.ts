/** A message of a control queue that this worker has fetched: what it says, and the lock on it. */
import type { Delivered } from '@dtfx/core/provider'
import type { MessageContent } from '../messages/message-receiver.js'
import type { MessageLock } from '../queues/message-lock.js'
import type { OwnedPartition } from './owned-partition.js'

export interface Reception {
  readonly content: MessageContent
  readonly lock: MessageLock
  readonly partition: OwnedPartition
  /** How often anybody fetched it, this time included. */
  readonly deliveryCount: number
  /** Of arrival: the time the service took it in, then the number of its sender. */
  readonly order: { readonly insertedMs: number; readonly sequenceNumber: number }
  /** Echo of a message of ours, in an answer of .NET. */
  readonly episode: number | undefined
  /** Its text with another fault count, to be written in the place of its own. */
  readonly withFaults: (faultCount: number) => string
}

export class ReceivedMessage {
  /** The item that has it. */
  holder: object | undefined
  deliveryCount: number

  constructor(readonly reception: Reception) {
    this.deliveryCount = reception.deliveryCount
  }

  get content(): MessageContent {
    return this.reception.content
  }

  get lock(): MessageLock {
    return this.reception.lock
  }

  get partition(): OwnedPartition {
    return this.reception.partition
  }

  get id(): string {
    return this.content.id
  }

  handOut(holder: object): Delivered {
    this.holder = holder
    return { ...this.content, deliveryCount: this.deliveryCount, receipt: this }
  }
}

export function compareArrival(a: ReceivedMessage, b: ReceivedMessage): number {
  const [first, second] = [a.reception.order, b.reception.order]
  return first.insertedMs - second.insertedMs || first.sequenceNumber - second.sequenceNumber
}
