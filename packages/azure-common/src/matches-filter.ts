/** Whether a state meets a filter: what a query of a table could not tell. */
import { compareTicks, type InstanceFilter, type InstanceState } from '@dtfx/core/provider'

/** True when `state` meets every condition of `filter`. */
export function matchesFilter(state: InstanceState, filter: InstanceFilter): boolean {
  const { status, name, version, idPrefix, tags, parent } = filter
  if (status !== undefined && !status.includes(state.status)) return false
  if (name !== undefined && state.name !== name) return false
  if (version !== undefined && state.version !== version) return false
  if (idPrefix !== undefined && !state.instanceId.startsWith(idPrefix)) return false
  if (tags !== undefined && !Object.entries(tags).every(([key, value]) => state.tags?.[key] === value)) return false
  if (parent !== undefined && (state.parent?.instance.instanceId ?? null) !== parent) return false
  return isWithin(state.createdAt, filter.createdAfter, filter.createdBefore) && isWithin(state.completedAt, filter.completedAfter, filter.completedBefore)
}

function isWithin(time: string | undefined, from: string | undefined, before: string | undefined): boolean {
  if (from === undefined && before === undefined) return true
  if (time === undefined) return false
  return (from === undefined || compareTicks(time, from) >= 0) && (before === undefined || compareTicks(time, before) < 0)
}
