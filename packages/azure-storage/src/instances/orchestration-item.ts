/** An instance that this worker has locked, with the messages it had at that moment and the results of its local activities. */
import {
  addMs,
  LocalCompletion,
  LockLostError,
  PermanentError,
  type Checkpoint,
  type CommitResult,
  type Delivered,
  type InstanceSnapshot,
  type InstanceVersion,
  type OrchestrationWorkItem,
  type Settlement,
  type Ticks,
} from '@dtfx/core/provider'
import { TurnCommit } from './turn-commit.js'
import type { InstanceRecord } from './instance-record.js'
import { ReceivedMessage } from './received-message.js'
import type { WorkerStore } from './worker-store.js'

export class OrchestrationItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  readonly messages: readonly Delivered[]
  readonly taken: readonly ReceivedMessage[]
  readonly completions: readonly LocalCompletion[]
  #status: 'held' | 'settled' | 'lost' = 'held'
  #commit: TurnCommit | undefined
  readonly #lost = new AbortController()
  /** Delivered before: an earlier commit may have stopped half-way. */
  readonly #isRepeated: boolean
  #isFinished = false

  constructor(
    readonly store: WorkerStore,
    readonly record: InstanceRecord,
  ) {
    this.taken = record.waiting
    record.waiting = []
    this.completions = record.local?.work.take() ?? []
    this.messages = [...this.taken.map((message) => message.handOut(this)), ...this.completions.map((completion) => completion.handOut(this))]
    this.#isRepeated = this.taken.some(({ deliveryCount }) => deliveryCount > 1)
    record.item = this
    record.partition.lost.addEventListener('abort', this.#onPartitionLost, { once: true })
  }

  get instanceId(): string {
    return this.record.instanceId
  }

  /** The partition is renewed by itself; of the messages the first to end counts. */
  get lockedUntil(): Ticks {
    const { clock } = this.store.host
    const deadlineMs = Math.min(...this.taken.map(({ lock }) => lock.deadlineMs), clock.monotonicMs() + this.store.settings.controlQueueLock)
    return addMs(clock.nowTicks(), deadlineMs - clock.monotonicMs()) ?? clock.nowTicks()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    this.check()
    const { record } = this
    const isProven = known !== undefined && record.known?.version === known && !this.#isRepeated
    if (isProven) return 'unchanged'
    const snapshot = await this.store.load(record, { finish: this.#isRepeated && !this.#isFinished, starts: this.taken.some(({ content }) => content.message.event.type === 'ExecutionStarted') })
    this.#isFinished = true
    return snapshot.version === known ? 'unchanged' : snapshot
  }

  async complete(checkpoint: Checkpoint): Promise<CommitResult> {
    if (this.#commit?.checkpoint.checkpointId !== checkpoint.checkpointId) {
      this.#checkReceipts(checkpoint.settlements)
      this.#commit?.abandon()
      this.#commit = new TurnCommit(this, checkpoint)
    }
    return this.#commit.run()
  }

  markSuspect(): Promise<number> {
    this.check()
    return this.store.markSuspect(this.record)
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks }> {
    this.check()
    const { gate, settings } = this.store
    await gate.all(
      this.taken.filter((message) => message.holder === this),
      ({ lock }) => lock.renew(settings.controlQueueLock),
    )
    return { lockedUntil: this.lockedUntil }
  }

  async release(settlements: readonly Settlement[]): Promise<void> {
    if (this.#status === 'lost') throw this.lockLost()
    if (this.#status === 'settled') return
    this.#checkReceipts(settlements)
    if (this.#isRepeated && !this.#isFinished && settlements.length > 0) {
      await this.store.finishCommit(this.record)
      this.#isFinished = true
    }
    await this.settle(settlements)
    await this.store.clearSuspicion(this.record)
    this.finish()
  }

  /** Side by side; each at most once, however often it is called. */
  settle(settlements: readonly Settlement[]): Promise<void> {
    return this.store.gate.all(settlements, async (settlement) => {
      const { receipt } = settlement
      if (receipt instanceof LocalCompletion) {
        if (receipt.holder === this) await receipt.settle(settlement)
      } else if (receipt instanceof ReceivedMessage && receipt.holder === this) {
        await this.store.settle(receipt, settlement)
      }
    })
  }

  /** @throws LockLostError */
  check(): void {
    if (this.#status === 'lost' || !this.record.partition.isOwned) throw this.lockLost()
  }

  get isLost(): boolean {
    return this.#status === 'lost'
  }

  /** Ends the item; what was not settled is available again. */
  finish(): void {
    if (this.#status !== 'held') return
    this.#status = 'settled'
    this.#giveBack()
  }

  lockLost(): LockLostError {
    return new LockLostError(`orchestration '${this.instanceId}'`)
  }

  readonly #onPartitionLost = (): void => {
    if (this.#status !== 'held') return
    this.#status = 'lost'
    this.record.known = undefined
    this.#giveBack()
    this.#lost.abort(this.lockLost())
  }

  #giveBack(): void {
    const { record, store } = this
    record.partition.lost.removeEventListener('abort', this.#onPartitionLost)
    this.#commit?.abandon()
    record.item = undefined
    const open = this.completions.filter((completion) => completion.holder === this)
    if (open.length > 0) record.local?.work.giveBack(open)
    store.giveBack(
      record,
      this.taken.filter((message) => message.holder === this),
    )
  }

  #checkReceipts(settlements: readonly Settlement[]): void {
    for (const { receipt } of settlements) {
      const isMine = this.taken.includes(receipt as ReceivedMessage) || this.completions.includes(receipt as LocalCompletion)
      if (!isMine) throw new PermanentError('settling a message', 'its receipt is not of this work item')
    }
  }
}
