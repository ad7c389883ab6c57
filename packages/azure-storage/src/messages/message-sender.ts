/**
 * Puts messages into queues: those for an instance into the control queue of its partition, activities into the work-item queue. What is too large goes into a blob first.
 *
 * Invariants:
 * 1. A message that was acknowledged is in its queue, and never expires there.
 * 2. It may be put twice, when an answer was lost; both copies have one id.
 * 3. What has a time is not seen before it, by a clock that is right: seconds are rounded up, and who gets it early hides it again.
 */
import { dueMsFromTicks, type OrchestrationInstance, type OutboundMessage, type Ticks } from '@dtfx/core/provider'
import { controlQueueOf, type HubNames } from '../names.js'
import { longestHideMs, type LockedMessage } from '../queues/message-lock.js'
import type { QueueWakers } from '../queues/queue-wakers.js'
import { repeat, type RepeatHost } from '@dtfx/azure-common'
import type { StorageClients } from '../storage/storage-clients.js'
import { episodeOf } from './episode-id.js'
import { activityIdOf, isLargeMessage, messageBlobName } from './large-message.js'
import type { MessageBlobs } from './message-blobs.js'
import { encodeBlobReference, encodeQueueMessage, type QueueMessage } from './queue-message.js'
import { toQueueText } from './queue-text.js'

export interface SendOptions {
  /** The instance that sends it; absent: a client. */
  readonly sender?: OrchestrationInstance | undefined
  /** Echo of the message that it answers. */
  readonly episode?: number | undefined
  /** Not before, whatever the message says itself. */
  readonly hiddenUntil?: Ticks | undefined
  readonly faultCount?: number | undefined
}

export interface SenderParts {
  readonly clients: StorageClients
  readonly names: HubNames
  readonly host: RepeatHost
  readonly blobs: MessageBlobs
  readonly wakers: QueueWakers
}

/** A message that this process put hidden, and may settle without having received it. */
export interface SentMessage extends LockedMessage {
  /** On the monotonic clock: before it was put. */
  readonly sentMs: number
  readonly envelope: QueueMessage
  /** It is in a blob. */
  readonly blobName: string | undefined
}

export class MessageSender {
  #sequenceNumber = 0

  constructor(readonly parts: SenderParts) {}

  async send(outbound: OutboundMessage, options: SendOptions = {}): Promise<void> {
    const hiddenMs = Math.max(this.msUntil(outbound.deliverAt), this.msUntil(options.hiddenUntil))
    await this.#put(outbound, options, hiddenMs)
    const queue = this.#queueOf(outbound)
    if (hiddenMs === 0) this.parts.wakers.wake(queue)
    else this.parts.wakers.wakeAfter(queue, Math.ceil(hiddenMs / 1_000) * 1_000)
  }

  /** Seen by others after `hiddenMs`, unless it is deleted or hidden again. */
  sendHidden(outbound: OutboundMessage, options: SendOptions, hiddenMs: number): Promise<SentMessage> {
    return this.#put(outbound, options, hiddenMs)
  }

  /** What `send` would put. */
  async textOf(outbound: OutboundMessage, options: SendOptions): Promise<string> {
    return (await this.#textOf(this.#envelopeOf(outbound, options))).text
  }

  /** A message that was sent, with another fault count, to be written in its place. */
  textWithFaults({ envelope, blobName }: SentMessage, faultCount: number): string {
    return toQueueText(blobName === undefined ? encodeQueueMessage({ ...envelope, faultCount }) : encodeBlobReference(blobName, { id: envelope.id, deliverAt: envelope.deliverAt, faultCount }))
  }

  /** Puts a text that was in a queue before back into it. */
  async sendText(queue: string, text: string): Promise<void> {
    await repeat('putting a message back into its queue', this.parts.host, () => this.parts.clients.queue(queue).sendMessage(text, { messageTimeToLive: -1 }))
    this.parts.wakers.wake(queue)
  }

  /** Milliseconds until a time; 0 when there is none, or it is over. */
  msUntil(time: Ticks | undefined): number {
    return time === undefined ? 0 : Math.max(0, dueMsFromTicks(time) - this.parts.host.clock.nowMs())
  }

  async #put(outbound: OutboundMessage, options: SendOptions, hiddenMs: number): Promise<SentMessage> {
    const { clients, host } = this.parts
    const envelope = this.#envelopeOf(outbound, options)
    const { text, blobName } = await this.#textOf(envelope)
    const visibilityTimeout = Math.ceil(Math.min(hiddenMs, longestHideMs) / 1_000)
    const queue = clients.queue(this.#queueOf(outbound))
    return repeat(`sending a message to '${queue.name}'`, host, async () => {
      const sentMs = host.clock.monotonicMs()
      const { messageId, popReceipt } = await queue.sendMessage(text, { messageTimeToLive: -1, visibilityTimeout })
      return { messageId, popReceipt, sentMs, envelope, blobName }
    })
  }

  async #textOf(envelope: QueueMessage): Promise<{ readonly text: string; readonly blobName: string | undefined }> {
    const json = encodeQueueMessage(envelope)
    if (!isLargeMessage(json)) return { text: toQueueText(json), blobName: undefined }
    const blobName = messageBlobName(envelope)
    await this.parts.blobs.put(blobName, json)
    const { id, deliverAt, faultCount } = envelope
    return { text: toQueueText(encodeBlobReference(blobName, { id, deliverAt, faultCount })), blobName }
  }

  #envelopeOf({ id, message, replyTo, deliverAt, target }: OutboundMessage, { sender, episode, faultCount = 0 }: SendOptions): QueueMessage {
    return {
      message,
      id,
      replyTo,
      sender: sender?.instanceId,
      senderExecutionId: sender?.executionId,
      deliverAt,
      episode: target.kind === 'activity' ? episodeOf(id) : episode,
      sequenceNumber: ++this.#sequenceNumber,
      activityId: activityIdOf(id),
      faultCount,
    }
  }

  #queueOf({ target }: OutboundMessage): string {
    const { names } = this.parts
    return target.kind === 'activity' ? names.workItemQueue : controlQueueOf(names, target.instanceId)
  }
}
