/**
 * Activities of one instance that run in the process that scheduled them, and their results on the way back. Kept in that process: a crash loses it, and nothing else.
 *
 * Invariants:
 * 1. While a result is here, something in the store makes sure that it is not missed: the backup message, or the outbox and an input that stays.
 * 2. A result that the next turn of this process does not take is sent the ordinary way.
 */
import type { MessageId, TaskCompletedEvent, TaskFailedEvent } from '@dtfx/core/provider'
import type { Holder } from '../held-item.js'
import type { InstanceRecord } from '../instance-record.js'
import { LocalCompletion } from './local-completion.js'
import type { LocalActivityItem } from './local-activity-item.js'

export class LocalWork {
  readonly running = new Map<MessageId, LocalActivityItem>()
  /** Results that no turn has taken yet. */
  completions: LocalCompletion[] = []

  constructor(
    readonly record: InstanceRecord,
    readonly holder: Holder,
  ) {}

  /** The work of `holder` for an instance, made when there is none. */
  static of(record: InstanceRecord, holder: Holder): LocalWork {
    if (record.local?.holder !== holder) record.local = new LocalWork(record, holder)
    return record.local
  }

  /** Nobody else has had the instance since the activities were scheduled. */
  get isOwner(): boolean {
    const { record, holder } = this
    return record.local === this && record.state !== undefined && record.lastHolder === holder && (record.item === undefined || record.item.holder === holder) && !holder.isStopping
  }

  add(activity: LocalActivityItem): void {
    this.running.set(activity.message.id, activity)
  }

  complete(activity: LocalActivityItem, event: TaskCompletedEvent | TaskFailedEvent): void {
    this.running.delete(activity.message.id)
    this.completions.push(new LocalCompletion(activity, event))
    activity.hub.inboxes.enqueueLocal(this.record)
    activity.hub.pump()
  }

  drop(activity: LocalActivityItem): void {
    this.running.delete(activity.message.id)
  }

  /** Results for the next turn, which the caller answers for from now on. */
  take(): LocalCompletion[] {
    const { completions } = this
    this.completions = []
    return completions
  }

  /** Is at work here, or its result waits here. */
  has(id: MessageId): boolean {
    return this.running.has(id) || this.completions.some(({ activity }) => activity.message.id === id)
  }

  /** The session was lost: whoever gets the instance next sends its outbox. */
  forfeit(): void {
    if (this.record.local === this) this.record.local = undefined
    this.completions = []
    for (const activity of [...this.running.values()]) activity.lose()
  }

  /** The process stops: what is done is sent, and what runs is sent when it is done. */
  async drain(): Promise<void> {
    for (const completion of this.completions) await completion.sendAnyway()
    this.completions = []
    await this.record.session?.endSession()
  }

  /** The instance went to somebody else: what is done is sent, what runs will be. */
  leave(): void {
    if (this.record.local === this) this.record.local = undefined
    for (const completion of this.take()) void completion.sendAnyway()
  }
}
