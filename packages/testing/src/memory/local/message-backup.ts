/** The backup of a local activity where messages are sent first: its message, stored locked. If the process is gone, others get it when the lock ends. */
import type { ActivityAnswer, AnswerSettlement, LocalBackup } from '@dtfx/core/provider'
import { ActivityItem } from '../activity-item.js'
import { settleOne } from '../settle.js'

export class MessageBackup extends ActivityItem implements LocalBackup {
  onEnded: (() => void) | undefined

  delete(): Promise<void> {
    return this.step('delete', () => this.finish())
  }

  sendSettled(answer: ActivityAnswer, settlement: AnswerSettlement): Promise<void> {
    return this.step('answer', () => settleOne(this.hub, { ...settlement, receipt: this.reply(answer) }, this.holder.clock))
  }

  protected override giveBack(): void {
    this.onEnded?.()
    super.giveBack()
  }
}
