/**
 * One pass of the partition manager, decided: from all rows and what this worker knows about itself to the rows it writes and what it does about its queues. Pure: no clock, no table.
 *
 * Order of what is decided: `drop` at once and before anything is written; `writes` side by side, each with the version it was read with; `listen` and `startDrain` for a partition only after its write succeeded.
 * Invariants: a partition is listened to if and only if the row says: owned by this worker, promised to nobody, not draining. Lost partitions are dropped whatever else holds, also while stopping.
 */
import { decideRow, isExpired, promise, type PartitionChange, type PartitionWorker, type RowDecision } from './decide-row.js'
import type { PartitionRow } from './partition-row.js'
import type { PartitionSettings } from './partition-settings.js'

/** `lost`: somebody else owns it; `released`: drained, and given away by the write that follows; `gone`: its row does not exist any more. */
export type RowDropReason = 'lost' | 'released' | 'gone'

export interface PartitionDrop {
  readonly partition: string
  readonly reason: RowDropReason
  readonly newOwner: string | null
}

export interface PartitionWrite {
  /** The whole row as it shall be; its `etag` is that of the version that was read. */
  readonly row: PartitionRow
  readonly changes: readonly PartitionChange[]
  readonly previousOwner: string | null
}

export interface BalanceDecision {
  readonly drop: readonly PartitionDrop[]
  readonly writes: readonly PartitionWrite[]
  /** Once written: begin to receive. */
  readonly listen: readonly string[]
  /** Once written: stop to receive, finish what is in progress. */
  readonly startDrain: readonly string[]
  readonly nextPollMs: number
  /** True when this worker stops and, with these writes done, neither owns a partition nor waits for one. */
  readonly releasedAll: boolean
}

export function balance(rows: readonly PartitionRow[], nowMs: number, worker: PartitionWorker, settings: PartitionSettings): BalanceDecision {
  const drop = dropped(rows, worker)
  const lost = new Set(drop.map(({ partition }) => partition))
  const self = lost.size === 0 ? worker : withoutLost(worker, lost)
  const single = rows.map((row) => decideRow(row, nowMs, self, settings))
  const decisions = worker.stopping ? single : stealOverQuota(single, worker.workerId)
  const written = decisions.filter(({ changes }) => changes.length > 0)
  const owned = decisions.filter(({ row }) => row.currentOwner === worker.workerId)
  const drains = owned.some(({ row }) => row.isDraining)
  const waits = decisions.some(({ row }) => row.nextOwner === worker.workerId && row.currentOwner !== worker.workerId && !isExpired(row, nowMs))
  return {
    drop: [...drop, ...written.filter(({ row, changes }) => changes.includes('released') && self.listening.has(row.partition)).map(({ row }) => ({ partition: row.partition, reason: 'released' as const, newOwner: row.nextOwner }))],
    writes: written.map(({ row, changes, previousOwner }) => ({ row, changes, previousOwner })),
    listen: owned.filter(({ row }) => row.nextOwner === null && !row.isDraining && !self.listening.has(row.partition)).map(({ row }) => row.partition),
    startDrain: owned.filter(({ row }) => row.isDraining && !self.drains.has(row.partition)).map(({ row }) => row.partition),
    nextPollMs: worker.stopping || drains || waits ? settings.busyPollMs : settings.pollMs,
    releasedAll: worker.stopping && owned.length === 0 && !waits,
  }
}

function dropped(rows: readonly PartitionRow[], { workerId, listening }: PartitionWorker): readonly PartitionDrop[] {
  const owners = new Map(rows.map((row) => [row.partition, row.currentOwner]))
  return [...listening]
    .filter((partition) => owners.get(partition) !== workerId)
    .map((partition) => ({ partition, reason: owners.has(partition) ? 'lost' : 'gone', newOwner: owners.get(partition) ?? null }))
}

function withoutLost(worker: PartitionWorker, lost: ReadonlySet<string>): PartitionWorker {
  const listening = new Set([...worker.listening].filter((partition) => !lost.has(partition)))
  const drains = new Map([...worker.drains].filter(([partition]) => !lost.has(partition)))
  return { ...worker, listening, drains }
}

/**
 * Takes from workers that have more than their share, until this one has its own. A promised partition counts for the one it is promised to, so that nobody takes twice. Workers without any partition are
 * not seen by others; they see themselves, and take.
 */
function stealOverQuota(decisions: readonly RowDecision[], workerId: string): readonly RowDecision[] {
  const others = new Map<string, number[]>()
  let owned = 0
  for (const [index, { countsFor }] of decisions.entries()) {
    if (countsFor === workerId) owned++
    else if (countsFor !== null) others.set(countsFor, [...(others.get(countsFor) ?? []), index])
  }
  if (others.size === 0) return decisions
  const share = Math.floor(decisions.length / (others.size + 1))
  // With partitions left over, some have one more than the share.
  const leftOver = decisions.length % (others.size + 1) > 0
  const result = [...decisions]
  for (const held of others.values()) {
    const excess = held.length - share
    const wanted = leftOver && owned === share && excess > 1 ? 1 : Math.min(share - owned, excess)
    for (const index of held.filter((at) => isFree(decisions[at] as RowDecision)).slice(0, Math.max(0, wanted))) {
      result[index] = promise((decisions[index] as RowDecision).row, workerId)
      owned++
    }
  }
  return result
}

/** What is promised to somebody already stays promised. */
function isFree({ row, changes }: RowDecision): boolean {
  return changes.length === 0 && row.nextOwner === null && row.currentOwner !== null
}
