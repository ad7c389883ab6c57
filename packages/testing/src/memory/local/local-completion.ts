/** The result of a local activity as the next turn gets it: a message whose receipt is the activity's backup. */
import type { Delivered, Settlement, TaskCompletedEvent, TaskFailedEvent } from '@dtfx/core/provider'
import type { OrchestrationItem } from '../orchestration-item.js'
import { settleOne } from '../settle.js'
import type { LocalActivityItem } from './local-activity-item.js'

export class LocalCompletion {
  /** The turn that has it. */
  holder: object | undefined
  #deliveries = 0

  constructor(
    readonly activity: LocalActivityItem,
    readonly event: TaskCompletedEvent | TaskFailedEvent,
  ) {}

  handOut(holder: object): Delivered {
    const { hub, message } = this.activity
    this.holder = holder
    return {
      message: { event: this.event, instance: message.message.instance },
      id: `re:${message.id}`,
      replyTo: message.id,
      sender: undefined,
      deliveryCount: ++this.#deliveries,
      faultCount: 0,
      enqueuedAt: hub.nowTicks(),
      receipt: this,
    }
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
    this.holder = undefined
  }

  /** The ordinary way: answer, then delete. What fails here, or is cut off, is made good by the backup. */
  async sendAnyway(): Promise<void> {
    await this.activity.answerInSteps(this.event).catch(() => {})
  }
}
