/** The result of a local activity as the next turn gets it: a message whose receipt is the activity's backup. */
import type { Delivered, Settlement, TaskCompletedEvent, TaskFailedEvent } from '@dtfx/core/provider'
import type { OrchestrationItem } from '../orchestration-item.js'
import type { QueuedMessage } from '../queued-message.js'
import { settleOne } from '../settle.js'
import type { LocalActivityItem } from './local-activity-item.js'

export class LocalCompletion {
  /** The message as the turn sees it; in no queue, and never sent itself: a step that is repeated sends another. Its holder is the turn that has it. */
  readonly reply: QueuedMessage

  constructor(
    readonly activity: LocalActivityItem,
    readonly event: TaskCompletedEvent | TaskFailedEvent,
  ) {
    this.reply = activity.hub.arrive(activity.reply(event))
  }

  handOut(holder: object): Delivered {
    return { ...this.reply.handOut(holder), receipt: this }
  }

  /** Consumed or without effect: the backup goes. Anything else becomes of an ordinary message: a result that waits must not depend on this process. */
  async settle(item: OrchestrationItem, settlement: Settlement): Promise<void> {
    const { outcome } = settlement
    if (outcome === 'consumed' || outcome === 'discard') {
      await item.step('settle', () => this.activity.finish())
    } else {
      await item.step('answer', () => settleOne(item.hub, { ...settlement, receipt: this.activity.reply(this.event) }, item.holder.clock))
      await item.step('delete', () => this.activity.finish())
    }
    this.reply.holder = undefined
  }

  /** The ordinary way: answer, then delete. What fails here, or is cut off, is made good by the backup. */
  async sendAnyway(): Promise<void> {
    await this.activity.answerInSteps(this.event).catch(() => {})
  }
}
