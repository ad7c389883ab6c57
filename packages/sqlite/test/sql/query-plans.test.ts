/** That SQLite finds what it is asked for by an index, and sorts nothing: what every statement of the hot path and every filter costs does not grow with the file. */
import type { InstanceFilter } from '@dtfx/core/provider'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { instanceSql } from '../../src/sql/instance-sql.js'
import { messageSql } from '../../src/sql/message-sql.js'
import { pageQuery } from '../../src/sql/query-sql.js'
import { migrations } from '../../src/sql/schema.js'

const database = new DatabaseSync(':memory:')
for (const step of migrations) database.exec(step)

function plan(text: string): string {
  const values = /\?\d/.test(text) ? 2 : text.split('?').length - 1
  return database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...Array.from({ length: values }, () => null)).map((row) => String(row['detail'])).join('; ')
}

const page = { size: 10, payloads: true }
const filters: readonly [string, InstanceFilter, string][] = [
  ['nothing', {}, 'UNIQUE|autoindex'],
  ['a status', { status: ['Failed'] }, 'instances_by_status'],
  ['a name', { name: 'A' }, 'instances_by_name|instances_by_status'],
  ['a parent', { parent: 'p' }, 'instances_by_parent'],
  ['a prefix', { idPrefix: 'a' }, 'autoindex'],
  ['a tag', { tags: { a: 'b' } }, 'tags_by_value'],
  ['an open time', { completedBefore: '2030-01-01T00:00:00Z' }, 'autoindex|instances_by_completed'],
]

describe('filters', () => {
  test.each(filters)('%s', (_name, filter, index) => {
    expect(plan(pageQuery(filter, page).text)).toMatch(new RegExp(index))
  })
  test.each(filters.filter(([, { tags, completedBefore }]) => tags === undefined && completedBefore === undefined))('%s: in order without sorting', (_name, filter) => {
    expect(plan(pageQuery(filter, page).text)).not.toContain('TEMP B-TREE')
  })
})

describe('the hot path', () => {
  const statements = Object.entries({ ...instanceSql, ...messageSql }).filter(([, text]) => /\b(FROM|UPDATE)\b/.test(text))
  const allowed = new Set(['quarantined', 'backlog'])
  test.each(statements)('%s', (name, text) => {
    const steps = plan(text).split('; ').filter((step) => step.startsWith('SCAN') && !/USING (COVERING )?INDEX/.test(step) && !/CONSTANT ROW/.test(step))
    if (!allowed.has(name)) expect(steps).toEqual([])
    expect(plan(text)).not.toContain('TEMP B-TREE')
  })
})
