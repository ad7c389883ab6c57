import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestBytes } from '../../src/rows/history-batches.js'
import { historyRowKey } from '../../src/rows/row-key.js'
import type { KeyedRow, Row } from '@dtfx/azure-common'
import { decodePlan, encodePlan, planCommit, type CommitPlan, type PartOfSentinel } from '../../src/tracking/commit-plan.js'

const maxBytes = 4 * 1024 * 1024

interface Case {
  readonly kind: 'append' | 'replace'
  readonly before: number
  readonly texts: readonly number[]
}

const cases = fc.record({
  kind: fc.constantFrom('append' as const, 'replace' as const),
  before: fc.integer({ min: 0, max: 450 }),
  texts: fc.oneof(fc.array(fc.constantFrom(0, 10, 30_000), { maxLength: 20 }), fc.array(fc.constantFrom(0, 40, 60_000), { minLength: 90, maxLength: 320 })),
})

function planOf({ kind, before, texts }: Case): CommitPlan {
  const from = kind === 'append' ? before : 0
  const end = from + texts.length
  const rows = texts.map((length, index): KeyedRow => ({ partitionKey: 'p', rowKey: historyRowKey(from + index), columns: { EventType: 'EventRaised', Input: 'x'.repeat(length) } }))
  const deletes = kind === 'append' ? [] : Array.from({ length: Math.max(0, before - end) }, (_, index) => historyRowKey(end + index))
  const sentinel = ({ part, eventCount, rowCount, completedAt }: PartOfSentinel): Row => ({ Part: part, EventCount: eventCount, RowCount: rowCount, IsComplete: completedAt !== undefined })
  return planCommit({ rows, eventsBefore: from, rowsBefore: before, deletes, completedAt: '2030-01-01T00:00:00Z', sentinel })
}

/** Keys that are stored after the first `count` parts. */
function storedAfter(plan: CommitPlan, { before }: Case, count: number): ReadonlySet<string> {
  const keys = new Set(Array.from({ length: before }, (_, index) => historyRowKey(index)))
  for (const { rows, deletes } of plan.parts.slice(0, count)) {
    for (const { rowKey } of rows) keys.add(rowKey)
    for (const key of deletes) if (!keys.delete(key)) throw new Error(`${key} is not there`)
  }
  return keys
}

describe('the plan of a commit', () => {
  it('has all rows in order, then the deletes; each transaction is one that the service takes, and only the last says that it is complete', () => {
    fc.assert(
      fc.property(cases, (each) => {
        const plan = planOf(each)
        expect(plan.parts.flatMap(({ rows }) => rows)).toHaveLength(each.texts.length)
        expect(plan.parts.map(({ sentinel }) => sentinel['IsComplete'])).toEqual(plan.parts.map((_, index) => index === plan.parts.length - 1))
        expect(plan.parts.map(({ sentinel }) => sentinel['Part'])).toEqual(plan.parts.map((_, index) => index))
        for (const { rows, deletes, sentinel } of plan.parts) {
          expect(rows.length + deletes.length + 1).toBeLessThanOrEqual(100)
          expect([sentinel, ...rows.map(({ columns }) => columns)].reduce((sum, row) => sum + requestBytes(row), 0)).toBeLessThan(maxBytes)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('says of each part how many rows of the execution there are, and how many rows at all', () => {
    fc.assert(
      fc.property(cases, (each) => {
        const plan = planOf(each)
        for (const [index, { sentinel }] of plan.parts.entries()) expect(storedAfter(plan, each, index + 1).size).toBe(sentinel['RowCount'])
        const last = plan.parts.at(-1)?.sentinel
        expect(last?.['EventCount']).toBe((each.kind === 'append' ? each.before : 0) + each.texts.length)
        expect(last?.['RowCount']).toBe(last?.['EventCount'])
      }),
      { numRuns: 60 },
    )
  })

  it('comes back as it was', () => {
    const plan = planOf({ kind: 'replace', before: 300, texts: [0, 5, 60_000] })
    expect(decodePlan(encodePlan(plan), 'plan')).toEqual(plan)
  })
})
