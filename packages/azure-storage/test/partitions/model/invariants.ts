/** What must hold in every world, checked after each action, and by which bounds. */
import { msFromTicks } from '@dtfx/core/provider'
import type { BalanceDecision, PartitionWrite } from '../../../src/partitions/balance.js'
import type { PartitionRow } from '../../../src/partitions/partition-row.js'
import { isHealthy, isLeasedTo, isReceiving, type ModelWorker, type World } from './world.js'

export class Violation extends Error {}

/** A write that takes effect; `decidedMs` is the time, by the clock of `writer`, at which it was decided. */
export interface Landing {
  readonly write: PartitionWrite
  readonly writer: string
  readonly decidedMs: number
}

/** How long a partition may have no owner after the last thing that went wrong, while a worker lives that nothing keeps from its passes. */
export function unownedBoundMs({ settings, maxSkewMs }: World): number {
  return settings.leaseMs + settings.pollMs + maxSkewMs + 4 * settings.operationMs
}

/**
 * Two workers receive from one partition for at most the difference of their clocks: the lease of the one ends by its own clock, and the other believes its own. (Without that clock the bound would be
 * lease + skew + one table time-out, because the next pass drops it.)
 */
export function overlapBoundMs({ maxSkewMs }: World): number {
  return maxSkewMs
}

export function checkTime(world: World): World {
  const overlapSinceMs = new Map(world.overlapSinceMs)
  const unownedSinceMs = new Map(world.unownedSinceMs)
  const waiting = world.workers.some((worker) => isHealthy(worker) && !worker.stopping)
  for (const partition of world.table.keys()) {
    const receivers = world.workers.filter((worker) => isReceiving(world, worker, partition))
    if (receivers.length < 2) overlapSinceMs.delete(partition)
    else if (!overlapSinceMs.has(partition)) overlapSinceMs.set(partition, world.nowMs)
    const overlapMs = world.nowMs - (overlapSinceMs.get(partition) ?? Infinity)
    if (overlapMs >= overlapBoundMs(world)) throw new Violation(`${receivers.map(({ id }) => id).join(' and ')} receive from ${partition} at once for ${overlapMs} ms`)
    if (world.workers.some((worker) => isHealthy(worker) && isLeasedTo(world, worker, partition))) unownedSinceMs.delete(partition)
    else if (!unownedSinceMs.has(partition)) unownedSinceMs.set(partition, world.nowMs)
    const unownedMs = world.nowMs - Math.max(unownedSinceMs.get(partition) ?? Infinity, world.disturbedMs)
    // A .NET worker may own a partition and not listen to it for as long as another one drains.
    if (waiting && world.foreign.size === 0 && unownedMs > unownedBoundMs(world)) throw new Violation(`${partition} has no owner for ${unownedMs} ms`)
  }
  return { ...world, overlapSinceMs, unownedSinceMs }
}

/** Who may change what in a row. */
export function checkLanding(world: World, before: PartitionRow, landing: Landing): void {
  const { row } = landing.write
  const { writer, decidedMs } = landing
  const expired = before.expiresAt !== null && decidedMs >= msFromTicks(before.expiresAt)
  const fail = (problem: string): never => {
    throw new Violation(`${writer} ${problem}: ${row.partition} (${before.currentOwner}, ${before.nextOwner}, ${before.isDraining}) to (${row.currentOwner}, ${row.nextOwner}, ${row.isDraining})`)
  }
  if (row.currentOwner !== before.currentOwner) {
    if (before.currentOwner === writer) checkRelease(world, before, landing, fail)
    else if (row.currentOwner !== writer && !(expired && row.currentOwner === null)) fail('changes the owner to somebody else')
    else if (!expired && (before.currentOwner !== null || (before.nextOwner !== null && before.nextOwner !== writer))) fail('takes a partition that is not its own')
  }
  if (row.currentOwner === writer && before.currentOwner !== null && before.currentOwner !== writer) checkExpiry(world, before, fail)
  if (row.nextOwner !== before.nextOwner && !expired) {
    if (before.nextOwner !== null && before.nextOwner !== writer) fail('breaks the promise to another')
    if (row.nextOwner !== null && (row.nextOwner !== writer || row.currentOwner === writer)) fail('promises what it may not')
  }
  if (row.currentOwner !== writer && row.currentOwner !== null && (row.isDraining !== before.isDraining || row.expiresAt !== before.expiresAt)) fail('changes a row of another')
}

function checkRelease(world: World, before: PartitionRow, { write, writer }: Landing, fail: (problem: string) => never): void {
  const worker = world.workers.find(({ id }) => id === writer) as ModelWorker
  if (write.row.currentOwner !== null) fail('gives a partition to somebody')
  if (write.row.nextOwner !== before.nextOwner) fail('forgets a promise')
  if (worker.phase !== 'crashed' && worker.held.has(before.partition)) fail('gives a partition away before it has dropped it')
}

