/**
 * The control queue of a partition that this worker owns: fetches its messages and sorts them into the inbox.
 *
 * Invariants:
 * 1. Nothing is fetched once the lease may have run out, and nothing that was fetched meanwhile is handed out then.
 * 2. Messages of entities are left to .NET: hidden for a while, never changed, never set aside.
 * 3. A message that cannot be read is set aside alone.
 */
import type { Ticks } from '@dtfx/core/provider'
import type { DequeuedMessageItem } from '@azure/storage-queue'
import type { Inbox } from '../instances/inbox.js'
import { isBeforeItsRow, isDotnetStart } from '../instances/early-start.js'
import type { OwnedPartition } from '../instances/owned-partition.js'
import { ReceivedMessage } from '../instances/received-message.js'
import { receivedMessage, type MessageContent } from '../messages/message-receiver.js'
import { idOfQueueMessage } from '../messages/queue-message.js'
import type { WorkerParts } from '../worker-parts.js'
import { MessageLock } from './message-lock.js'
import { QueuePoller } from './queue-poller.js'

export class ControlQueue {
  readonly #poller: QueuePoller
  readonly #unregister: () => void

  constructor(
    readonly parts: WorkerParts,
    readonly partition: OwnedPartition,
    readonly inbox: Inbox,
  ) {
    const { host, settings, wakers } = parts
    this.#poller = new QueuePoller({
      clock: host.clock,
      random: host.random,
      maxPauseMs: settings.maxPollingInterval,
      room: () => (partition.isListening ? settings.maxPrefetchedMessages - inbox.size : 0),
      receive: (count) => this.#receive(count),
      failed: (error) => parts.log.failed(partition.name, error),
    })
    this.#unregister = wakers.add(partition.name, () => this.#poller.wake())
    this.#poller.start()
  }

  roomMade(): void {
    this.#poller.roomMade()
  }

  /** Resolves when nothing is being fetched any more. */
  async stop(): Promise<void> {
    this.#unregister()
    await this.#poller.stop()
  }

  async #receive(count: number): Promise<number> {
    const { parts, partition, inbox } = this
    const { host, settings, clients } = parts
    const lockMs = settings.controlQueueLock
    const sentMs = host.clock.monotonicMs()
    const queue = clients.queue(partition.name)
    const { receivedMessageItems: items } = await queue.receiveMessages({ numberOfMessages: count, visibilityTimeout: Math.ceil(lockMs / 1_000) })
    if (items.length === 0) clients.requests.reclassify('queue get control', 'queue get control, empty')
    try {
      await Promise.all(items.map((item) => this.#sort(item, new MessageLock(queue, item, host, sentMs + lockMs))))
    } finally {
      inbox.pump()
    }
    return items.length
  }

  async #sort(item: DequeuedMessageItem, lock: MessageLock): Promise<void> {
    const { parts, partition, inbox } = this
    if (inbox.refreshed(item.messageId, item.popReceipt, lock.deadlineMs)) return
    if (!partition.isListening) return lock.putBack(0).catch(() => {})
    const received = await receivedMessage(item, parts.blobs, parts.host.clock.nowTicks())
    switch (received.kind) {
      case 'message': {
        const order = { insertedMs: item.insertedOn.getTime(), sequenceNumber: Number(received.envelope.sequenceNumber) }
        const { content, withFaults, envelope } = received
        if (await this.#isEarly(content, item)) return lock.putBack(leftAloneMs(item.dequeueCount)).catch(() => {})
        if (!partition.isListening) return lock.putBack(0).catch(() => {})
        return inbox.add(new ReceivedMessage({ content, lock, partition, deliveryCount: item.dequeueCount, order, episode: envelope.episode, withFaults }))
      }
      case 'early':
        return this.#hideUntil(lock, received.until)
      case 'entity':
        return lock.putBack(leftAloneMs(item.dequeueCount)).catch(() => {})
      case 'unreachable':
        parts.log.failed(partition.name, received.error)
        return lock.putBack(leftAloneMs(item.dequeueCount)).catch(() => {})
      case 'unreadable':
        await parts.quarantine.add({ id: idOfQueueMessage(item.messageId), queue: partition.name, text: item.messageText, code: received.code, reason: received.reason })
        return lock.delete().catch(() => {})
    }
  }

  async #hideUntil(lock: MessageLock, until: Ticks): Promise<void> {
    const { sender, wakers } = this.parts
    const hiddenMs = sender.msUntil(until)
    await lock.putBack(hiddenMs).catch(() => {})
    wakers.wakeAfter(this.partition.name, Math.ceil(hiddenMs / 1_000) * 1_000)
  }

  /** What tells a message of .NET is that it has no id but the queue's. */
  async #isEarly({ id, message }: MessageContent, { messageId, dequeueCount }: DequeuedMessageItem): Promise<boolean> {
    if (!isDotnetStart(message, id === idOfQueueMessage(messageId))) return false
    return isBeforeItsRow(message, await this.parts.instances.read(message.instance.instanceId, { payloads: false }), dequeueCount)
  }
}

/** As .NET leaves a message alone that it cannot process: twice as long each time, ten minutes at most. */
function leftAloneMs(dequeueCount: number): number {
  return Math.min(2 ** Math.min(dequeueCount, 10), 600) * 1_000
}
