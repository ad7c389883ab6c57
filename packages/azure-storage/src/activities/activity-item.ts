/**
 * An activity that this worker has locked: a message of the work-item queue.
 * Invariant: the answer is sent before the message is deleted; after a crash in between the activity runs again, and its second answer finds the task closed.
 */
import {
  addMs,
  activityAnswer,
  dtfxError,
  LockLostError,
  type ActivityWorkItem,
  type Clock,
  type Delivered,
  type MessageId,
  type OutboundMessage,
  type Settlement,
  type TaskCompletedEvent,
  type TaskFailedEvent,
  type Ticks,
} from '@dtfx/core/provider'
import type { SendOptions } from '../messages/message-sender.js'
import type { MessageContent } from '../messages/message-receiver.js'
import type { MessageLock } from '../queues/message-lock.js'

export interface ActivityContent extends MessageContent {
  /** What .NET wants echoed in the answer. */
  readonly episode: number | undefined
}

/** What an activity needs of the worker that has it. */
export interface ActivityHost {
  readonly clock: Clock
  /** How long its message is hidden by a lock or a renewal. */
  readonly lockMs: number
  /** Puts the answer into the queue of its instance. */
  answer(message: OutboundMessage, options: SendOptions): Promise<void>
  /** Nobody waits for the answer: the instance is over, gone, or another execution. */
  isInstanceGone(instanceId: string, executionId: string | undefined): Promise<boolean>
  /** Sets a message aside: that of the activity, or its answer. */
  quarantine(message: { readonly id: MessageId; readonly queue: 'workItems' | 'control'; readonly instanceId: string; readonly text: string }, code: string, reason: string): Promise<void>
  /** The text of an answer, for that. */
  textOf(message: OutboundMessage, options: SendOptions): Promise<string>
  /** Milliseconds until a time that was given to us. */
  msUntil(time: Ticks | undefined): number
  begun(item: ActivityItem): void
  ended(item: ActivityItem): void
}

export class ActivityItem implements ActivityWorkItem {
  readonly delivered: Delivered
  readonly #lost = new AbortController()
  readonly #instanceGone = new AbortController()
  #lockedUntil: Ticks
  #status: 'held' | 'settled' | 'lost' = 'held'

  constructor(
    readonly host: ActivityHost,
    readonly content: ActivityContent,
    readonly lock: MessageLock,
    deliveryCount: number,
    /** Its text with another fault count. */
    readonly withFaults: (faultCount: number) => string,
  ) {
    this.delivered = { ...content, deliveryCount, receipt: this }
    this.#lockedUntil = this.#untilDeadline()
    host.begun(this)
  }

  get lockedUntil(): Ticks {
    return this.#lockedUntil
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get instanceGone(): AbortSignal {
    return this.#instanceGone.signal
  }

  get isHeld(): boolean {
    return this.#status === 'held' && this.lock.isHeld
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks; readonly instanceGone?: true }> {
    this.#check()
    const { instanceId, executionId } = this.content.message.instance
    const [isGone] = await Promise.all([this.host.isInstanceGone(instanceId, executionId), this.#ask(this.lock.renew(this.host.lockMs))])
    this.#lockedUntil = this.#untilDeadline()
    return isGone ? { lockedUntil: this.#lockedUntil, instanceGone: true } : { lockedUntil: this.#lockedUntil }
  }

  async complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    this.#check()
    await this.host.answer(activityAnswer(this.content, event), this.answerOptions)
    await this.delete()
  }

  async release({ outcome, code, reason, until }: Settlement): Promise<void> {
    if (this.#status === 'lost') throw this.#lockLost()
    if (this.#status === 'settled') return
    const { faultCount } = this.content
    if (outcome === 'quarantine') await this.host.quarantine({ id: this.content.id, queue: 'workItems', instanceId: this.content.message.instance.instanceId, text: this.withFaults(0) }, code ?? 'DTFX_POISON', reason ?? '')
    if (outcome === 'fault') await this.lock.putBack(this.host.msUntil(until), this.withFaults(faultCount + 1))
    else if (outcome === 'defer') await this.lock.putBack(this.host.msUntil(until))
    else await this.#ask(this.lock.delete())
    this.#end('settled')
  }

  /** .NET wants a sender in every message, and its answers name the instance that scheduled the activity. */
  protected get answerOptions(): SendOptions {
    const { message, episode } = this.content
    return { sender: message.instance, episode }
  }

  /** Deletes the message without an answer; done twice does nothing more. */
  async delete(): Promise<void> {
    if (this.#status !== 'held') return
    await this.#ask(this.lock.delete())
    this.#end('settled')
  }

  /** Aborts `instanceGone`: its instance, in this process, has ended. */
  abandonedByInstance(): void {
    if (!this.#instanceGone.signal.aborted) this.#instanceGone.abort(dtfxError('DTFX_INSTANCE_GONE', { instanceId: this.content.message.instance.instanceId }))
  }

  /** Lets go of it without a request: others get it when its time is over. */
  lose(): void {
    if (this.#status !== 'held') return
    this.lock.leave()
    this.#end('lost')
    this.#lost.abort(this.#lockLost())
  }

  /** Lets go of it, and others see it at once. Never rejects. */
  async giveUp(): Promise<void> {
    if (this.#status !== 'held') return
    this.#end('lost')
    this.#lost.abort(this.#lockLost())
    await this.lock.putBack(0).catch(() => {})
  }

  /** A request that finds the message in other hands ends the item. */
  async #ask(request: Promise<void>): Promise<void> {
    try {
      await request
    } catch (error) {
      if (error instanceof LockLostError) this.lose()
      throw error
    }
  }

  #check(): void {
    if (!this.isHeld) throw this.#lockLost()
  }

  #end(status: 'settled' | 'lost'): void {
    if (this.#status !== 'held') return
    this.#status = status
    this.ended()
    this.host.ended(this)
  }

  protected ended(): void {}

  #untilDeadline(): Ticks {
    const { clock } = this.host
    return addMs(clock.nowTicks(), this.lock.deadlineMs - clock.monotonicMs()) ?? clock.nowTicks()
  }

  #lockLost(): LockLostError {
    const { event, instance } = this.content.message
    return new LockLostError(`activity '${event.type === 'TaskScheduled' ? event.name : event.type}' of '${instance.instanceId}'`)
  }
}
