/**
 * The backup of a local activity whose message never left the outbox of its instance. What makes sure that it is not missed is the session: the lock on the instance, with an input that stays until the activity is answered.
 * Invariant: while the session is held, the entry is answered, or sent; once it is lost nothing is touched, because whoever gets the instance next sends the outbox.
 */
import type { ActivityAnswer, OutboundMessage, Settlement, Ticks } from '@dtfx/core/provider'
import type { Holder } from '../held-item.js'
import type { Hub } from '../hub.js'
import type { InstanceRecord } from '../instance-record.js'
import type { OrchestrationItem } from '../orchestration-item.js'
import { QueuedMessage } from '../queued-message.js'
import { MessageBackup } from './message-backup.js'

/** One message of an outbox. */
export interface OutboxEntry {
  readonly outbound: OutboundMessage
}

export class OutboxBackup extends MessageBackup {
  /** It ends without having been answered or sent: the session is gone, and whoever has the instance sends it. */
  #isLeftToOthers = false

  constructor(
    hub: Hub,
    holder: Holder,
    readonly record: InstanceRecord,
    readonly entry: OutboxEntry,
  ) {
    super(hub, holder, hub.arrive(QueuedMessage.from(entry.outbound, record.instanceId)))
  }

  /** Renews the session, too. During a turn that is the worker's to do: one that was given up must come to its end. */
  override renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }> {
    const session = this.#session
    if (session?.isHeld === true) this.hub.locks.renew(session)
    return super.renew()
  }

  /** The answer, the ordinary way. The entry stays in the outbox until the next commit, for those who come after a crash. */
  override async complete(answer: ActivityAnswer): Promise<void> {
    if (this.#session === undefined) {
      this.#isLeftToOthers = true
      return this.finish()
    }
    await super.complete(answer)
    await this.#session?.endSession()
  }

  override async release(settlement: Settlement): Promise<void> {
    await super.release(settlement)
    await this.#session?.endSession()
  }

  /** The lock that this process keeps between two turns. */
  get #session(): OrchestrationItem | undefined {
    const { session } = this.record
    return session?.holder === this.holder ? session : undefined
  }

  /** Cut off while the session lasts: others are to run it. From one moment to the next it is local, or sent: in between somebody else would send it. */
  protected override giveBack(): void {
    const { hub, holder, message, entry, record } = this
    this.onEnded?.()
    this.unlisten()
    if (message.holder !== this) {
      if (!this.#isLeftToOthers) holder.sent.add(entry)
      return
    }
    message.holder = undefined
    if (this.#session === undefined) return
    const send = this.step('send', () => hub.deliver(entry.outbound, record.instanceId, holder.clock))
    const sent = (): Promise<void> | undefined => {
      holder.sent.add(entry)
      return this.#session?.endSession()
    }
    void send.then(sent).catch(() => {})
  }
}
