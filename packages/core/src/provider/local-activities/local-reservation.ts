/**
 * The activities of one commit that will run where they are scheduled: as many as there are free slots for them, so that other workers are never starved by a backlog here.
 * Invariants: none of them is begun before the commit is certain; none is begun when its backup may be visible to others; a slot is used or given back.
 */
import type { MessageId } from '../../model/message.js'
import type { OutboundMessage } from '../checkpoint.js'
import type { ActivityWorkItem } from '../work-items.js'
import type { LocalActivities } from './local-activities.js'
import type { LocalActivity } from './local-activity.js'
import type { LocalBackup } from './local-backup.js'
import type { LocalWork } from './local-work.js'

/** A call of `nextActivity` that waits. */
export interface ActivitySlot {
  resolve(activity: ActivityWorkItem): void
}

/** The calls of one worker that wait: its free slots. */
export interface ActivitySlots<Slot extends ActivitySlot> {
  /** A call that takes activities of this name, of a worker that hosts it; it is kept for the caller. */
  take(name: string): Slot | undefined
  /** Waits on, or gets something else. */
  giveBack(slot: Slot): void
}

export class LocalReservation<Slot extends ActivitySlot = ActivitySlot> {
  readonly #slots = new Map<MessageId, Slot>()
  readonly #backups = new Map<MessageId, LocalBackup>()
  readonly #hiddenSinceMs: number

  constructor(
    readonly activities: LocalActivities,
    readonly source: ActivitySlots<Slot>,
    outbound: readonly OutboundMessage[],
  ) {
    this.#hiddenSinceMs = activities.clock.monotonicMs()
    for (const { id, target, message, deliverAt } of outbound) {
      if (target.kind !== 'activity' || deliverAt !== undefined || message.event.type !== 'TaskScheduled') continue
      const slot = source.take(message.event.name)
      if (slot !== undefined) this.#slots.set(id, slot)
    }
  }

  /** This message is to be stored as a backup: locked, or hidden, from the first moment on. */
  has(id: MessageId): boolean {
    return this.#slots.has(id)
  }

  /** Its backup is stored: a repeated commit leaves it alone. One of which nobody knows whether it is stored is stored again; the first one, if there is one, lapses. */
  holds(id: MessageId): boolean {
    return this.#backups.get(id)?.isHeld === true
  }

  /** The backup of a message, when it is known to be stored. */
  hold(id: MessageId, backup: LocalBackup): void {
    this.#backups.set(id, backup)
  }

  /** The commit is certain. `workOf` gives the work of the instance; called when there is something to begin. */
  begin(workOf: () => LocalWork): void {
    const isStale = this.activities.isPastHalf(this.#hiddenSinceMs)
    for (const [id, backup] of this.#backups) {
      const slot = this.#slots.get(id)
      if (slot === undefined || !backup.isHeld) continue
      this.#slots.delete(id)
      const activity = workOf().add(backup, this.#hiddenSinceMs)
      if (isStale) void this.#renewAndStart(activity, slot)
      else slot.resolve(activity)
    }
    this.#backups.clear()
    this.#freeSlots()
  }

  /** The race was lost for certain: nobody will ever ask for these. */
  async undo(): Promise<void> {
    const backups = [...this.#backups.values()]
    this.abandon()
    await Promise.all(backups.map((backup) => backup.delete()))
  }

  /** Nobody knows what became of the commit: the backups stay, and are seen when their time is over. */
  abandon(): void {
    this.#backups.clear()
    this.#freeSlots()
  }

  /** Too late to be sure that nobody else sees it soon: without a renewal it is not begun here. */
  async #renewAndStart(activity: LocalActivity, slot: Slot): Promise<void> {
    try {
      await activity.renew()
    } catch {
      this.source.giveBack(slot)
      await activity.release({ receipt: activity.delivered.receipt, outcome: 'defer' }).catch(() => {})
      return
    }
    slot.resolve(activity)
  }

  #freeSlots(): void {
    for (const slot of this.#slots.values()) this.source.giveBack(slot)
    this.#slots.clear()
  }
}
