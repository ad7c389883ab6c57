/** The one query model: the same filter reads, and selects for bulk operations. All conditions hold at once; an absent one does not restrict. */
import type { InstanceState, OrchestrationStatus } from './instance.js'
import type { Ticks } from '../base/ticks.js'

export interface InstanceFilter {
  readonly status?: readonly OrchestrationStatus[] | undefined
  /** Orchestration name, exact. */
  readonly name?: string | undefined
  readonly version?: string | undefined
  readonly idPrefix?: string | undefined
  /** Every given tag has the given value. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Instance id of the parent; null: only instances without one. */
  readonly parent?: string | null | undefined
  /** Inclusive lower and exclusive upper bounds. */
  readonly createdAfter?: Ticks | undefined
  readonly createdBefore?: Ticks | undefined
  readonly completedAfter?: Ticks | undefined
  readonly completedBefore?: Ticks | undefined
}

export interface PageRequest {
  /** Instances per page, at most. */
  readonly size: number
  /** From the page before; absent for the first. */
  readonly continuation?: string | undefined
  /** Also `input` and `output`. */
  readonly payloads: boolean
}

export interface Page {
  /** In the order of instance ids. May be shorter than asked for; only `continuation` tells the end. */
  readonly instances: readonly InstanceState[]
  readonly continuation?: string | undefined
}
