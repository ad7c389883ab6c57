/** An instance that this worker has locked, with the messages it had at that moment and the results of its local activities. */
import {
  deferred,
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
import type { HeldSession } from './held-session.js'
import { ReceivedMessage } from './received-message.js'
import { SessionSettler } from './session-settler.js'
import { TurnCommit } from './turn-commit.js'

export class OrchestrationItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  readonly messages: readonly Delivered[]
  readonly taken: readonly ReceivedMessage[]
  readonly completions: readonly LocalCompletion[]
  readonly settler: SessionSettler
  #status: 'held' | 'settled' | 'lost' = 'held'
  #commit: TurnCommit | undefined
  readonly #lost = new AbortController()
  readonly #ended = deferred<void>()

  constructor(readonly session: HeldSession) {
    this.taken = session.waiting
    session.waiting = []
    this.completions = session.takeCompletions()
    this.messages = [...this.taken.map((message) => message.handOut(this)), ...this.completions.map((completion) => completion.handOut(this))]
    this.settler = new SessionSettler(this)
    session.item = this
  }

  get instanceId(): string {
    return this.session.instanceId
  }

  get lockedUntil(): Ticks {
    return this.session.lockedUntil
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Resolves when it is given back or lost. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get isLost(): boolean {
    return this.#status === 'lost'
  }

  async load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    this.check()
    return this.session.view.load(this.messages, known)
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

  async markSuspect(): Promise<number> {
    this.check()
    return this.session.view.markSuspect()
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks }> {
    this.check()
    await this.session.renew()
    return { lockedUntil: this.lockedUntil }
  }

  async release(settlements: readonly Settlement[]): Promise<void> {
    if (this.#status === 'lost') throw this.lockLost()
    if (this.#status === 'settled') return
    this.#checkReceipts(settlements)
    if (settlements.length > 0) {
      this.check()
      await this.session.view.recover()
      await this.settler.settle(settlements, [])
    }
    await this.session.view.clearSuspicion()
    this.finish()
  }

  /** @throws LockLostError */
  check(): void {
    if (this.#status !== 'held') throw this.lockLost()
    this.session.check()
  }

  /** Somebody else may have the session: nothing is written for it any more. */
  lose(): void {
    if (this.#status !== 'held') return
    this.#status = 'lost'
    this.#commit?.abandon()
    this.session.giveBack(this)
    this.#lost.abort(this.lockLost())
    this.#ended.resolve()
  }

  /** Ends the item; what was not settled is available again. */
  finish(): void {
    if (this.#status !== 'held') return
    this.#status = 'settled'
    this.#commit?.abandon()
    this.session.giveBack(this)
    this.#ended.resolve()
  }

  lockLost(): LockLostError {
    return new LockLostError(`orchestration '${this.instanceId}'`)
  }

  #checkReceipts(settlements: readonly Settlement[]): void {
    for (const { receipt } of settlements) {
      const isMine = (receipt instanceof ReceivedMessage && this.taken.includes(receipt)) || (receipt instanceof LocalCompletion && this.completions.includes(receipt))
      if (!isMine) throw new PermanentError('settling a message', 'its receipt is not of this work item')
    }
  }
}
