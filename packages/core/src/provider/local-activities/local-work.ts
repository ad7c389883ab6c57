/**
 * Activities of one instance that run in the process that scheduled them, and their results on the way back. Kept in that process: a crash loses it, and nothing else.
 *
 * Invariants:
 * 1. While a result is here, its backup is in the store.
 * 2. A result that no further turn of this process can take is sent the ordinary way.
 */
import type { MessageId } from '../../model/message.js'
import { LocalActivity } from './local-activity.js'
import type { LocalActivities } from './local-activities.js'
import type { ActivityAnswer, LocalBackup } from './local-backup.js'
import { type LocalCompletion } from './local-completion.js'

/** What the provider knows of an instance that has activities here. */
export interface LocalOwner {
  /** Nobody else has had the instance since the activities were scheduled, and the worker takes further turns. */
  readonly isOwner: boolean
  /** Called for each result: the instance is to be handed to a call of this worker. */
  onResult(): void
}

export class LocalWork {
  readonly #running = new Map<MessageId, LocalActivity>()
  #completions: LocalCompletion[] = []

  constructor(
    readonly activities: LocalActivities,
    readonly owner: LocalOwner,
  ) {}

  get isOwner(): boolean {
    return this.owner.isOwner
  }

  /** Results that no turn has taken yet. */
  get hasResults(): boolean {
    return this.#completions.length > 0
  }

  /** What runs here now. */
  get running(): Iterable<LocalActivity> {
    return this.#running.values()
  }

  /** Something runs here, or its result waits here. */
  get isBusy(): boolean {
    return this.#running.size > 0 || this.hasResults
  }

  /** Runs here, or its result waits here. */
  has(id: MessageId): boolean {
    return this.#running.has(id) || this.#completions.some(({ activity }) => activity.delivered.id === id)
  }

  add(backup: LocalBackup, hiddenSinceMs: number): LocalActivity {
    const activity = new LocalActivity(this, backup, hiddenSinceMs)
    this.#running.set(backup.delivered.id, activity)
    return activity
  }

  complete(activity: LocalActivity, answer: ActivityAnswer): void {
    this.drop(activity)
    this.#completions.push(this.activities.completion(activity, answer))
    this.owner.onResult()
  }

  drop(activity: LocalActivity): void {
    const { id } = activity.delivered
    if (this.#running.get(id) === activity) this.#running.delete(id)
  }

  /** Results for the next turn, which settles them or gives them back. */
  take(): LocalCompletion[] {
    const completions = this.#completions
    this.#completions = []
    return completions
  }

  /** What a turn did not settle waits for the next one, or goes the ordinary way. */
  giveBack(open: readonly LocalCompletion[]): void {
    for (const completion of open) completion.holder = undefined
    if (this.isOwner) this.#completions.unshift(...open)
    else for (const completion of open) void completion.send()
  }

  /** The worker stops, or the instance went to somebody else: what is done is sent; what runs will be, by itself, because it finds that the instance is gone. Never rejects. */
  async leave(): Promise<void> {
    await Promise.all(this.take().map((completion) => completion.send()))
  }

  /** The lock on the instance was lost, and whoever gets it next sends these activities itself: nothing of them is touched any more. */
  forfeit(): void {
    for (const completion of this.take()) completion.forfeit()
    for (const { backup } of [...this.#running.values()]) backup.lose()
  }
}
