/** An activity that a worker has locked. Completing it puts the result into the inbox of its instance and ends the message in one step. */
import {
  activityAnswer,
  dtfxError,
  isFinal,
  type ActivityWorkItem,
  type Delivered,
  type Settlement,
  type TaskCompletedEvent,
  type TaskFailedEvent,
  type Ticks,
} from '@dtfx/core/provider'
import { HeldItem, type Holder } from './held-item.js'
import type { Hub } from './hub.js'
import { QueuedMessage } from './queued-message.js'
import { settle } from './settle.js'
import type { StepName } from './steps.js'

const nothing = Promise.resolve()

export class ActivityItem extends HeldItem implements ActivityWorkItem {
  readonly kind = 'activity'
  readonly delivered: Delivered
  #instanceGone: AbortController | undefined

  constructor(
    hub: Hub,
    holder: Holder,
    readonly message: QueuedMessage,
  ) {
    super(hub, holder)
    this.delivered = message.handOut(this)
  }

  get instanceGone(): AbortSignal {
    if (this.#instanceGone === undefined) {
      this.#instanceGone = new AbortController()
      if (this.isHeld) this.#listen()
      this.checkInstance()
    }
    return this.#instanceGone.signal
  }

  renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }> {
    if (!this.isHeld) return Promise.reject(this.lockLost())
    this.hub.locks.renew(this)
    const { lockedUntil } = this
    return Promise.resolve(this.#isInstanceGone() ? { lockedUntil, instanceGone: true } : { lockedUntil })
  }

  complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    if (this.hub.commit !== 'atomic') return this.#answerInSteps(event)
    if (!this.isHeld) return Promise.reject(this.lockLost())
    this.message.holder = undefined
    this.#answer(event)
    this.settled()
    return nothing
  }

  /** Answer, then delete: after a crash in between the activity runs again, and the second answer finds the task closed. */
  async #answerInSteps(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    await this.step('answer', () => {
      this.#answer(event)
      this.hub.pump()
    })
    await this.step('delete', () => this.finish())
  }

  protected step<T>(name: StepName, write: () => T): Promise<T> {
    return this.holder.steps.take({ name, instanceId: this.message.message.instance.instanceId }, write)
  }

  /** Deletes the message, if it is still held. */
  protected finish(): void {
    if (!this.isHeld) return
    this.message.holder = undefined
    this.settled()
  }

  /** The result as a message to the instance. */
  protected reply(event: TaskCompletedEvent | TaskFailedEvent): QueuedMessage {
    return QueuedMessage.from(activityAnswer(this.message, event), undefined)
  }

  #answer(event: TaskCompletedEvent | TaskFailedEvent): void {
    const { message, hub } = this
    // An instance that is gone without a trace would only be made anew by the reply.
    if (hub.store.get(message.message.instance.instanceId) !== undefined) hub.place(this.reply(event))
  }

  release(settlement: Settlement): Promise<void> {
    if (this.isLost) return Promise.reject(this.lockLost())
    if (!this.isHeld) return nothing
    try {
      settle(this.hub, this, [settlement])
      this.settled()
      return nothing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Aborts `instanceGone` if nobody waits for the result any more. */
  checkInstance(): void {
    if (this.#instanceGone === undefined || this.#instanceGone.signal.aborted || !this.#isInstanceGone()) return
    this.#instanceGone.abort(dtfxError('DTFX_INSTANCE_GONE', { instanceId: this.message.message.instance.instanceId }))
  }

  #isInstanceGone(): boolean {
    const { instanceId, executionId } = this.message.message.instance
    const state = this.hub.store.get(instanceId)?.state
    return state === undefined || isFinal(state.status) || (executionId !== undefined && executionId !== state.executionId)
  }

  #listen(): void {
    const record = this.hub.store.get(this.message.message.instance.instanceId)
    if (record !== undefined) (record.running ??= new Set()).add(this)
  }

  disown(): void {
    this.message.holder = undefined
  }

  protected giveBack(): void {
    const { message, hub } = this
    this.unlisten()
    if (message.holder !== this) return
    message.holder = undefined
    hub.place(message)
  }

  protected unlisten(): void {
    if (this.#instanceGone === undefined) return
    const record = this.hub.store.get(this.message.message.instance.instanceId)
    if (record?.running?.delete(this) !== true || record.running.size > 0) return
    record.running = undefined
    this.hub.store.collect(record)
  }

  protected describe(): string {
    const { event, instance } = this.message.message
    return `activity '${event.type === 'TaskScheduled' ? event.name : event.type}' of '${instance.instanceId}'`
  }
}
