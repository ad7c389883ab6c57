/**
 * The queue of activities, as one worker sees it: one poll fetches for all calls that wait, and no more than they can take.
 * Invariants: nothing is fetched that no call waits for; what comes although its call has gone is put back at once; slots for local activities are calls that wait.
 */
import { type ActivitySlots, type ActivityWorkItem } from '@dtfx/core/provider'
import type { DequeuedMessageItem } from '@azure/storage-queue'
import { ActivityItem, type ActivityHost } from '../activities/activity-item.js'
import { receivedMessage } from '../messages/message-receiver.js'
import { idOfQueueMessage } from '../messages/queue-message.js'
import type { WorkerParts } from '../worker-parts.js'
import { MessageLock } from './message-lock.js'
import { QueuePoller } from './queue-poller.js'
import { type WaitingCall, WaitingCalls } from '@dtfx/azure-common'

export class WorkItemQueue {
  readonly calls = new WaitingCalls<ActivityWorkItem>()
  readonly #poller: QueuePoller
  readonly #unregister: () => void
  readonly #hosted: ReadonlySet<string> | undefined

  constructor(
    readonly parts: WorkerParts,
    readonly activityHost: ActivityHost,
    hosted: readonly string[] | undefined,
  ) {
    const { host, settings, wakers, names, log } = parts
    this.#hosted = hosted === undefined ? undefined : new Set(hosted)
    this.#poller = new QueuePoller({
      clock: host.clock,
      random: host.random,
      maxPauseMs: settings.maxPollingInterval,
      room: () => this.calls.length,
      receive: (count) => this.#receive(count),
      failed: (error) => log.failed(names.workItemQueue, error),
    })
    this.#unregister = wakers.add(names.workItemQueue, () => this.#poller.wake())
    this.#poller.start()
  }

  next(signal: AbortSignal, accept: readonly string[] | undefined): Promise<ActivityWorkItem> {
    const isFirst = this.calls.length === 0
    const call = this.calls.add(signal, accept)
    if (isFirst) this.#poller.roomMade()
    return call
  }

  /** Calls that wait, for activities that this worker hosts. */
  readonly slots: ActivitySlots<WaitingCall<ActivityWorkItem>> = {
    take: (name) => (this.#hosted?.has(name) === false ? undefined : this.calls.take(name)),
    giveBack: (call) => this.calls.giveBack(call),
  }

  async stop(reason: Error): Promise<void> {
    this.#unregister()
    this.calls.close(reason)
    await this.#poller.stop()
  }

  async #receive(count: number): Promise<number> {
    const { parts } = this
    const { host, settings, clients, names } = parts
    const sentMs = host.clock.monotonicMs()
    const queue = clients.queue(names.workItemQueue)
    const { receivedMessageItems: items } = await queue.receiveMessages({ numberOfMessages: count, visibilityTimeout: Math.ceil(settings.workItemLock / 1_000) })
    if (items.length === 0) clients.requests.reclassify('queue get workitems', 'queue get workitems, empty')
    await Promise.all(items.map((item) => this.#handOut(item, new MessageLock(queue, item, host, sentMs + settings.workItemLock))))
    return items.length
  }

  async #handOut(item: DequeuedMessageItem, lock: MessageLock): Promise<void> {
    const { parts } = this
    const received = await receivedMessage(item, parts.blobs, parts.host.clock.nowTicks())
    switch (received.kind) {
      case 'message': {
        const call = this.calls.take()
        if (call === undefined) return lock.putBack(0).catch(() => {})
        const { content, envelope, withFaults } = received
        return call.resolve(new ActivityItem(this.activityHost, { ...content, episode: envelope.episode }, lock, item.dequeueCount, withFaults))
      }
      case 'early':
        return lock.putBack(parts.sender.msUntil(received.until)).catch(() => {})
      case 'entity':
      case 'unreachable':
        return lock.putBack(Math.min(2 ** Math.min(item.dequeueCount, 10), 600) * 1_000).catch(() => {})
      case 'unreadable':
        await parts.quarantine.add({ id: idOfQueueMessage(item.messageId), queue: parts.names.workItemQueue, text: item.messageText, code: received.code, reason: received.reason })
        return lock.delete().catch(() => {})
    }
  }
}

