/**
 * An activity that was locked by the process that scheduled it before anybody else could see it. Its message, locked and with a deadline, is the backup: if the process is gone, others get it when the lock ends.
 * Its result goes straight to the instance as long as that is still with the process.
 */
import type { TaskCompletedEvent, TaskFailedEvent } from '@dtfx/core/provider'
import { ActivityItem } from '../activity-item.js'
import type { LocalWork } from './local-work.js'

export class LocalActivityItem extends ActivityItem {
  /** Set when the turn that scheduled it is committed. */
  work: LocalWork | undefined

  override complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    const { work } = this
    if (work === undefined || !work.isOwner || !this.isHeld) {
      work?.drop(this)
      return super.complete(event)
    }
    work.complete(this, event)
    return Promise.resolve()
  }

  protected override giveBack(): void {
    this.work?.drop(this)
    super.giveBack()
  }
}
