/**
 * The transactions by which a checkpoint becomes rows: its events, what is left over of a longer execution before it, and in each of them the sentinel. Pure.
 *
 * Invariants:
 * 1. Each transaction has the sentinel, at most 100 operations and less bytes than the service takes; only the last one says that the checkpoint is complete.
 * 2. The first one says all that is needed to go on with the others: consumed ids, state, and that there are more. Whoever finds it alone goes on from the plan, which was stored before.
 * 3. Rows are written over, never beside: the same plan can be carried out again from any of its parts.
 */
import { parseWire, wireText, type Ticks } from '@dtfx/core/provider'
import { historyBatches } from '../rows/history-batches.js'
import type { KeyedRow, Row } from '@dtfx/azure-common'

export interface CommitPart {
  readonly rows: readonly KeyedRow[]
  /** Row keys. */
  readonly deletes: readonly string[]
  readonly sentinel: Row
}

export interface CommitPlan {
  readonly parts: readonly CommitPart[]
}

/** Of a sentinel, what differs from part to part. */
export interface PartOfSentinel {
  /** From 0; the last one has `completedAt`. */
  readonly part: number
  readonly eventCount: number
  /** Rows that are there then, with those of before that are still to go. */
  readonly rowCount: number
  readonly completedAt: Ticks | undefined
}

export interface PlanInputs {
  /** Of the new events, in order. */
  readonly rows: readonly KeyedRow[]
  /** Rows of the execution before them. */
  readonly eventsBefore: number
  /** Rows that are stored, also those that are written over or go. */
  readonly rowsBefore: number
  /** Keys of rows that go. */
  readonly deletes: readonly string[]
  readonly completedAt: Ticks
  readonly sentinel: (part: PartOfSentinel) => Row
}

/** Beside the sentinel; 100 is the service's. */
const maxOperations = 99

export function planCommit({ rows, eventsBefore, rowsBefore, deletes, completedAt, sentinel }: PlanInputs): CommitPlan {
  const largest = sentinel({ part: 0, eventCount: eventsBefore + rows.length, rowCount: rowsBefore + rows.length, completedAt })
  const groups: { rows: readonly KeyedRow[]; deletes: string[] }[] = historyBatches(rows.map(({ columns }) => columns), largest).map(({ from, to }) => ({ rows: rows.slice(from, to), deletes: [] }))
  for (const key of deletes) {
    let group = groups.at(-1) as (typeof groups)[number]
    if (group.rows.length + group.deletes.length === maxOperations) groups.push((group = { rows: [], deletes: [] }))
    group.deletes.push(key)
  }
  let eventCount = eventsBefore
  let gone = 0
  const parts = groups.map((group, part) => {
    eventCount += group.rows.length
    gone += group.deletes.length
    return { ...group, sentinel: sentinel({ part, eventCount, rowCount: Math.max(eventCount, rowsBefore) - gone, completedAt: part === groups.length - 1 ? completedAt : undefined }) }
  })
  return { parts }
}

export function encodePlan(plan: CommitPlan): string {
  return wireText(plan)
}

/** @throws DTFX_WIRE_INVALID */
export function decodePlan(json: string, place: string): CommitPlan {
  return parseWire(json, place) as CommitPlan
}
