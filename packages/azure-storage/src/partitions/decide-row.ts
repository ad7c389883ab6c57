/**
 * What this worker does about one row, seen on its own: claim, promise itself, renew, drain, release, withdraw, or nothing. Pure.
 *
 * A row goes EMPTY → OWNED → PROMISED → DRAINING → RELEASED → OWNED by the next one; an owner that stops goes OWNED → DRAINING → EMPTY.
 * Invariants: 1. Only the owner gives a live partition away; only a worker that is not the owner promises one to itself, and never one that is promised already. 2. A partition with work in progress is
 * released after its drain only. 3. Whoever owns a row that is not expired renews it with every pass, also while draining: otherwise it would move undrained.
 */
import { dueMsFromTicks, ticksFromMs } from '@dtfx/core/provider'
import type { PartitionRow } from './partition-row.js'
import type { PartitionSettings } from './partition-settings.js'

/** What a write changes; several can hold for one. */
export type PartitionChange = 'claimed' | 'stolen' | 'renewed' | 'drained' | 'released' | 'withdrawn'

/** `running` until what was in progress has ended, or its time is up. */
export type DrainState = 'running' | 'done'

/** What the deciding worker knows about itself. */
export interface PartitionWorker {
  readonly workerId: string
  readonly stopping: boolean
  /** Partitions it has not dropped, drained ones included. */
  readonly listening: ReadonlySet<string>
  readonly drains: ReadonlyMap<string, DrainState>
}

export interface RowDecision {
  /** As it is after the write. */
  readonly row: PartitionRow
  /** Empty: nothing is written. */
  readonly changes: readonly PartitionChange[]
  /** To whom the partition counts when work is shared out; null: nobody. */
  readonly countsFor: string | null
  /** The owner before, for the log. */
  readonly previousOwner: string | null
}

export function decideRow(row: PartitionRow, nowMs: number, worker: PartitionWorker, settings: PartitionSettings): RowDecision {
  if (row.currentOwner === worker.workerId) return decideOwn(row, nowMs, worker, settings)
  if (worker.stopping) return decideLeaving(row, nowMs, worker)
  if (isClaimable(row, nowMs, worker.workerId)) {
    const now = ticksFromMs(nowMs)
    return decided(row, { currentOwner: worker.workerId, nextOwner: null, ownedSince: now, ...renewal(nowMs, settings), isDraining: false }, ['claimed', 'renewed'], worker.workerId)
  }
  // A worker that stops gives its partitions to whoever comes first.
  if (row.nextOwner === null && row.isDraining) return promise(row, worker.workerId)
  return decided(row, {}, [], row.nextOwner ?? row.currentOwner)
}

/** The row promised to `workerId`; it stays with its owner until that one has drained it. */
export function promise(row: PartitionRow, workerId: string): RowDecision {
  return decided(row, { nextOwner: workerId }, ['stolen'], workerId)
}

/** By the clock of this worker. A row with an owner or a promise but no time would be stuck for ever: it counts as expired. */
export function isExpired(row: PartitionRow, nowMs: number): boolean {
  if (row.expiresAt !== null) return nowMs >= dueMsFromTicks(row.expiresAt)
  return row.currentOwner !== null || row.nextOwner !== null
}

function isClaimable(row: PartitionRow, nowMs: number, workerId: string): boolean {
  if (row.currentOwner === null && (row.nextOwner === null || row.nextOwner === workerId)) return true
  return isExpired(row, nowMs)
}

function decideOwn(row: PartitionRow, nowMs: number, worker: PartitionWorker, settings: PartitionSettings): RowDecision {
  const drain = worker.drains.get(row.partition)
  const leaves = worker.stopping || row.nextOwner !== null || drain !== undefined
  if (!leaves) return decided(row, { ...renewal(nowMs, settings), isDraining: false }, ['renewed'], worker.workerId)
  const idle = drain === 'done' || !worker.listening.has(row.partition)
  if (idle) return decided(row, { currentOwner: null, isDraining: false }, ['released'], row.nextOwner)
  return decided(row, { ...renewal(nowMs, settings), isDraining: true }, row.isDraining ? ['renewed'] : ['drained', 'renewed'], worker.workerId)
}

/**
 * A worker that stops takes back what was promised to it, or nobody could claim it until it expires. Not while its owner drains it, which must come to its end first (.NET would listen again in the middle):
 * then it waits for the release. What is expired it may take, and gives back with the same write.
 */
function decideLeaving(row: PartitionRow, nowMs: number, { workerId }: PartitionWorker): RowDecision {
  if (row.nextOwner !== workerId) return decided(row, {}, [], row.nextOwner ?? row.currentOwner)
  if (isExpired(row, nowMs)) return decided(row, { currentOwner: null, nextOwner: null, isDraining: false }, ['withdrawn'], null)
  if (row.currentOwner !== null && row.isDraining) return decided(row, {}, [], workerId)
  return decided(row, { nextOwner: null }, ['withdrawn'], row.currentOwner)
}

function renewal(nowMs: number, { leaseMs }: PartitionSettings): Pick<PartitionRow, 'lastRenewal' | 'expiresAt'> {
  return { lastRenewal: ticksFromMs(nowMs), expiresAt: ticksFromMs(nowMs + leaseMs) }
}

function decided(row: PartitionRow, change: Partial<PartitionRow>, changes: readonly PartitionChange[], countsFor: string | null): RowDecision {
  return { row: changes.length === 0 ? row : { ...row, ...change }, changes, countsFor, previousOwner: row.currentOwner }
}
