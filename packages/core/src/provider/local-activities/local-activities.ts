/**
 * Local activities first, for one worker: the process that commits a turn runs its activities at once if it has free slots for them, and hands the results straight to the next turn of the instance.
 * A piece for providers whose commit is made of several writes. One whose commit is atomic inserts an activity already locked, and needs none of it.
 *
 * The order, each step of which may be the last one of the process:
 * 1. {@link LocalActivities.reserve | reserve} a free slot for each activity that gets one.
 * 2. Messages first: store the backup, hidden from others, with everything else that is sent. State first: the entry in the outbox is the backup, and an input that stays is what wakes others.
 * 3. Commit. 4. Only now {@link LocalReservation.begin | begin}; past half of the hidden time only after a renewal.
 * 5. The worker renews what runs, this piece what waits for a turn.
 * 6. The result is an input of the next turn, whose commit lets the backup be deleted; one that arrives meanwhile joins the turn after it.
 * 7. Not the owner any more, stop: the answer goes the ordinary way, and then the backup.
 * 8. A race lost for certain {@link LocalReservation.undo | undoes} the backups, one of unknown result {@link LocalReservation.abandon | leaves} them.
 */
import type { CancelTimer, Clock } from '../../base/clock.js'
import type { OutboundMessage } from '../checkpoint.js'
import type { LocalActivity } from './local-activity.js'
import type { ActivityAnswer } from './local-backup.js'
import { LocalCompletion } from './local-completion.js'
import { LocalReservation, type ActivitySlot, type ActivitySlots } from './local-reservation.js'

export interface LocalActivitiesOptions {
  readonly clock: Clock
  /** How long a backup stays hidden after it was stored or renewed. */
  readonly hiddenForMs: number | 'none'
}

export class LocalActivities {
  readonly clock: Clock
  readonly #hiddenForMs: number
  /** Results that wait for a turn, or are with one. */
  readonly #waiting = new Set<LocalCompletion>()
  #cancelSweep: CancelTimer | undefined

  constructor({ clock, hiddenForMs }: LocalActivitiesOptions) {
    this.clock = clock
    this.#hiddenForMs = hiddenForMs === 'none' ? Number.POSITIVE_INFINITY : hiddenForMs
  }

  /** Slots for the activities of a commit. Made once for a checkpoint: a repeated commit goes on with the same. */
  reserve<Slot extends ActivitySlot>(outbound: readonly OutboundMessage[], slots: ActivitySlots<Slot>): LocalReservation<Slot> {
    return new LocalReservation(this, slots, outbound)
  }

  /** What was hidden then may be seen soon. */
  isPastHalf(hiddenSinceMs: number): boolean {
    return this.clock.monotonicMs() - hiddenSinceMs > this.#hiddenForMs / 2
  }

  /** A result, whose backup is renewed until it is settled or sent. */
  completion(activity: LocalActivity, answer: ActivityAnswer): LocalCompletion {
    const completion = new LocalCompletion(activity, answer, this.clock.nowTicks(), (ended) => this.#waiting.delete(ended))
    this.#waiting.add(completion)
    if (this.#cancelSweep === undefined) this.#arm()
    return completion
  }

  /** Ends the renewals: the worker has stopped. */
  stop(): void {
    this.#waiting.clear()
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }

  /** Often enough for one that the worker has not renewed for three quarters of the time. */
  #arm(): void {
    if (this.#hiddenForMs !== Number.POSITIVE_INFINITY) this.#cancelSweep = this.clock.setTimer(this.#hiddenForMs / 8, () => this.#sweep(), { keepAlive: false })
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    if (this.#waiting.size === 0) return
    for (const { activity } of this.#waiting) {
      // One that fails shows later: others see the backup, the activity runs again, and its second answer finds the task closed.
      if (this.isPastHalf(activity.hiddenSinceMs)) void activity.renew().catch(() => {})
    }
    this.#arm()
  }
}
