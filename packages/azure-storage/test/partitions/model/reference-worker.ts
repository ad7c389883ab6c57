/**
 * How a .NET worker decides, told from its documented behaviour with the faults that concern others left in: it overrides promises, takes one more than its share where it need not, listens late while
 * another of its partitions drains, and leaves its promises behind when it stops. Ours must live with it in one fleet.
 */
import { ticksFromMs } from '@dtfx/core/provider'
import type { BalanceDecision, PartitionDrop, PartitionWrite } from '../../../src/partitions/balance.js'
import { isExpired, type PartitionChange, type PartitionWorker } from '../../../src/partitions/decide-row.js'
import type { PartitionRow } from '../../../src/partitions/partition-row.js'
import type { PartitionSettings } from '../../../src/partitions/partition-settings.js'

interface Pass {
  readonly worker: PartitionWorker
  readonly nowMs: number
  readonly settings: PartitionSettings
  readonly shares: Map<string, PartitionRow[]>
  readonly drop: PartitionDrop[]
  readonly writes: PartitionWrite[]
  readonly listen: string[]
  readonly startDrain: string[]
  owned: number
  draining: boolean
  waiting: boolean
}

export function referenceBalance(rows: readonly PartitionRow[], nowMs: number, worker: PartitionWorker, settings: PartitionSettings): BalanceDecision {
  const pass: Pass = { worker, nowMs, settings, shares: new Map(), drop: [], writes: [], listen: [], startDrain: [], owned: 0, draining: worker.stopping, waiting: false }
  for (const row of rows) decideReferenceRow(pass, row)
  steal(pass, rows.length)
  const { drop, writes, listen, startDrain, draining, waiting, owned } = pass
  return { drop, writes, listen, startDrain, nextPollMs: draining || waiting ? settings.busyPollMs : settings.pollMs, releasedAll: worker.stopping && owned === 0 }
}

function decideReferenceRow(pass: Pass, before: PartitionRow): void {
  const { worker, nowMs } = pass
  const me = worker.workerId
  const changes: PartitionChange[] = []
  let row = before
  let listening = worker.listening.has(row.partition)
  if (listening && row.currentOwner !== me) {
    pass.drop.push({ partition: row.partition, reason: 'lost', newOwner: row.currentOwner })
    listening = false
  }
  const isFree = row.currentOwner === null && (row.nextOwner === null || row.nextOwner === me)
  if (!worker.stopping && (isFree || (row.currentOwner !== me && isExpired(row, nowMs)))) {
    row = { ...row, currentOwner: me, nextOwner: null, isDraining: false, ownedSince: ticksFromMs(nowMs) }
    changes.push('claimed')
  }
  if (row.currentOwner !== me) {
    if (!worker.stopping) row = seeOther(pass, row, changes)
  } else row = seeOwn(pass, row, listening, changes)
  if (changes.length > 0) pass.writes.push({ row, changes, previousOwner: before.currentOwner })
}

function seeOther(pass: Pass, row: PartitionRow, changes: PartitionChange[]): PartitionRow {
  const me = pass.worker.workerId
  const owner = row.nextOwner ?? row.currentOwner ?? ''
  if (row.nextOwner === me) {
    pass.owned++
    pass.waiting = true
  } else if (row.nextOwner !== null || !row.isDraining) pass.shares.set(owner, [...(pass.shares.get(owner) ?? []), row])
  else {
    changes.push('stolen')
    pass.waiting = true
    return { ...row, nextOwner: me }
  }
  return row
}

function seeOwn(pass: Pass, row: PartitionRow, listening: boolean, changes: PartitionChange[]): PartitionRow {
  const { worker, nowMs, settings, listen, startDrain } = pass
  const renewed = { ...row, lastRenewal: ticksFromMs(nowMs), expiresAt: ticksFromMs(nowMs + settings.leaseMs) }
  pass.owned++
  if (!worker.stopping && row.nextOwner === null) {
    changes.push('renewed')
    if (!listening && (changes.includes('claimed') || !pass.draining)) listen.push(row.partition)
    return renewed
  }
  pass.draining = true
  if (listening && worker.drains.get(row.partition) !== 'done') {
    changes.push('drained', 'renewed')
    if (!worker.drains.has(row.partition)) startDrain.push(row.partition)
    return { ...renewed, isDraining: true }
  }
  pass.owned--
  changes.push('released')
  if (listening) pass.drop.push({ partition: row.partition, reason: 'released', newOwner: row.nextOwner })
  return { ...row, currentOwner: null, isDraining: false }
}

function steal(pass: Pass, partitions: number): void {
  const share = Math.floor(partitions / (pass.shares.size + 1))
  if (pass.shares.size === 0 || share < pass.owned) return
  for (const rows of pass.shares.values()) {
    let wanted = share - pass.owned
    if (wanted < 0) break
    const excess = rows.length - share
    if (excess <= 0) continue
    if (wanted === 0 && excess > 1) wanted = 1
    for (const row of rows.slice(0, Math.min(wanted, excess))) {
      pass.owned++
      pass.waiting = true
      pass.writes.push({ row: { ...row, nextOwner: pass.worker.workerId }, changes: ['stolen'], previousOwner: row.currentOwner })
    }
  }
}