/** A worker that nothing kept from its passes for a lease and longer has renewed what it owns. */
function checkExpiry(world: World, before: PartitionRow, fail: (problem: string) => never): void {
  const owner = world.workers.find(({ id }) => id === before.currentOwner)
  const { leaseMs, pollMs } = world.settings
  if (owner !== undefined && isHealthy(owner) && owner.phase !== 'stopped' && world.nowMs - world.disturbedMs > leaseMs + pollMs) fail('takes a partition whose owner is well')
}

/** What is given away was drained: nothing of it is in progress, or its time is up. What is claimed was dropped: what is left of an earlier ownership does not live on in the new one. */
export function checkDrops(worker: ModelWorker, { drop, writes }: BalanceDecision): void {
  const dropped = new Set(drop.map(({ partition }) => partition))
  for (const { row, changes } of writes) {
    if (changes.includes('claimed') && worker.held.has(row.partition) && !dropped.has(row.partition)) throw new Violation(`${worker.id} claims ${row.partition}, which it still holds`)
  }
  for (const { partition, reason } of drop) {
    if (reason === 'released' && worker.held.get(partition)?.drain !== 'done') throw new Violation(`${worker.id} gives ${partition} away without having drained it`)
  }
}

/** Nobody takes from a worker that stays more than its even share, promised partitions included. */
export function checkQuota({ id, rows }: ModelWorker, { writes }: BalanceDecision): void {
  if (!writes.some(({ row, changes }) => changes.includes('stolen') && !row.isDraining)) return
  const written = new Map(writes.map(({ row }) => [row.partition, row]))
  const owners = rows.map((row) => written.get(row.partition) ?? row).map((row) => row.nextOwner ?? row.currentOwner)
  const mine = owners.filter((owner) => owner === id).length
  const others = new Set(owners.filter((owner) => owner !== null && owner !== id)).size
  if (mine > Math.ceil(rows.length / (others + 1))) throw new Violation(`${id} takes more than its share: ${owners.join(' ')}`)
}

/** `worker` took the answer to `write` for a success. */
export function checkAnswered(world: World, id: string, { row }: PartitionWrite): void {
  const worker = world.workers.find((each) => each.id === id) as ModelWorker
  const held = worker.held.get(row.partition)
  if (held === undefined) return
  if (row.currentOwner !== id) throw new Violation(`${id} holds ${row.partition}, whose row says ${row.currentOwner}`)
  if (held.drain === undefined && (row.nextOwner !== null || row.isDraining)) throw new Violation(`${id} listens to ${row.partition}, which is draining`)
}

/** After a pass in which nothing failed, what the worker does is what the rows say. */
export function checkPassEnd(world: World, id: string): void {
  const worker = world.workers.find((each) => each.id === id) as ModelWorker
  if (worker.outcome !== 'fine') return
  const rows = new Map(worker.rows.map((row) => [row.partition, row]))
  for (const { row } of worker.decision?.writes ?? []) rows.set(row.partition, row)
  for (const row of rows.values()) {
    const held = worker.held.get(row.partition)
    const mine = row.currentOwner === id
    if (held !== undefined && !mine) throw new Violation(`${id} still holds ${row.partition}, whose row says ${row.currentOwner}`)
    if (mine && row.nextOwner === null && !row.isDraining && (held === undefined || held.drain !== undefined)) throw new Violation(`${id} does not listen to ${row.partition}, which is its own`)
  }
  if (worker.phase === 'stopped' && [...rows.values()].some((row) => row.currentOwner === id || row.nextOwner === id)) throw new Violation(`${id} has stopped with partitions left`)
}

/** After a quiet time: everything has one receiver, nobody has more than one more than another, and who has stopped is named nowhere. */
export function checkSettled(world: World): void {
  const live = world.workers.filter((worker) => isHealthy(worker) && !worker.stopping)
  for (const worker of world.workers) {
    if (isHealthy(worker) && worker.stopping) throw new Violation(`${worker.id} has not stopped`)
    if (worker.phase !== 'stopped') continue
    for (const row of world.table.values()) if (row.currentOwner === worker.id || row.nextOwner === worker.id) throw new Violation(`${row.partition} names ${worker.id}, which has stopped`)
  }
  if (live.length === 0) return
  for (const partition of world.table.keys()) {
    const receivers = live.filter((worker) => isReceiving(world, worker, partition))
    if (receivers.length !== 1) throw new Violation(`${partition} has ${receivers.length} receivers`)
  }
  const counts = live.map(({ held }) => held.size)
  if (Math.max(...counts) - Math.min(...counts) > 1) throw new Violation(`shares are not even: ${counts.join(', ')}`)
}
