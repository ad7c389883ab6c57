/**
 * What a worker remembers about the partitions it listens to, as plain data with pure transitions: the manager and the model check of the tests use the same ones.
 * Invariants: a partition is held from the write that made it ours to its drop; its lease ends a lease after the moment **before** the pass that renewed it, on a clock that never goes back; a write
 * without an answer prolongs nothing.
 */
import { msFromTicks } from '@dtfx/core/provider'
import type { BalanceDecision, PartitionDrop, PartitionWrite } from './balance.js'
import type { DrainState } from './decide-row.js'

export interface HeldPartition {
  /** Monotonic milliseconds: from then on somebody else may own it. */
  readonly leaseDeadlineMs: number
  /** The same as the row says it, by the wall clock: a machine that was suspended may not have counted that time on the other one. */
  readonly expiresMs: number
  /** Undefined: messages are received. */
  readonly drain: DrainState | undefined
}

export type HeldPartitions = ReadonlyMap<string, HeldPartition>

export function afterDrops(held: HeldPartitions, drops: readonly PartitionDrop[]): HeldPartitions {
  const dropped = new Set(drops.map(({ partition }) => partition))
  return dropped.size === 0 ? held : new Map([...held].filter(([partition]) => !dropped.has(partition)))
}

/** A write of `decision` was acknowledged; `leaseDeadlineMs` follows from a time taken before the pass. */
export function afterWrite(held: HeldPartitions, write: PartitionWrite, { listen, startDrain }: Pick<BalanceDecision, 'listen' | 'startDrain'>, leaseDeadlineMs: number): HeldPartitions {
  const { partition } = write.row
  const before = held.get(partition)
  const { expiresAt } = write.row
  if (!write.changes.includes('renewed') || expiresAt === null || (before === undefined && !listen.includes(partition))) return held
  return new Map(held).set(partition, { leaseDeadlineMs, expiresMs: msFromTicks(expiresAt), drain: startDrain.includes(partition) ? 'running' : before?.drain })
}

export function afterDrain(held: HeldPartitions, partition: string): HeldPartitions {
  const before = held.get(partition)
  return before === undefined ? held : new Map(held).set(partition, { ...before, drain: 'done' })
}

/** True while, by both clocks, nobody else can own the partition. A wall clock that jumps ahead costs a pause until the next renewal; one that jumps back changes nothing. */
export function isLeased(held: HeldPartitions, partition: string, { monotonicMs, nowMs }: { readonly monotonicMs: number; readonly nowMs: number }): boolean {
  const found = held.get(partition)
  return found !== undefined && monotonicMs < found.leaseDeadlineMs && nowMs < found.expiresMs
}

export function listeningOf(held: HeldPartitions): ReadonlySet<string> {
  return new Set(held.keys())
}

export function drainsOf(held: HeldPartitions): ReadonlyMap<string, DrainState> {
  return new Map([...held].flatMap(([partition, { drain }]) => (drain === undefined ? [] : [[partition, drain] as const])))
}
