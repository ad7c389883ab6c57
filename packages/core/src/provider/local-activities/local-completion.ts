/**
 * The result of a local activity on its way to the next turn: a message whose receipt stands for the backup.
 * Invariant: the backup is deleted only when a commit has the result, or when the result was sent as a message of its own.
 */
import type { Ticks } from '../../base/ticks.js'
import { activityAnswer } from '../activity-answer.js'
import type { Delivered, Settlement } from '../work-items.js'
import type { LocalActivity } from './local-activity.js'
import type { ActivityAnswer } from './local-backup.js'

export class LocalCompletion {
  /** The turn that has it. */
  holder: object | undefined
  #deliveryCount = 0

  constructor(
    readonly activity: LocalActivity,
    readonly answer: ActivityAnswer,
    readonly enqueuedAt: Ticks,
    /** Called once, when it needs its backup no longer. */
    readonly onEnded: (completion: LocalCompletion) => void,
  ) {}

  handOut(holder: object): Delivered {
    this.holder = holder
    const { id, replyTo, message } = activityAnswer(this.activity.delivered, this.answer)
    return {
      message: Object.freeze(message),
      id,
      replyTo,
      deliveryCount: ++this.#deliveryCount,
      faultCount: 0,
      enqueuedAt: this.enqueuedAt,
      receipt: this,
    }
  }

  /** Consumed or without effect: the backup goes. Anything else becomes of an ordinary message, because a result that waits must not depend on this process. Repeatable when it failed. */
  async settle({ outcome, code, reason, until }: Settlement): Promise<void> {
    if (outcome !== 'consumed' && outcome !== 'discard') await this.activity.backup.sendSettled(this.answer, { outcome, code, reason, until })
    await this.activity.backup.delete()
    this.holder = undefined
    this.onEnded(this)
  }

  /** Somebody else answers for the activity. */
  forfeit(): void {
    this.onEnded(this)
    this.activity.backup.lose()
  }

  /** The ordinary way. What fails here, or is cut off, is made good by the backup: its activity runs again. */
  async send(): Promise<void> {
    await this.activity.backup.complete(this.answer).catch(() => {})
    this.onEnded(this)
  }
}
