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
  /** How often it was handed out, this time included. A store that counts more (messages it fetched ahead and gave back) may say more. */
  readonly deliveryCount: number
  /** How often a `fault` was settled on it. Only this counts as poison. */
  readonly faultCount: number
  /** When it first became visible: waiting until a time, or being deferred, does not make it younger later. */
  readonly enqueuedAt: Ticks
  readonly receipt: Receipt
}

/**
 * What becomes of one message.
 * - `consumed`: its effect is in the checkpoint; delete it.
 * - `discard`: it has no effect (late, duplicate, orphan); delete it.
 * - `defer`: hand it out again, not before `until`; does not count.
 * - `fault`: we failed while processing it; count it, and hand it out again not before `until`.
 * - `quarantine`: set it aside with `code` and `reason`, never hand it out again by itself and never drop it. Every provider does this; the capability only says whether people can get at it.
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
  /** Also when nothing is stored: then a value of your own for "nothing" (0, an empty text). It comes back as the `base` of the checkpoint. */
  readonly version: InstanceVersion
  /** As of the history, not as clients see it; of a start that `create` stored and that has not run, that of `create`, beside the history of the execution before. */
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
  /**
   * The lock holds until then unless renewed, by the clock of the host: take the time before you ask the store, not the store's answer. Undefined: until given back.
   * More than half of the lock is left when the item is handed out: renewal begins at the half.
   */
  readonly lockedUntil: Ticks | undefined
  /** Aborts when you learn that the lock is lost; the worker looks at `lockedUntil` itself. */
  readonly lost: AbortSignal
  /**
   * The stored instance, or `'unchanged'` when it is proven to be of version `known`. One consistent view: what is read in pages is checked against the version.
   * Where a commit is several writes, this is where what an earlier one left undone is finished (the state shown, the outbox sent); so it is when `release` is called without it.
   */
  load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'>
  /**
   * Commits the turn and gives the item back. After AmbiguousCommitError and TransientError the item is still held, and the worker repeats the call with the same checkpoint: one that turns out
   * to be stored already is answered with `committed`. Under `messages-first` every commit moves the version on, also one that only settles messages. After `stale` its messages are available again. `renew` may be called meanwhile.
   * @throws AmbiguousCommitError, LockLostError, TransientError, PermanentError; never StaleError
   */
  complete(checkpoint: Checkpoint): Promise<CommitResult>
  /**
   * Counts, durably, that a turn is about to run whose inputs were delivered more than twice; returns the count. A commit or `release` resets it, a lost lock does not.
   * It works before anything is stored under the id, and leaves the version as it is: the turn commits on the one it loaded.
   */
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
  /**
   * Delivers the result to the instance (as `activityAnswer` has it) and deletes the message, in an order that loses neither. The only way to complete.
   * After AmbiguousCommitError and TransientError the item is still held, and the worker repeats the call with the same event; what was sent may be sent again.
   */
  complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void>
  release(settlement: Settlement): Promise<void>
}
