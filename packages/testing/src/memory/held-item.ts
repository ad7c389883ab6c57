/**
 * What all work items share: they are held until they are settled or lost. Signals are made when somebody asks for them, because most items end before anybody does.
 * Invariant: an item leaves `held` once and never comes back; whoever loses the lock finds the store unchanged by it afterwards.
 */
import { LockLostError, type Clock, type LocalActivities, type Ticks } from '@dtfx/core/provider'
import type { Fifo } from './fifo.js'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { OutboxEntry } from './local/outbox-backup.js'
import type { Steps } from './steps.js'

/** The worker an item was given to, as the items see it. */
export interface Holder {
  readonly workerId: string
  /** It takes no new work. */
  readonly isStopping: boolean
  /** Instances with results of its own activities that wait for a turn. */
  readonly ready: Fifo<InstanceRecord>
  /** It has given everything back, and knows it. */
  readonly isStopped: boolean
  /** Through which its writes go. */
  readonly steps: Steps
  /** By which it means the times it gives. */
  readonly clock: Clock
  /** Activities that run where they are scheduled. */
  readonly local: LocalActivities
  /** What it has sent of outboxes. */
  readonly sent: WeakSet<OutboxEntry>
  /** It has an activity of this name, or does not say what it has. */
  hosts(activity: string): boolean
  /** Called once for each item when it is settled or lost. */
  itemEnded(): void
}

export abstract class HeldItem {
  abstract readonly kind: 'orchestration' | 'activity'
  /** On the monotonic clock; meaningless when locks do not expire. */
  deadlineMs = 0
  /** Held between two turns: nobody is at work on it. */
  isParked = false
  /** Neighbours among the held items: the lock table's. */
  previousHeld: HeldItem | undefined
  nextHeld: HeldItem | undefined
  #status: 'held' | 'settled' | 'lost' = 'held'
  #lost: AbortController | undefined

  constructor(
    readonly hub: Hub,
    readonly holder: Holder,
  ) {}

  get isHeld(): boolean {
    return this.#status === 'held'
  }

  get isLost(): boolean {
    return this.#status === 'lost'
  }

  get lockedUntil(): Ticks | undefined {
    return this.hub.locks.deadlineText(this.deadlineMs)
  }

  get lost(): AbortSignal {
    if (this.#lost === undefined) {
      this.#lost = new AbortController()
      if (this.#status === 'lost') this.#lost.abort(this.lockLost())
    }
    return this.#lost.signal
  }

  /** Takes the lock away: the messages become available to others. */
  lose(): void {
    if (this.#status !== 'held') return
    this.#status = 'lost'
    this.#end()
    this.#lost?.abort(this.lockLost())
  }

  /** Ends the item in order; the messages have been settled. */
  protected settled(): void {
    this.#status = 'settled'
    this.#end()
  }

  #end(): void {
    this.hub.locks.drop(this)
    this.giveBack()
    this.holder.itemEnded()
    this.hub.pump()
  }

  /** Lets go of the messages, so that they are nowhere any more. */
  abstract disown(): void
  /** Puts the messages it still holds back into their queue. */
  protected abstract giveBack(): void
  /** What the lock is on, for messages. */
  protected abstract describe(): string

  lockLost(): LockLostError {
    return new LockLostError(this.describe())
  }
}
