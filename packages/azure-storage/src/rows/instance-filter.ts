/**
 * Which instances a query reads: as much of the filter as the Instances table can tell goes to the service, and every instance that comes back is looked at again.
 * Tags and "has no parent" the table cannot tell; rows written by .NET alone have no parent at all.
 */
import type { InstanceFilter } from '@dtfx/core/provider'
import { allOf, escapeKey, odataText, odataTime } from '@dtfx/azure-common'

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

/** Everything between the prefix and what comes behind it: the prefix with its last character moved up by one. */
function prefixConditions(prefix: string): readonly string[] {
  const last = prefix.charCodeAt(prefix.length - 1)
  const conditions = [`PartitionKey ge ${odataText(prefix)}`]
  // Surrogates and the last character of all have no next one that could stand alone.
  if (last < 0xd7ff) conditions.push(`PartitionKey lt ${odataText(prefix.slice(0, -1) + String.fromCharCode(last + 1))}`)
  return conditions
}
