/** An instance that a worker has locked, with the messages it had at that moment. */
import { LocalCompletion, type Checkpoint, type CommitResult, type Delivered, type InstanceSnapshot, type InstanceVersion, type LocalReservation, type OrchestrationWorkItem, type Settlement, type Ticks } from '@dtfx/core/provider'
import { commitAtomically } from './commit/commit-atomically.js'
import type { CommitOrder } from './commit/commit-order.js'
import { HeldItem, type Holder } from './held-item.js'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { QueuedMessage } from './queued-message.js'
import { settle, settleIfHeld } from './settle.js'
import type { StepName } from './steps.js'

const unchanged = Promise.resolve('unchanged' as const)
const nothing = Promise.resolve()

export class OrchestrationItem extends HeldItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  readonly messages: readonly Delivered[]
  /** Input of an earlier turn that stays for the sake of local activities. */
  retained: QueuedMessage | undefined
  #reservation: { readonly checkpointId: string; readonly slots: LocalReservation } | undefined
  /** What it committed: a repeated `complete` of the same checkpoint gets the same answer. */
  #committed: { readonly checkpointId: string; readonly result: CommitResult } | undefined

  constructor(
    hub: Hub,
    holder: Holder,
    readonly record: InstanceRecord,
    readonly taken: readonly QueuedMessage[],
    /** Results of activities that ran in the holder's process. */
    readonly completions: readonly LocalCompletion[],
  ) {
    super(hub, holder)
    const messages = taken.map((message) => message.handOut(this))
    this.messages = completions.length === 0 ? messages : [...messages, ...completions.map((completion) => completion.handOut(this))]
  }

  get instanceId(): string {
    return this.record.instanceId
  }

  load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    const { record, hub } = this
    if (hub.order !== undefined) return this.#loadInSteps(known)
    if (!this.isHeld) return Promise.reject(this.lockLost())
    if (known !== undefined && known === record.version && record.state !== undefined) return unchanged
    return Promise.resolve(hub.store.snapshot(record))
  }

  async #loadInSteps(known: InstanceVersion | undefined): Promise<InstanceSnapshot | 'unchanged'> {
    const { record, hub } = this
    await hub.order?.recover(this)
    return known !== undefined && known === record.version && record.state !== undefined ? 'unchanged' : hub.store.snapshot(record)
  }

  complete(checkpoint: Checkpoint): Promise<CommitResult> {
    const { checkpointId } = checkpoint
    const { order } = this.hub
    if (order !== undefined) return this.#completeInSteps(order, checkpoint)
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

  async #completeInSteps(order: CommitOrder, checkpoint: Checkpoint): Promise<CommitResult> {
    const { checkpointId } = checkpoint
    if (this.#committed?.checkpointId === checkpointId) return this.#committed.result
    const result = await order.complete(this, checkpoint)
    if (result.outcome === 'committed') this.#committed = { checkpointId, result }
    return result
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
    if (this.hub.order !== undefined) return this.hub.order.release(this, settlements)
    try {
      settle(this.hub, this, settlements)
      this.record.suspicions = 0
      this.settled()
      return nothing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The local activities of a commit; the same when the commit is repeated. */
  reserve(checkpoint: Checkpoint): LocalReservation {
    if (this.#reservation?.checkpointId === checkpoint.checkpointId) return this.#reservation.slots
    this.#reservation?.slots.abandon()
    const { hub, holder } = this
    const slots = holder.local.reserve(hub.localActivities ? checkpoint.outbound : [], hub.activities.slotsOf(holder))
    this.#reservation = { checkpointId: checkpoint.checkpointId, slots }
    return slots
  }

  get receipts(): readonly object[] {
    return this.completions.length === 0 ? this.taken : [...this.taken, ...this.completions]
  }

  /** One settlement, as a step of a commit; what was lost in the meantime is left alone. */
  settleInStep(settlement: Settlement): Promise<void> {
    const { receipt } = settlement
    if (receipt instanceof LocalCompletion) return receipt.settle(settlement)
    return this.step('settle', () => settleIfHeld(this.hub, this, settlement))
  }

  /** One of the writes of a commit. */
  step<T>(name: StepName, write: () => T): Promise<T> {
    return this.holder.steps.take({ name, instanceId: this.instanceId }, write)
  }

  /** Something of the outbox is not sent, because its activity runs here, or ran here and is not answered. */
  get hasUnsent(): boolean {
    const { record, holder } = this
    return record.outbox.some((entry) => !holder.sent.has(entry))
  }

  /** Keeps the lock, and one input that makes sure that the instance is looked at again, for the activities that run here. */
  keepSession(input: QueuedMessage): void {
    if (!this.isHeld) return
    this.retained = input
    this.record.session = this
    this.hub.locks.park(this)
    this.#giveBackMessages(input)
    this.#giveBackCompletions()
    this.hub.inboxes.enqueueLocal(this.record)
    this.hub.pump()
  }

  /** The next turn of the same process goes on with the lock. */
  handOver(next: OrchestrationItem): void {
    const { retained } = this
    this.retained = undefined
    if (retained !== undefined) {
      retained.holder = next
      next.retained = retained
    }
    this.record.item = undefined
    this.record.session = undefined
    this.settled()
  }

  /** Between two turns, when nothing runs here any more: the input goes, and the lock. */
  async endSession(): Promise<void> {
    const { record, hub, retained } = this
    if (record.session !== this) return
    await hub.order?.recover(this)
    if (record.session !== this || this.hasUnsent) return
    if (retained !== undefined) await this.settleInStep({ receipt: retained, outcome: 'consumed' })
    if (record.session === this) this.finish()
  }

  /** Ends the item, if it is still held. */
  finish(): void {
    if (this.isHeld) this.settled()
  }

  disown(): void {
    for (const message of this.taken) message.holder = undefined
  }

  protected giveBack(): void {
    const { record, hub } = this
    if (record.item !== undefined && record.item !== this) return
    record.item = undefined
    record.session = undefined
    this.#reservation?.slots.abandon()
    this.#giveBackCompletions()
    if (this.isLost && hub.commit === 'state-first-outbox') record.local?.forfeit()
    this.#giveBackMessages()
    hub.inboxes.enqueueLocal(record)
    hub.inboxes.enqueue(record)
    if (record.state === undefined) hub.store.collect(record)
  }

  #giveBackMessages(except?: QueuedMessage): void {
    const { record, hub, retained } = this
    for (const message of retained === undefined || this.taken.includes(retained) ? this.taken : [retained, ...this.taken]) {
      if (message.holder !== this || message === except) continue
      message.holder = undefined
      hub.inboxes.add(record, message)
    }
  }

  /** What the turn did not settle waits for the next one here, or goes the ordinary way. */
  #giveBackCompletions(): void {
    if (this.completions.length === 0) return
    const { record, holder } = this
    const open = this.completions.filter((completion) => completion.holder === this)
    const { local } = record
    if (local?.holder === holder) local.work.giveBack(open)
    else for (const completion of open) void completion.send()
  }

  protected describe(): string {
    return `orchestration '${this.instanceId}'`
  }
}
