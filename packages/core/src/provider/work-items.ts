/**
 * Work items: what a worker locks, works on and gives back. All data is JSON-safe.
 * Invariant: `complete` is all or nothing as far as the provider's commit discipline allows; nothing of an item may be written after its lock was lost.
 */
import type { Ticks } from '../base/ticks.js'
import type { TaskCompletedEvent, TaskFailedEvent, HistoryEvent } from '../model/events.js'
import type { InstanceId, InstanceState } from '../model/instance.js'
import type { MessageId, TaskMessage } from '../model/message.js'
import type { Checkpoint } from './checkpoint.js'

/** Opaque to everybody but the provider: how it finds the stored message again. */
export type Receipt = unknown

/** Opaque version of a stored instance (an ETag, a counter). Compared with `===`. */
export type InstanceVersion = string | number

/** A message as received. */
export interface Delivered {
  readonly message: TaskMessage
  readonly id: MessageId
  /** Of a completion: id of the scheduled message it answers. */
  readonly replyTo?: MessageId | undefined
  /** Instance that sent it; absent for clients. */
  readonly sender?: InstanceId | undefined
  /** How often it was handed out, this time included. */
  readonly deliveryCount: number
  /** How often a `fault` was settled on it. Only this counts as poison. */
  readonly faultCount: number
  readonly enqueuedAt: Ticks
  readonly receipt: Receipt
}

/**
 * What becomes of one message.
 * - `consumed`: its effect is in the checkpoint; delete it.
 * - `discard`: it has no effect (late, duplicate, orphan); delete it.
 * - `defer`: hand it out again, not before `until`; does not count.
 * - `fault`: we failed while processing it; count it, and hand it out again not before `until`.
 * - `quarantine`: set it aside with `code` and `reason`, never hand it out again by itself.
 */
export interface Settlement {
  readonly receipt: Receipt
  readonly outcome: 'consumed' | 'discard' | 'defer' | 'fault' | 'quarantine'
  readonly code?: string | undefined
  readonly reason?: string | undefined
  readonly until?: Ticks | undefined
}

/**
 * Ids of consumed messages that had no scheduled event, oldest first: how a redelivery is recognised.
 * A store keeps them as they are; only the worker changes them.
 */
export interface ConsumedIds {
  /** Their deletion was acknowledged. */
  readonly deleted: readonly MessageId[]
  /** Not known to be deleted: they may come again. */
  readonly pending: readonly MessageId[]
}

/** An instance as stored. `history` is empty and `state` absent when nothing is stored under the id. */
export interface InstanceSnapshot {
  readonly version: InstanceVersion
  readonly state?: InstanceState | undefined
  readonly history: readonly HistoryEvent[]
  readonly consumedIds: ConsumedIds
}

export type CommitResult = { readonly outcome: 'committed'; readonly version: InstanceVersion } | { readonly outcome: 'stale' }

export interface OrchestrationWorkItem {
  readonly kind: 'orchestration' | 'entity'
  readonly instanceId: InstanceId
  /** At least one, in the order of arrival. */
  readonly messages: readonly Delivered[]
  /** The lock holds until then unless renewed; undefined: until given back. */
  readonly lockedUntil: Ticks | undefined
  /** Aborts when the lock is lost. */
  readonly lost: AbortSignal
  /** The stored instance, or `'unchanged'` when it is proven to be of version `known`. */
  load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'>
  /**
   * Commits the turn and gives the item back. After AmbiguousCommitError and TransientError the item is still held, and the worker repeats the call with the same checkpoint: one that turns out
   * to be stored already is answered with `committed`.
   * @throws AmbiguousCommitError, LockLostError, TransientError, PermanentError; never StaleError
   */
  complete(checkpoint: Checkpoint): Promise<CommitResult>
  /** Counts, durably, that a turn is about to run whose inputs were delivered more than twice; returns the count. A commit or `release` resets it. */
  markSuspect(): Promise<number>
  /** Extends the lock. @throws LockLostError */
  renew(): Promise<{ readonly lockedUntil: Ticks | undefined }>
  /** Gives the item back without a commit. Messages without a settlement become available again at once, uncounted. */
  release(settlements: readonly Settlement[]): Promise<void>
}

export interface ActivityWorkItem {
  /** Its event is a TaskScheduled with input. */
  readonly delivered: Delivered
  readonly lockedUntil: Ticks | undefined
  readonly lost: AbortSignal
  /** Aborts when the instance that waits for the result is gone (finished, terminated, purged), where the provider can tell at once. */
  readonly instanceGone: AbortSignal
  /** Extends the lock; `instanceGone` tells that nobody waits any more. @throws LockLostError */
  renew(): Promise<{ readonly lockedUntil: Ticks | undefined; readonly instanceGone?: true }>
  /** Delivers the result to the instance and deletes the message, in an order that loses neither. The only way to complete. */
  complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void>
  release(settlement: Settlement): Promise<void>
}
