/**
 * Activities that wait for a worker. A call that waits gets a new one directly; the rest is kept by name, so that a worker that does not take some names never searches through them.
 * Invariant: among the names a caller takes, the oldest message is handed out first.
 */
import type { ActivitySlots, ActivityWorkItem } from '@dtfx/core/provider'
import { ActivityItem } from './activity-item.js'
import { Fifo } from './fifo.js'
import type { Holder } from './held-item.js'
import type { Hub } from './hub.js'
import type { QueuedMessage } from './queued-message.js'
import { Waiters, type Waiter } from './waiters.js'

/** Queues of names nobody schedules any more are dropped beyond this many. */
const maxEmptyQueues = 256

export class ActivityQueue {
  readonly #byName = new Map<string, Fifo<QueuedMessage>>()
  readonly waiters = new Waiters<ActivityWorkItem>()
  #length = 0

  constructor(readonly hub: Hub) {}

  get length(): number {
    return this.#length
  }

  add(message: QueuedMessage): void {
    const name = nameOf(message)
    const waiter = this.waiters.length === 0 ? undefined : this.waiters.takeFor(name)
    if (waiter !== undefined) return waiter.resolve(this.#lock(message, waiter.holder))
    let queue = this.#byName.get(name)
    if (queue === undefined) this.#byName.set(name, (queue = new Fifo()))
    queue.push(message)
    this.#length++
  }

  /** A slot that was reserved and is not needed. */
  offer(waiter: Waiter<ActivityWorkItem>): void {
    const message = waiter.signal.aborted || waiter.holder.isStopping ? undefined : this.#takeOldest(waiter.accept)
    if (message === undefined) return this.waiters.giveBack(waiter)
    waiter.resolve(this.#lock(message, waiter.holder))
  }

  /** The calls of one process that wait, for activities that it hosts. */
  slotsOf(holder: Holder): ActivitySlots<Waiter<ActivityWorkItem>> {
    return { take: (name) => this.#slotOf(holder, name), giveBack: (slot) => this.offer(slot) }
  }

  /** Straight to the process that scheduled it, if it has a free slot. */
  addLocal(message: QueuedMessage, holder: Holder): void {
    const waiter = this.#slotOf(holder, nameOf(message))
    if (waiter === undefined) return this.add(message)
    waiter.resolve(this.#lock(message, holder))
  }

  #slotOf(holder: Holder, name: string): Waiter<ActivityWorkItem> | undefined {
    return holder.hosts(name) ? this.waiters.takeOf(holder, name) : undefined
  }

  next(holder: Holder, signal: AbortSignal, accept: readonly string[] | undefined): Promise<ActivityWorkItem> {
    const message = this.#takeOldest(accept)
    if (message === undefined) return this.waiters.add(holder, signal, accept)
    return Promise.resolve(this.#lock(message, holder))
  }

  clear(): void {
    this.#byName.clear()
    this.#length = 0
  }

  *[Symbol.iterator](): Iterator<QueuedMessage> {
    for (const queue of this.#byName.values()) yield* queue
  }

  #takeOldest(accept: readonly string[] | undefined): QueuedMessage | undefined {
    const queue = this.#length === 0 ? undefined : this.#oldest(accept)
    const message = queue?.shift()
    if (message === undefined) return undefined
    this.#length--
    if (queue?.length === 0 && this.#byName.size > maxEmptyQueues) this.#byName.delete(nameOf(message))
    return message
  }

  #oldest(accept: readonly string[] | undefined): Fifo<QueuedMessage> | undefined {
    let oldest: Fifo<QueuedMessage> | undefined
    let order = Number.POSITIVE_INFINITY
    for (const name of accept ?? this.#byName.keys()) {
      const queue = this.#byName.get(name)
      const first = queue?.peek()
      if (first === undefined || first.order >= order) continue
      oldest = queue
      order = first.order
    }
    return oldest
  }

  #lock(message: QueuedMessage, holder: Holder): ActivityItem {
    const item = new ActivityItem(this.hub, holder, message)
    this.hub.locks.take(item)
    return item
  }
}

function nameOf({ message }: QueuedMessage): string {
  return message.event.type === 'TaskScheduled' ? message.event.name : ''
}
