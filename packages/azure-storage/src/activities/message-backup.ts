/** The backup of a local activity: its message in the work-item queue, hidden from the first moment on. If the process is gone, others get it when its time is over. */
import { activityAnswer, type ActivityAnswer, type AnswerSettlement, type LocalBackup } from '@dtfx/core/provider'
import { ActivityItem } from './activity-item.js'

export class MessageBackup extends ActivityItem implements LocalBackup {
  onEnded: (() => void) | undefined

  async sendSettled(answer: ActivityAnswer, { outcome, code, reason, until }: AnswerSettlement): Promise<void> {
    const message = activityAnswer(this.content, answer)
    if (outcome === 'quarantine') {
      const text = await this.host.textOf(message, this.answerOptions)
      return this.host.quarantine({ id: message.id, queue: 'control', instanceId: message.message.instance.instanceId, text }, code ?? 'DTFX_POISON', reason ?? '')
    }
    await this.host.answer(message, { ...this.answerOptions, hiddenUntil: until, faultCount: outcome === 'fault' ? 1 : 0 })
  }

  protected override ended(): void {
    this.onEnded?.()
  }
}
