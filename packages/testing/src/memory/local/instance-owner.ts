/** Which process an instance with local activities belongs to. */
import { LocalWork, type LocalOwner } from '@dtfx/core/provider'
import type { Holder } from '../held-item.js'
import type { Hub } from '../hub.js'
import type { InstanceRecord } from '../instance-record.js'

export class InstanceOwner implements LocalOwner {
  readonly work: LocalWork

  constructor(
    readonly hub: Hub,
    readonly record: InstanceRecord,
    readonly holder: Holder,
  ) {
    this.work = new LocalWork(holder.local, this)
  }

  /** The work of `holder` for an instance, made when there is none. */
  static workOf(hub: Hub, record: InstanceRecord, holder: Holder): LocalWork {
    if (record.local?.holder !== holder) record.local = new InstanceOwner(hub, record, holder)
    return record.local.work
  }

  get isOwner(): boolean {
    const { record, holder } = this
    return record.local === this && record.state !== undefined && record.lastHolder === holder && (record.item === undefined || record.item.holder === holder) && !holder.isStopping
  }

  onResult(): void {
    this.hub.inboxes.enqueueLocal(this.record)
    this.hub.pump()
  }

  /** The session was lost: whoever gets the instance next sends its outbox. */
  forfeit(): void {
    this.#end()
    this.work.forfeit()
  }

  /** The instance went to another process. */
  leave(): void {
    this.#end()
    void this.work.leave()
  }

  /** The process stops. */
  async drain(): Promise<void> {
    await this.work.leave()
    await this.record.session?.endSession()
  }

  #end(): void {
    if (this.record.local === this) this.record.local = undefined
  }
}
