/** An instance that this worker has locked, with the messages it had at that moment and the results of its local activities. */
import {
  addMs,
  deferred,
  LocalCompletion,
  LockLostError,
  PermanentError,
  type Checkpoint,
  type CommitResult,
  type Delivered,
  type HistoryEvent,
  type InstanceSnapshot,
  type InstanceVersion,
  type OrchestrationWorkItem,
  type Settlement,
  type Ticks,
} from '@dtfx/core/provider'
import { replyToOf } from '../messages/episode-id.js'
import { TurnCommit } from './turn-commit.js'
import type { InstanceRecord } from './instance-record.js'
import { ReceivedMessage } from './received-message.js'
import type { WorkerStore } from './worker-store.js'

export class OrchestrationItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  messages: readonly Delivered[]
  readonly taken: readonly ReceivedMessage[]
  readonly completions: readonly LocalCompletion[]
  #status: 'held' | 'settled' | 'lost' = 'held'
  #commit: TurnCommit | undefined
  readonly #lost = new AbortController()
  readonly #ended = deferred<void>()
  /** On the monotonic clock: unless it is renewed, nobody is at work on it any more then. */
  deadlineMs: number
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
    this.deadlineMs = this.#nextDeadlineMs()
    this.#isRepeated = this.taken.some(({ deliveryCount }) => deliveryCount > 1)
    record.item = this
    record.partition.lost.addEventListener('abort', this.#onPartitionLost, { once: true })
  }

  get instanceId(): string {
    return this.record.instanceId
  }

  get lockedUntil(): Ticks {
    const { clock } = this.store.parts.host
    return addMs(clock.nowTicks(), this.deadlineMs - clock.monotonicMs()) ?? clock.nowTicks()
  }

  /** Resolves when it is given back or lost. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    this.check()
    const { record } = this
    const echoes = this.taken.some(hasEcho)
    const isProven = known !== undefined && record.known?.version === known && !this.#isRepeated && !echoes
    if (isProven) return 'unchanged'
    const snapshot = await this.store.load(record, { finish: this.#isRepeated && !this.#isFinished, starts: this.taken.some(({ content }) => content.message.event.type === 'ExecutionStarted') })
    this.#isFinished = true
    if (echoes) this.messages = this.messages.map((message) => answering(message, snapshot.history))
    return snapshot.version === known ? 'unchanged' : snapshot
  }

  async complete(checkpoint: Checkpoint): Promise<CommitResult> {
    if (this.#commit?.checkpoint.checkpointId !== checkpoint.checkpointId) {
      this.check()
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
    const { gate, settings } = this.store.parts
    await gate.all(
      this.taken.filter((message) => message.holder === this),
      ({ lock }) => lock.renew(settings.controlQueueLock),
    )
    this.deadlineMs = this.#nextDeadlineMs()
    return { lockedUntil: this.lockedUntil }
  }

  async release(settlements: readonly Settlement[]): Promise<void> {
    if (this.#status === 'lost') throw this.lockLost()
    if (this.#status === 'settled') return
    this.#checkReceipts(settlements)
    // What is discarded is so because of what was loaded: by now another owner may wait for it.
    if (settlements.length > 0) this.check()
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
    return this.store.parts.gate.all(settlements, async (settlement) => {
      const { receipt } = settlement
      if (receipt instanceof LocalCompletion) {
        if (receipt.holder === this) await receipt.settle(settlement)
      } else if (receipt instanceof ReceivedMessage && receipt.holder === this) {
        await this.store.settle(receipt, settlement)
      }
    })
  }

  /** Nothing may be written for an item that was given back, or whose partition may be somebody else's. @throws LockLostError */
  check(): void {
    if (this.#status === 'held' && !this.record.partition.isOwned) this.lose()
    if (this.#status !== 'held') throw this.lockLost()
  }

  get isLost(): boolean {
    return this.#status === 'lost'
  }

  /** The partition is renewed by itself; of the messages the first to be seen by others counts. */
  #nextDeadlineMs(): number {
    const { host, settings } = this.store.parts
    const held = this.taken.filter((message) => message.holder === this)
    return Math.min(...held.map(({ lock }) => lock.deadlineMs), host.clock.monotonicMs() + settings.controlQueueLock)
  }

  /** Nobody is at work on it any more, or nobody may be: nothing is written for it. */
  lose(): void {
    if (this.#status !== 'held') return
    this.#status = 'lost'
    this.record.known = undefined
    this.#giveBack()
    this.#lost.abort(this.lockLost())
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

  readonly #onPartitionLost = (): void => this.lose()

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
    this.#ended.resolve()
    store.onItemEnded()
  }

  #checkReceipts(settlements: readonly Settlement[]): void {
    for (const { receipt } of settlements) {
      const isMine = this.taken.includes(receipt as ReceivedMessage) || this.completions.includes(receipt as LocalCompletion)
      if (!isMine) throw new PermanentError('settling a message', 'its receipt is not of this work item')
    }
  }
}

/** An answer of a .NET activity worker: it does not say which message it answers, but echoes a number that does. */
function hasEcho({ reception: { episode, content: { replyTo, message } } }: ReceivedMessage): boolean {
  return episode !== undefined && replyTo === undefined && (message.event.type === 'TaskCompleted' || message.event.type === 'TaskFailed')
}

function answering(delivered: Delivered, history: readonly HistoryEvent[]): Delivered {
  const { receipt, message } = delivered
  const { event } = message
  if (!(receipt instanceof ReceivedMessage) || !hasEcho(receipt) || !('taskScheduledId' in event)) return delivered
  const scheduled = history.findLast((each) => each.type === 'TaskScheduled' && each.eventId === event.taskScheduledId)
  return { ...delivered, replyTo: replyToOf({ event, episode: receipt.reception.episode }, scheduled?.type === 'TaskScheduled' ? scheduled.messageId : undefined) }
}
