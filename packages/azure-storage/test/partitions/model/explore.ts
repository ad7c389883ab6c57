/**
 * Every order in which things can happen, up to a number of actions: breadth first, and no world twice. Worlds are the same when they differ in the absolute time and in versions only.
 * The times are those of the product made small, in the same proportion: a lease outlasts two slow passes, a poll, and the difference of the clocks.
 */
import { msFromTicks } from '@dtfx/core/provider'
import type { PartitionRow } from '../../../src/partitions/partition-row.js'
import type { PartitionSettings } from '../../../src/partitions/partition-settings.js'
import { faultActions, lateActions, mayTick, ordinaryActions, resumeActions, type Faults } from './enabled-actions.js'
import { unownedBoundMs } from './invariants.js'
import type { Rules } from './rules.js'
import { newWorld, step, type Action, type ModelWorker, type World } from './world.js'

export const smallSettings: PartitionSettings = { leaseMs: 8_000, pollMs: 2_000, busyPollMs: 1_000, drainMs: 2_000, operationMs: 1_000 }

export interface Exploration {
  readonly partitions: number
  readonly skewsMs: readonly number[]
  /** Actions in a row. */
  readonly depth: number
  /** How many things may go wrong, and which. */
  readonly maxFaults: number
  readonly faults: Faults
  readonly rules?: Rules
}

/** @throws Violation with the actions that led to it */
export function explore({ partitions, skewsMs, depth, maxFaults, faults, rules }: Exploration): { readonly worlds: number } {
  const first = newWorld({ settings: smallSettings, partitions, skewsMs, ...(rules === undefined ? {} : { rules }) })
  const seen = new Set([keyOf(first, 0)])
  let frontier: { readonly world: World; readonly used: number }[] = [{ world: first, used: 0 }]
  for (let done = 0; done < depth; done++) {
    const next: typeof frontier = []
    for (const { world, used } of frontier) {
      const ordinary = [...ordinaryActions(world), ...resumeActions(world), ...lateActions(world), ...(mayTick(world, 0) ? [{ kind: 'tick', byMs: 1_000 } as const] : [])]
      const wrong = used < maxFaults ? faultActions(world, faults) : []
      for (const action of [...ordinary, ...wrong]) {
        const after: { readonly world: World; readonly used: number } = { world: step(world, action), used: used + (wrong.includes(action as Action) ? 1 : 0) }
        const key = keyOf(after.world, after.used)
        if (seen.has(key)) continue
        seen.add(key)
        next.push(after)
      }
    }
    frontier = next
  }
  return { worlds: seen.size }
}

function keyOf(world: World, used: number): string {
  const { nowMs } = world
  const since = (ms: number | undefined): number => (ms === undefined ? -1 : Math.min(nowMs - ms, unownedBoundMs(world) + 1_000))
  const rows = [...world.table.values()]
  return JSON.stringify([
    used,
    rows.map((row) => showRow(world, row)),
    world.workers.map((worker) => showWorker(world, worker)),
    world.late.map(({ write, worker, decidedMs }) => [showRow(world, write.row), worker, since(decidedMs)]),
    since(world.disturbedMs),
    rows.map(({ partition }) => [since(world.overlapSinceMs.get(partition)), since(world.unownedSinceMs.get(partition))]),
  ])
}

/** A version is how far it is behind. */
function showRow({ nowMs, table }: World, row: PartitionRow): unknown {
  const behind = Number(table.get(row.partition)?.etag) - Number(row.etag)
  const left = row.expiresAt === null ? null : Math.max(msFromTicks(row.expiresAt) - nowMs, -2_000)
  return [behind, row.currentOwner, row.nextOwner, row.isDraining, left]
}

function showWorker(world: World, worker: ModelWorker): unknown {
  const { nowMs } = world
  const held = [...worker.held].map(([partition, { leaseDeadlineMs, drain }]) => [partition, Math.max(leaseDeadlineMs - nowMs, 0), drain, (worker.drainEndsMs.get(partition) ?? nowMs) - nowMs])
  const pass = worker.phase === 'idle' ? [Math.max(worker.dueMs - nowMs, 0)] : [nowMs - worker.passMs, nowMs - worker.stepMs, worker.outcome, worker.woken]
  const read = worker.phase === 'read' || worker.phase === 'writing' ? worker.rows.map((row) => showRow(world, row)) : []
  const decided = worker.phase === 'writing' ? [worker.decision?.listen, worker.decision?.startDrain, worker.decision?.nextPollMs, worker.decision?.releasedAll] : []
  return [worker.phase, worker.paused, worker.stopping, held, pass, read, decided, worker.pending.map(({ write, state }) => [state, showRow(world, write.row)])]
}
