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

  /** Renews the session, too. */
  override renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }> {
    const session = this.work?.record.item
    if (this.work?.isOwner === true && session?.isHeld === true) this.hub.locks.renew(session)
    return super.renew()
  }

  override complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    const { work } = this
    if (this.isHeld && work?.isOwner === true) return super.complete(event)
    work?.drop(this)
    return this.answerInSteps(event)
  }

  override async release(settlement: Settlement): Promise<void> {
    await super.release(settlement)
    await this.#sent()
  }

  /** The result, the ordinary way. The entry stays in the outbox until the next commit, for those who come after a crash. */
  override async answerInSteps(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    if (this.work?.record.session === undefined) return this.finish()
    await super.answerInSteps(event)
    await this.#sent()
  }

  /** Cut off while the session lasts: others are to run it. */
  protected override giveBack(): void {
    const { work, hub, message, entry } = this
    work?.drop(this)
    this.unlisten()
    if (message.holder !== this) return
    message.holder = undefined
    if (work?.record.session === undefined || entry === undefined) return
    const send = this.holder.steps.take({ name: 'send', instanceId: work.record.instanceId }, () => hub.deliver(entry.outbound, work.record.instanceId, this.holder.clock))
    void send.then(() => this.#sent()).catch(() => {})
  }

  async #sent(): Promise<void> {
    if (this.entry !== undefined) this.holder.sent.add(this.entry)
    await this.work?.record.session?.endSession()
  }
}
