/** Which actions are possible in a world, and whether its clock may move on. */
import type { Action, ModelWorker, World } from './world.js'
import { isHealthy } from './world.js'

/** What a healthy fleet does by itself: no fault among them. */
export function ordinaryActions(world: World): readonly Action[] {
  return world.workers.flatMap((worker, index) => {
    const landings = worker.pending.filter(({ state }) => state === 'sent').map(({ write }): Action => ({ kind: 'land', worker: index, partition: write.row.partition }))
    if (!isHealthy(worker)) return landings
    const drains = [...worker.held].filter(([, { drain }]) => drain === 'running').map(([partition]): Action => ({ kind: 'drained', worker: index, partition }))
    return [...landings, ...passActions(world, worker, index), ...drains]
  })
}

function passActions(world: World, worker: ModelWorker, index: number): readonly Action[] {
  if (worker.phase === 'idle') return world.nowMs >= worker.dueMs ? [{ kind: 'read', worker: index }] : []
  if (worker.phase === 'read') return [{ kind: 'decide', worker: index }]
  return worker.pending.filter(({ state }) => state !== 'sent').map(({ write }): Action => ({ kind: 'answer', worker: index, partition: write.row.partition }))
}

export interface Faults {
  readonly crash?: boolean
  readonly pause?: boolean
  readonly stop?: boolean
  readonly requests?: boolean
}

/** What can go wrong now; `resume` is no fault, but nothing makes it happen either. */
export function faultActions(world: World, faults: Faults): readonly Action[] {
  return world.workers.flatMap((worker, index): readonly Action[] => {
    if (worker.phase === 'crashed' || worker.phase === 'stopped') return []
    const of = (kind: 'crash' | 'pause' | 'resume' | 'stop'): Action => ({ kind, worker: index })
    if (worker.paused) return faults.crash === true ? [of('crash')] : []
    const requests = faults.requests === true ? worker.pending.flatMap(({ write, state }) => requestFaults(index, write.row.partition, state)) : []
    return [...(faults.crash === true ? [of('crash')] : []), ...(faults.pause === true ? [of('pause')] : []), ...(faults.stop === true && !worker.stopping ? [of('stop')] : []), ...requests]
  })
}

export function resumeActions(world: World): readonly Action[] {
  return world.workers.flatMap((worker, index): readonly Action[] => (worker.paused ? [{ kind: 'resume', worker: index }] : []))
}

export function lateActions(world: World): readonly Action[] {
  return world.late.map((_, index) => ({ kind: 'landLate', index }))
}

function requestFaults(worker: number, partition: string, state: 'sent' | 'written' | 'conflict'): readonly Action[] {
  if (state !== 'sent') return [{ kind: 'forget', worker, partition }]
  return [{ kind: 'lose', worker, partition }, { kind: 'delay', worker, partition }]
}

/** False while a worker that nothing keeps from it has a step to take. `slackMs`: how long a pass may begin after it is due. */
export function mayTick(world: World, slackMs: number): boolean {
  const { nowMs, settings } = world
  return world.workers.every((worker) => {
    if (!isHealthy(worker)) return true
    if ([...worker.drainEndsMs.values()].some((endMs) => nowMs >= endMs)) return false
    if (worker.phase === 'idle') return nowMs < worker.dueMs + slackMs
    return nowMs < worker.stepMs + settings.operationMs
  })
}
