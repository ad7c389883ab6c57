/**
 * A message as the store keeps it, and the receipt a worker holds for it.
 * Invariant: it is in exactly one place: an inbox, the activity queue, the delayed messages, quarantine, or held by the work item `holder`.
 */
import type { Delivered, InstanceId, MessageId, OutboundMessage, TaskMessage, Ticks } from '@dtfx/core/provider'
import { frozenMessage } from './snapshots.js'

export class QueuedMessage {
  /** Order of arrival, drawn when it first became visible; 0 before. */
  order = 0
  enqueuedMs = 0
  enqueuedAt: Ticks = ''
  deliveryCount = 0
  faultCount = 0
  /** The work item that holds it. */
  holder: object | undefined = undefined

  constructor(
    readonly id: MessageId,
    /** Instance it is addressed to; undefined: an activity. */
    readonly target: InstanceId | undefined,
    readonly message: TaskMessage,
    readonly replyTo: MessageId | undefined,
    readonly sender: InstanceId | undefined,
  ) {}

  static from(outbound: OutboundMessage, sender: InstanceId | undefined): QueuedMessage {
    const { id, target, message, replyTo } = outbound
    return new QueuedMessage(id, target.kind === 'instance' ? target.instanceId : undefined, frozenMessage(message), replyTo, sender)
  }

  /** Marks it as held by `holder`, counts the delivery and describes it to the worker. */
  handOut(holder: object): Delivered {
    this.holder = holder
    this.deliveryCount++
    return {
      message: this.message,
      id: this.id,
      replyTo: this.replyTo,
      sender: this.sender,
      deliveryCount: this.deliveryCount,
      faultCount: this.faultCount,
      enqueuedAt: this.enqueuedAt,
      receipt: this,
    }
  }
}
