/**
 * An activity that this worker has locked: a message of the worker queue.
 * Invariant: the answer is sent before the message is completed; after a crash in between the activity runs again, and its second answer finds the task closed.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { activityAnswer, addMs, LockLostError, type ActivityWorkItem, type Delivered, type Settlement, type TaskCompletedEvent, type TaskFailedEvent, type Ticks } from '@dtfx/core/provider'
import { copyOf, type MessageContent } from '../messages/bus-message.js'
import type { HubParts } from '../hub-parts.js'
import type { WorkerLink } from './worker-link.js'

export interface ActivityHost {
  readonly parts: HubParts
  /** Nobody waits for the answer: the instance is over, gone, or another execution. */
  isInstanceGone(instanceId: string, executionId: string | undefined): Promise<boolean>
  ended(item: ActivityItem): void
}

export class ActivityItem implements ActivityWorkItem {
  readonly delivered: Delivered
  readonly #lost = new AbortController()
  readonly #instanceGone = new AbortController()
  #status: 'held' | 'settled' | 'lost' = 'held'
  /** On the monotonic clock. */
  #deadlineMs: number

  constructor(
    readonly host: ActivityHost,
    readonly link: WorkerLink,
    readonly raw: ServiceBusReceivedMessage,
    readonly content: MessageContent,
    receivedMs: number,
  ) {
    const { deliveries, setAside: _setAside, ...rest } = content
    this.delivered = { ...rest, deliveryCount: deliveries + (raw.deliveryCount ?? 0) + 1, receipt: this }
    this.#deadlineMs = receivedMs + host.parts.settings.lockDuration
  }

  get lockedUntil(): Ticks {
    const { clock } = this.host.parts.host
    return addMs(clock.nowTicks(), this.#deadlineMs - clock.monotonicMs()) ?? clock.nowTicks()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get instanceGone(): AbortSignal {
    return this.#instanceGone.signal
  }

  get isHeld(): boolean {
    return this.#status === 'held'
  }

  /** More than half of its lock is left. */
  get isFresh(): boolean {
    return this.#deadlineMs - this.host.parts.host.clock.monotonicMs() > this.host.parts.settings.lockDuration / 2
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks; readonly instanceGone?: true }> {
    const { instanceId, executionId } = this.content.message.instance
    const [isGone] = await Promise.all([this.host.isInstanceGone(instanceId, executionId), this.renewLock()])
    return isGone ? { lockedUntil: this.lockedUntil, instanceGone: true } : { lockedUntil: this.lockedUntil }
  }

  async renewLock(): Promise<void> {
    this.#check()
    const sinceMs = this.host.parts.host.clock.monotonicMs()
    await this.#ask(this.link.renew(this.raw))
    this.#deadlineMs = sinceMs + this.host.parts.settings.lockDuration
  }

  async complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    this.#check()
    await this.host.parts.sender.send([activityAnswer(this.content, event)])
    await this.#ask(this.link.complete(this.raw))
    this.#end('settled')
  }

  async release({ outcome, code, reason, until }: Settlement): Promise<void> {
    if (this.#status === 'lost') throw this.#lockLost()
    if (this.#status === 'settled') return
    if (outcome === 'quarantine') await this.#ask(this.link.deadLetter(this.raw, code ?? 'DTFX_POISON', reason ?? ''))
    else {
      if (outcome === 'fault' || outcome === 'defer') await this.#putBack(outcome === 'fault' ? 1 : 0, until)
      await this.#ask(this.link.complete(this.raw))
    }
    this.#end('settled')
  }

  /** Lets go of it without a request: others get it when its time is over. */
  lose(): void {
    if (this.#status !== 'held') return
    this.#end('lost')
    this.#lost.abort(this.#lockLost())
  }

  /** Lets go of it, and others get it at once. Never rejects. */
  async giveUp(): Promise<void> {
    if (this.#status !== 'held') return
    this.#status = 'lost'
    this.#lost.abort(this.#lockLost())
    try {
      await this.#putBack(0, undefined)
      await this.link.complete(this.raw)
    } catch {
      // Its lock runs out.
    } finally {
      this.host.ended(this)
    }
  }

  /** A copy: the count of the broker stays one of failures. */
  async #putBack(faults: number, deliverAt: Ticks | undefined): Promise<void> {
    const { sender } = this.host.parts
    const { raw, content, delivered } = this
    await sender.sendRaw('worker', [copyOf(raw, content, { copy: sender.copyName(), faultCount: content.faultCount + faults, deliveries: delivered.deliveryCount, deliverAt })])
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
    if (this.#status === 'held' && this.host.parts.host.clock.monotonicMs() > this.#deadlineMs) this.lose()
    if (this.#status !== 'held') throw this.#lockLost()
  }

  #end(status: 'settled' | 'lost'): void {
    this.#status = status
    this.host.ended(this)
  }

  #lockLost(): LockLostError {
    const { event, instance } = this.content.message
    return new LockLostError(`activity '${event.type === 'TaskScheduled' ? event.name : event.type}' of '${instance.instanceId}'`)
  }
}
