/** An instance that a worker has locked, with the messages it had at that moment. */
import type { CommitResult, Checkpoint, Delivered, InstanceSnapshot, InstanceVersion, OrchestrationWorkItem, Settlement, Ticks } from '@dtfx/core/provider'
import { commitAtomically } from './commit.js'
import { HeldItem, type Holder } from './held-item.js'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { QueuedMessage } from './queued-message.js'
import { settle } from './settle.js'

const unchanged = Promise.resolve('unchanged' as const)
const nothing = Promise.resolve()

export class OrchestrationItem extends HeldItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  readonly messages: readonly Delivered[]
  /** What it committed: a repeated `complete` of the same checkpoint gets the same answer. */
  #committed: { readonly checkpointId: string; readonly result: CommitResult } | undefined

  constructor(
    hub: Hub,
    holder: Holder,
    readonly record: InstanceRecord,
    readonly taken: readonly QueuedMessage[],
  ) {
    super(hub, holder)
    this.messages = taken.map((message) => message.handOut(this))
  }

  get instanceId(): string {
    return this.record.instanceId
  }

  load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    if (!this.isHeld) return Promise.reject(this.lockLost())
    const { record } = this
    if (known !== undefined && known === record.version && record.state !== undefined) return unchanged
    return Promise.resolve(this.hub.store.snapshot(record))
  }

  complete(checkpoint: Checkpoint): Promise<CommitResult> {
    const { checkpointId } = checkpoint
    if (this.#committed?.checkpointId === checkpointId) return Promise.resolve(this.#committed.result)
    if (this.record.checkpointId === checkpointId) return Promise.resolve({ outcome: 'committed', version: this.record.version })
    if (!this.isHeld) return Promise.reject(this.lockLost())
    try {
      const result = commitAtomically(this.hub, this, checkpoint)
      if (result.outcome === 'committed') this.#committed = { checkpointId, result }
      this.settled()
      return Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  markSuspect(): Promise<number> {
    if (!this.isHeld) return Promise.reject(this.lockLost())
    return Promise.resolve(++this.record.suspicions)
  }

  renew(): Promise<{ readonly lockedUntil: Ticks | undefined }> {
    if (!this.isHeld) return Promise.reject(this.lockLost())
    this.hub.locks.renew(this)
    return Promise.resolve({ lockedUntil: this.lockedUntil })
  }

  release(settlements: readonly Settlement[]): Promise<void> {
    if (this.isLost) return Promise.reject(this.lockLost())
    if (!this.isHeld) return nothing
    try {
      settle(this.hub, this, settlements)
      this.record.suspicions = 0
      this.settled()
      return nothing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  disown(): void {
    for (const message of this.taken) message.holder = undefined
  }

  protected giveBack(): void {
    const { record, hub } = this
    record.item = undefined
    for (const message of this.taken) {
      if (message.holder !== this) continue
      message.holder = undefined
      hub.inboxes.add(record, message)
    }
    hub.inboxes.enqueue(record)
    if (record.state === undefined) hub.store.collect(record)
  }

  protected describe(): string {
    return `orchestration '${this.instanceId}'`
  }
}
