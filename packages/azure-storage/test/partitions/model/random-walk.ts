/** Long random walks: a time of faults, a quiet time after which everything must be in order, and a time in which nothing may move any more. Every walk follows from its seed. */
import { seededRandom, type Random } from '@dtfx/core/provider'
import { partitionDefaults } from '../../../src/partitions/partition-settings.js'
import { faultActions, lateActions, mayTick, ordinaryActions, resumeActions, type Faults } from './enabled-actions.js'
import { checkSettled, Violation } from './invariants.js'
import type { Rules } from './rules.js'
import { newWorld, showTable, step, type Action, type World } from './world.js'

const tickMs = 1_000
const maxSkewMs = 5_000
/** How likely a drain ends at any step of its worker: at once, soon, or only when its time is up. */
const drainPaces = [0.3, 0.03, 0] as const
/** How likely the next step is a fault. */
const faultRates = [0.003, 0.01, 0.03] as const

interface Course {
  readonly random: Random
  readonly drainPace: number
  readonly faultRate: number
  readonly faults: Faults
}
/**
 * Until shares are even after the last fault: what was promised to a dead worker expires (a drain and a lease), and then the rounds in which work moves, each at most a pass of the thief, a pass of the owner,
 * and a drain.
 */
export const settleRounds = 4

export interface WalkOptions {
  readonly seed: number
  readonly rules?: Rules
  /** Workers that decide as .NET does. Default none. */
  readonly foreign?: number
  /** Length of the time of faults. */
  readonly chaosMs?: number
}

/** Walks to the end. @throws Violation with the seed and the last actions */
export function walk({ seed, rules, foreign = 0, chaosMs = 240_000 }: WalkOptions): { readonly actions: number; readonly moves: number } {
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random.next() * n)
  const skewsMs = Array.from({ length: 2 + pick(3) }, () => pick(maxSkewMs / tickMs + 1) * tickMs)
  let world = newWorld({ settings: partitionDefaults, partitions: 1 + pick(4), skewsMs, foreign, ...(rules === undefined ? {} : { rules }) })
  const [drainPace, faultRate] = [drainPaces[pick(drainPaces.length)] as number, faultRates[pick(faultRates.length)] as number]
  const some = (): boolean => random.next() < 0.7
  const faults = { crash: some(), pause: some(), stop: some(), requests: some() }
  const trail: string[] = []
  let actions = 0
  const run = (untilMs: number, phase: 'chaos' | 'quiet'): void => {
    while (world.nowMs < untilMs) {
      const action = choose(world, { random, drainPace, faultRate, faults: phase === 'chaos' ? faults : {} })
      trail.push(`${showAction(action)}${action.kind === 'tick' ? ` | ${showTable(world)}` : ''}`)
      world = step(world, action)
      actions++
    }
  }
  try {
    run(world.nowMs + chaosMs, 'chaos')
    for (const [index, { paused }] of world.workers.entries()) if (paused) world = step(world, { kind: 'resume', worker: index })
    const { drainMs, leaseMs, pollMs } = world.settings
    run(world.nowMs + drainMs + leaseMs + settleRounds * 3 * pollMs, 'quiet')
    checkSettled(world)
    const { moves } = world
    run(world.nowMs + 3 * pollMs, 'quiet')
    if (world.moves !== moves) throw new Violation('partitions move although shares are even')
    return { actions, moves }
  } catch (error) {
    if (error instanceof Violation) throw new Violation(`seed ${seed}, workers ${world.workers.map(({ id, phase, skewMs, held }) => `${id} ${phase} +${skewMs} holds ${[...held.keys()].join(' ')}`).join('; ')}: ${error.message}\n${trail.slice(-60).join('\n')}`)
    throw error
  }
}

function choose(world: World, { random, drainPace, faultRate, faults }: Course): Action {
  const roll = random.next()
  const of = (actions: readonly Action[]): Action | undefined => actions[Math.floor(random.next() * actions.length)]
  if (roll < faultRate) {
    const fault = of(faultsLeft(world, faults))
    if (fault !== undefined) return fault
  }
  if (roll < faultRate + 0.02) {
    const other = of([...(faults.pause === true ? resumeActions(world) : []), ...lateActions(world)])
    if (other !== undefined) return other
  }
  const tick: Action = { kind: 'tick', byMs: tickMs }
  const ordinary = ordinaryActions(world)
  // Drains take their time; the rest goes on fast, or waits for the clock.
  const quick = ordinary.filter((action) => action.kind !== 'drained' || random.next() < drainPace || isOver(world, action))
  if (mayTick(world, tickMs) && (quick.length === 0 || roll < 0.35)) return tick
  return of(quick) ?? tick
}

/** One worker at least stays. */
function faultsLeft(world: World, faults: Faults): readonly Action[] {
  const staying = world.workers.filter(({ phase, stopping }) => phase !== 'crashed' && phase !== 'stopped' && !stopping).length
  return faultActions(world, staying > 1 ? faults : { requests: faults.requests === true, pause: faults.pause === true })
}

function isOver(world: World, action: Action): boolean {
  if (action.kind !== 'drained') return false
  return world.nowMs >= (world.workers[action.worker]?.drainEndsMs.get(action.partition) ?? Infinity)
}

function showAction(action: Action): string {
  if (action.kind === 'tick') return 'tick'
  if (action.kind === 'landLate') return `land late ${action.index}`
  return `w${action.worker} ${action.kind}${'partition' in action ? ` ${action.partition}` : ''}`
}
