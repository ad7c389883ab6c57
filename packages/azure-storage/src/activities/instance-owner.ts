/** Which of the local activities of an instance are this worker's to hand back: as long as it has had the partition, and so the instance, ever since they were scheduled. */
import { LocalWork, type LocalActivities, type LocalOwner } from '@dtfx/core/provider'

export class InstanceOwner implements LocalOwner {
  readonly work: LocalWork
  #hasLeft = false

  constructor(
    activities: LocalActivities,
    /** The worker has the partition, and takes further turns. */
    readonly isHere: () => boolean,
    readonly onResult: () => void,
  ) {
    this.work = new LocalWork(activities, this)
  }

  get isOwner(): boolean {
    return !this.#hasLeft && this.isHere()
  }

  /** Something of it runs here, or waits for a turn. */
  get isBusy(): boolean {
    return this.work.isBusy
  }

  /** The partition goes to another worker, or this one stops: results that wait are sent. Never rejects. */
  leave(): Promise<void> {
    this.#hasLeft = true
    return this.work.leave()
  }
}
