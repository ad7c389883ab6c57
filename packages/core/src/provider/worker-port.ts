/** A worker's door to the store. Port methods trust their arguments: the worker has validated them. */
import type { ActivityWorkItem, OrchestrationWorkItem } from './work-items.js'

export interface NameAndVersion {
  readonly name: string
  readonly version?: string | undefined
}

export interface WorkerSpec {
  readonly workerId: string
  /** What this worker can run; absent for a host of other languages. */
  readonly hosted?: { readonly orchestrations: readonly NameAndVersion[]; readonly activities: readonly NameAndVersion[] } | undefined
  /** Work items in progress, at most. */
  readonly concurrency: { readonly orchestrations: number; readonly activities: number }
}

export interface StopReport {
  /** Items that were still locked when the deadline passed; others will take them over. */
  readonly abandoned: number
}

export interface WorkerPort {
  /** Resolves when an item is locked. When `signal` aborts: rejects with its reason, unless an item was locked already: then it resolves with it, and the caller gives it back. */
  nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem>
  /** The same for activities. Outstanding calls are the free slots (100 by default: let one poll serve them all), and so the credit for activities handed over locally. `accept`: only these names (stores that cannot filter ignore it). */
  nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem>
  /** Gives back what is locked, at the latest after `deadlineMs`. Idempotent. */
  stop(deadlineMs: number): Promise<StopReport>
}
