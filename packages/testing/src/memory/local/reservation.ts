/**
 * The activities of one commit that will run where they were scheduled: as many as there are free slots for them.
 * Invariant: none of them is begun before the commit is certain; a slot is either used or given back.
 */
import type { Checkpoint, MessageId, OutboundMessage } from '@dtfx/core/provider'
import type { ActivityItem } from '../activity-item.js'
import type { OrchestrationItem } from '../orchestration-item.js'
import { QueuedMessage } from '../queued-message.js'
import type { Waiter } from '../waiters.js'
import { LocalActivityItem } from './local-activity-item.js'
import { OutboxActivityItem, type OutboxEntry } from './outbox-activity-item.js'
import { LocalWork } from './local-work.js'

export class Reservation {
  readonly #slots = new Map<MessageId, Waiter<ActivityItem>>()
  readonly #put = new Map<MessageId, LocalActivityItem>()
  readonly #item: OrchestrationItem

  constructor(item: OrchestrationItem, checkpoint: Checkpoint) {
    this.#item = item
    const { hub, holder } = item
    for (const outbound of checkpoint.outbound) {
      if (!hub.mayRunLocally(outbound) || outbound.message.event.type !== 'TaskScheduled') continue
      const waiter = hub.activities.waiters.takeOf(holder, outbound.message.event.name)
      if (waiter !== undefined) this.#slots.set(outbound.id, waiter)
    }
  }

  has(id: MessageId): boolean {
    return this.#slots.has(id)
  }

  /** Stores the backup: the message, locked. Repeatable. */
  put(outbound: OutboundMessage): void {
    const { hub, holder, record } = this.#item
    hub.observer?.sent(outbound, record.instanceId)
    const message = hub.arrive(QueuedMessage.from(outbound, record.instanceId))
    const activity = new LocalActivityItem(hub, holder, message)
    hub.locks.take(activity)
    this.#put.get(outbound.id)?.lose()
    this.#put.set(outbound.id, activity)
  }

  /** The commit is certain, and has the activities in its outbox. */
  beginFrom(entries: readonly OutboxEntry[]): void {
    const { hub, holder, record } = this.#item
    for (const entry of this.#item.isHeld ? entries : []) {
      if (!this.has(entry.outbound.id)) continue
      const activity = new OutboxActivityItem(hub, holder, hub.arrive(QueuedMessage.from(entry.outbound, record.instanceId)))
      activity.entry = entry
      hub.locks.take(activity)
      this.#put.set(entry.outbound.id, activity)
    }
    this.begin()
  }

  /** The commit is certain. */
  begin(): void {
    const { holder, record } = this.#item
    for (const [id, activity] of this.#put) {
      const slot = this.#slots.get(id)
      if (slot === undefined || !activity.isHeld) continue
      this.#slots.delete(id)
      activity.work = LocalWork.of(record, holder)
      activity.work.add(activity)
      slot.resolve(activity)
    }
    this.#freeSlots()
  }

  /** The race was lost for certain: nobody will ever ask for these. */
  async undo(): Promise<void> {
    const backups = [...this.#put.values()]
    this.#put.clear()
    this.#freeSlots()
    for (const activity of backups) await this.#item.step('delete', () => activity.finish())
  }

  /** Nobody knows what became of the commit: the backups stay, and are seen when their locks end. */
  abandon(): void {
    this.#put.clear()
    this.#freeSlots()
  }

  #freeSlots(): void {
    const { activities } = this.#item.hub
    for (const slot of this.#slots.values()) activities.offer(slot)
    this.#slots.clear()
  }
}
