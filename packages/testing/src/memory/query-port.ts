/** Queries over the stored states. A continuation is the last id of a page, so that pages stay right while instances come and go. */
import { compareTicks, type InstanceFilter, type InstanceState, type Page, type PageRequest, type QueryPort } from '@dtfx/core/provider'
import { withoutPayloads } from './snapshots.js'
import type { Store } from './store.js'

export class MemoryQueryPort implements QueryPort {
  constructor(readonly store: Store) {}

  query(filter: InstanceFilter, page: PageRequest): Promise<Page> {
    const ids = this.store.sortedIds()
    const instances: InstanceState[] = []
    let at = firstAfter(ids, latest(page.continuation, filter.idPrefix))
    for (; at < ids.length && instances.length < page.size; at++) {
      const id = ids[at] as string
      if (filter.idPrefix !== undefined && !id.startsWith(filter.idPrefix)) {
        if (id > filter.idPrefix) at = ids.length
        continue
      }
      const state = this.store.get(id)?.shown
      if (state !== undefined && matches(state, filter)) instances.push(page.payloads ? state : withoutPayloads(state))
    }
    const last = instances[instances.length - 1]
    return Promise.resolve(at >= ids.length || last === undefined ? { instances } : { instances, continuation: last.instanceId })
  }
}

/** True when `state` meets every condition of `filter`. */
export function matches(state: InstanceState, filter: InstanceFilter): boolean {
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

/** Where the ids start that are greater than `continuation`, or at least `prefix`. */
function firstAfter(ids: readonly string[], from: { readonly id: string; readonly inclusive: boolean }): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    const id = ids[middle] as string
    if (from.inclusive ? id < from.id : id <= from.id) low = middle + 1
    else high = middle
  }
  return low
}

function latest(continuation: string | undefined, prefix: string | undefined): { readonly id: string; readonly inclusive: boolean } {
  if (continuation !== undefined && (prefix === undefined || continuation >= prefix)) return { id: continuation, inclusive: false }
  return { id: prefix ?? '', inclusive: true }
}
