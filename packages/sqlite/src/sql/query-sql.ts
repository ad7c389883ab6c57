/** The one statement that is built: a page of instances under a filter. Every condition is part of it, so that SQLite reads no more rows than it must. */
import type { InstanceFilter, PageRequest } from '@dtfx/core/provider'
import { stateColumns } from './instance-sql.js'
import { columnOf, type ColumnText } from './text-column.js'
import { prefixEnd } from './prefix-end.js'
import { sortableTicks } from './sortable-ticks.js'

export interface BuiltQuery {
  readonly text: string
  readonly values: readonly (ColumnText | number)[]
}

/** One row more than the page has tells that there is another page. */
export function pageQuery(filter: InstanceFilter, { size, continuation, payloads }: PageRequest): BuiltQuery {
  const conditions: string[] = ['status IS NOT NULL']
  const values: (ColumnText | number)[] = []
  const add = (condition: string, ...more: readonly (ColumnText | number)[]): void => {
    conditions.push(condition)
    values.push(...more)
  }
  const { status, name, version, idPrefix, tags, parent } = filter
  if (continuation !== undefined) add('id > ?', columnOf(continuation))
  if (status !== undefined) add(`status IN (${status.map(() => '?').join(', ')})`, ...status)
  if (name !== undefined) add('name = ?', columnOf(name))
  if (version !== undefined) add('version = ?', columnOf(version))
  if (idPrefix !== undefined && idPrefix !== '') {
    add('id >= ?', idPrefix)
    const end = prefixEnd(idPrefix)
    if (end !== undefined) add('id < ?', end)
  }
  if (parent === null) add('parent IS NULL')
  else if (parent !== undefined) add('parent = ?', columnOf(parent))
  for (const [tag, value] of Object.entries(tags ?? {})) add('key IN (SELECT instance FROM tags WHERE tag = ? AND value = ?)', columnOf(tag), columnOf(value))
  if (filter.createdAfter !== undefined) add('created_at >= ?', sortableTicks(filter.createdAfter))
  if (filter.createdBefore !== undefined) add('created_at < ?', sortableTicks(filter.createdBefore))
  if (filter.completedAfter !== undefined) add('completed_at >= ?', sortableTicks(filter.completedAfter))
  if (filter.completedBefore !== undefined) add('completed_at < ?', sortableTicks(filter.completedBefore))
  values.push(size + 1)
  return { text: `SELECT ${stateColumns}${payloads ? ', input, output' : ''} FROM instances JOIN descriptions ON instance = key WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`, values }
}
