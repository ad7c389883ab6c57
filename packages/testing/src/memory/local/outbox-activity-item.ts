/**
 * A local activity whose message never left the outbox of its instance. What makes sure that it is not missed is the session: the lock on the instance, with an input that stays until the activity is answered.
 * Invariant: while the session is held, the entry is answered, or sent; once it is lost nothing is touched, because whoever gets the instance next sends the outbox.
 */
import type { OutboundMessage, Settlement, TaskCompletedEvent, TaskFailedEvent, Ticks } from '@dtfx/core/provider'
import { LocalActivityItem } from './local-activity-item.js'

/** One message of an outbox. */
export interface OutboxEntry {
  readonly outbound: OutboundMessage
}

export class OutboxActivityItem extends LocalActivityItem {
  entry: OutboxEntry | undefined
  /** It ends without having been answered or sent: the session is gone, and whoever has the instance sends it. */
  #isLeftToOthers = false

  /** Renews the session, too. */
  override renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }> {
    const session = this.work?.record.item
    if (this.work?.isOwner === true && session?.isHeld === true) this.hub.locks.renew(session)
    return super.renew()
  }

  override complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    const { work } = this
    return this.isHeld && work?.isOwner === true ? super.complete(event) : this.answerInSteps(event)
  }

  override async release(settlement: Settlement): Promise<void> {
    await super.release(settlement)
    await this.work?.record.session?.endSession()
  }

  /** The result, the ordinary way. The entry stays in the outbox until the next commit, for those who come after a crash. */
  override async answerInSteps(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    if (this.work?.record.session === undefined) {
      this.#isLeftToOthers = true
      return this.finish()
    }
    await super.answerInSteps(event)
    await this.work.record.session?.endSession()
  }

  /** Cut off while the session lasts: others are to run it. From one moment to the next it is local, or sent: in between somebody else would send it. */
  protected override giveBack(): void {
    const { work, hub, holder, message, entry } = this
    work?.drop(this)
    this.unlisten()
    if (message.holder !== this) {
      if (!this.#isLeftToOthers && entry !== undefined) holder.sent.add(entry)
      return
    }
    message.holder = undefined
    if (work?.record.session === undefined || entry === undefined) return
    const { record } = work
    const send = holder.steps.take({ name: 'send', instanceId: record.instanceId }, () => hub.deliver(entry.outbound, record.instanceId, holder.clock))
    const sent = (): Promise<void> | undefined => {
      holder.sent.add(entry)
      return record.session?.endSession()
    }
    void send.then(sent).catch(() => {})
  }
}
