/**
 * Which instances a query reads: as much of the filter as the Instances table can tell goes to the service, and every instance that comes back is looked at again.
 * Tags and "has no parent" the table cannot tell; rows written by .NET alone have no parent at all.
 */
import { compareTicks, type InstanceFilter, type InstanceState } from '@dtfx/core/provider'
import { allOf, odataText, odataTime } from './odata.js'
import { escapeKey } from './partition-key.js'

export interface PushedFilter {
  /** Absent: no condition. */
  readonly odata?: string | undefined
  /** The service tells everything: nothing that it sends has to be left out. */
  readonly isExact: boolean
}

export interface FilterOptions {
  /** Without the entities of a shared hub, whose ids begin with `@`. */
  readonly excludeEntities?: boolean
}

export function pushedFilter(filter: InstanceFilter, { excludeEntities = false }: FilterOptions = {}): PushedFilter {
  const { createdAfter, createdBefore, completedAfter, completedBefore, status, name, version, idPrefix, parent, tags } = filter
  const conditions: string[] = []
  if (createdAfter !== undefined) conditions.push(`CreatedTime ge ${odataTime(createdAfter)}`)
  if (createdBefore !== undefined) conditions.push(`CreatedTime lt ${odataTime(createdBefore)}`)
  if (completedAfter !== undefined) conditions.push(`CompletedTime ge ${odataTime(completedAfter)}`)
  if (completedBefore !== undefined) conditions.push(`CompletedTime lt ${odataTime(completedBefore)}`)
  if (status !== undefined && status.length > 0) conditions.push(status.map((each) => `RuntimeStatus eq ${odataText(each)}`).join(' or '))
  if (name !== undefined) conditions.push(`Name eq ${odataText(name)}`)
  if (version !== undefined) conditions.push(`Version eq ${odataText(version)}`)
  if (typeof parent === 'string') conditions.push(`ParentInstanceId eq ${odataText(parent)}`)
  const isPrefixed = idPrefix !== undefined && idPrefix !== ''
  if (isPrefixed) conditions.push(...prefixConditions(escapeKey(idPrefix)))
  if (excludeEntities && !isPrefixed) conditions.push("PartitionKey lt '@' or PartitionKey ge 'A'")
  const isExact = tags === undefined && parent !== null && completedAfter === undefined && completedBefore === undefined && status?.length !== 0 && (excludeEntities ? !isPrefixed : true)
  return { odata: allOf(conditions), isExact }
}

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

/** Everything between the prefix and what comes behind it: the prefix with its last character moved up by one. */
function prefixConditions(prefix: string): readonly string[] {
  const last = prefix.charCodeAt(prefix.length - 1)
  const conditions = [`PartitionKey ge ${odataText(prefix)}`]
  // Surrogates and the last character of all have no next one that could stand alone.
  if (last < 0xd7ff) conditions.push(`PartitionKey lt ${odataText(prefix.slice(0, -1) + String.fromCharCode(last + 1))}`)
  return conditions
}
