/** A local activity as the worker gets it. Its result goes straight to the next turn of the instance as long as this process has that, and the ordinary way else. */
import type { Ticks } from '../../base/ticks.js'
import type { ActivityWorkItem, Delivered, Settlement } from '../work-items.js'
import type { ActivityAnswer, LocalBackup } from './local-backup.js'
import type { LocalWork } from './local-work.js'

export class LocalActivity implements ActivityWorkItem {
  constructor(
    readonly work: LocalWork,
    readonly backup: LocalBackup,
    /** On the monotonic clock: since then the backup is hidden from others. */
    public hiddenSinceMs: number,
  ) {
    backup.onEnded = () => work.drop(this)
  }

  get delivered(): Delivered {
    return this.backup.delivered
  }

  get lockedUntil(): Ticks | undefined {
    return this.backup.lockedUntil
  }

  get lost(): AbortSignal {
    return this.backup.lost
  }

  get instanceGone(): AbortSignal {
    return this.backup.instanceGone
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }> {
    const atMs = this.work.activities.clock.monotonicMs()
    const renewed = await this.backup.renew()
    this.hiddenSinceMs = atMs
    return renewed
  }

  complete(answer: ActivityAnswer): Promise<void> {
    const { work, backup } = this
    if (!backup.isHeld || !work.isOwner) {
      work.drop(this)
      return backup.complete(answer)
    }
    work.complete(this, answer)
    return Promise.resolve()
  }

  release(settlement: Settlement): Promise<void> {
    this.work.drop(this)
    return this.backup.release(settlement)
  }
}
