/**
 * The ids of consumed messages through the turns of an instance. Pure.
 *
 * Invariants:
 * 1. An id leaves only when its deletion was acknowledged and `maxConsumedIds` newer ones that were are known; never by age.
 * 2. Continue-as-new, rewind, restart and replacement keep the ids: they belong to the instance, not to an execution.
 */
import { limits } from '../base/limits.js'
import type { MessageId } from '../model/message.js'
import type { ConsumedIds } from '../provider/work-items.js'

export const noConsumedIds: ConsumedIds = Object.freeze({ deleted: Object.freeze([]), pending: Object.freeze([]) })

export function isConsumed({ deleted, pending }: ConsumedIds, id: MessageId): boolean {
  return (deleted.length > 0 && deleted.includes(id)) || (pending.length > 0 && pending.includes(id))
}

/** With the ids a turn takes. `deletes`: the commit itself deletes the messages. */
export function withConsumed({ deleted, pending }: ConsumedIds, taken: readonly MessageId[], deletes: boolean): ConsumedIds {
  if (deletes) return { deleted: [...deleted, ...taken].slice(-limits.maxConsumedIds), pending }
  return { deleted, pending: [...pending, ...taken].slice(-limits.maxPendingConsumedIds) }
}

/** After a commit that was acknowledged whole: what it took is deleted. */
export function acknowledged(ids: ConsumedIds, taken: readonly MessageId[]): ConsumedIds {
  const { deleted, pending } = ids
  if (taken.length === 0 || pending.length === 0) return ids
  const gone = new Set(taken)
  return { deleted: [...deleted, ...pending.filter((id) => gone.has(id))].slice(-limits.maxConsumedIds), pending: pending.filter((id) => !gone.has(id)) }
}
