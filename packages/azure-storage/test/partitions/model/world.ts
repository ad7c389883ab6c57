/**
 * Workers that share partitions over one table, in the small: every step that the real ones take (read, decide, a write that lands, its answer, a drain that ends) and everything that can happen to them
 * (crash, pause, stop, lost requests, lost answers, requests that land late, clocks that differ) is one action. Whoever drives the world chooses the order.
 * Rules of the order: a worker that is neither paused nor crashed takes its steps in time, so the clock may not be moved past a step that is due.
 */
import type { BalanceDecision, PartitionWrite } from '../../../src/partitions/balance.js'
import { drainsOf, isLeased, listeningOf, type HeldPartitions } from '../../../src/partitions/held-partitions.js'
import { newPartitionRow, type PartitionRow } from '../../../src/partitions/partition-row.js'
import type { PartitionSettings } from '../../../src/partitions/partition-settings.js'
import { checkAnswered, checkDrops, checkLanding, checkPassEnd, checkQuota, checkTime, type Landing } from './invariants.js'
import { referenceBalance } from './reference-worker.js'
import { productRules, type Rules } from './rules.js'

export interface Pending {
  readonly write: PartitionWrite
  readonly state: 'sent' | 'written' | 'conflict'
}

export interface ModelWorker {
  readonly id: string
  readonly skewMs: number
  readonly phase: 'idle' | 'read' | 'writing' | 'crashed' | 'stopped'
  readonly paused: boolean
  readonly stopping: boolean
  readonly stoppingSinceMs: number
  readonly held: HeldPartitions
  readonly drainEndsMs: ReadonlyMap<string, number>
  readonly dueMs: number
  /** Something happened since the running pass began that the next one shall see at once. */
  readonly woken: boolean
  /** When the running pass began, and its last step was taken. */
  readonly passMs: number
  readonly stepMs: number
  readonly rows: readonly PartitionRow[]
  readonly decision: BalanceDecision | undefined
  readonly pending: readonly Pending[]
  readonly outcome: 'fine' | 'failed' | 'conflict'
}

export type Action =
  | { readonly kind: 'tick'; readonly byMs: number }
  | { readonly kind: 'read' | 'decide' | 'crash' | 'pause' | 'resume' | 'stop'; readonly worker: number }
  | { readonly kind: 'land' | 'answer' | 'lose' | 'forget' | 'delay' | 'drained'; readonly worker: number; readonly partition: string }
  | { readonly kind: 'landLate'; readonly index: number }

export interface World {
  readonly settings: PartitionSettings
  readonly rules: Rules
  readonly maxSkewMs: number
  /** Workers that decide as .NET does; what they do wrong is theirs. */
  readonly foreign: ReadonlySet<string>
  readonly nowMs: number
  readonly table: ReadonlyMap<string, PartitionRow>
  readonly workers: readonly ModelWorker[]
  /** Requests whose senders have given up on them. */
  readonly late: readonly { readonly write: PartitionWrite; readonly worker: number; readonly decidedMs: number }[]
  /** The last time that something went wrong. */
  readonly disturbedMs: number
  readonly overlapSinceMs: ReadonlyMap<string, number>
  readonly unownedSinceMs: ReadonlyMap<string, number>
  /** Writes that made a partition go to another worker. */
  readonly moves: number
}

export interface WorldOptions {
  readonly settings: PartitionSettings
  readonly partitions: number
  readonly skewsMs: readonly number[]
  readonly rules?: Rules
  /** How many of the workers, from the first, decide as .NET does. */
  readonly foreign?: number
}

/** Any time will do; not zero, so that nobody takes it for none. */
const beginMs = Date.UTC(2030, 0, 1)

export function newWorld({ settings, partitions, skewsMs, rules = productRules, foreign = 0 }: WorldOptions): World {
  const names = Array.from({ length: partitions }, (_, index) => `p${index}`)
  return {
    settings,
    rules,
    maxSkewMs: Math.max(...skewsMs) - Math.min(...skewsMs),
    foreign: new Set(skewsMs.slice(0, foreign).map((_, index) => `w${index}`)),
    nowMs: beginMs,
    table: new Map(names.map((name) => [name, { ...newPartitionRow(name), etag: '1' }])),
    workers: skewsMs.map((skewMs, index) => newWorker(`w${index}`, skewMs)),
    late: [],
    disturbedMs: beginMs,
    overlapSinceMs: new Map(),
    unownedSinceMs: new Map(names.map((name) => [name, beginMs])),
    moves: 0,
  }
}

function newWorker(id: string, skewMs: number): ModelWorker {
  const times = { stoppingSinceMs: beginMs, dueMs: beginMs, passMs: beginMs, stepMs: beginMs }
  return { id, skewMs, phase: 'idle', paused: false, stopping: false, woken: false, held: new Map(), drainEndsMs: new Map(), rows: [], decision: undefined, pending: [], outcome: 'fine', ...times }
}

/** A worker that would act if nothing kept it from it. */
export function isHealthy(worker: ModelWorker): boolean {
  return worker.phase !== 'crashed' && worker.phase !== 'stopped' && !worker.paused
}

/** By both clocks of the worker: the one that never goes back is the time of the world. */
export function isLeasedTo(world: World, { held, skewMs }: ModelWorker, partition: string): boolean {
  return isLeased(held, partition, { monotonicMs: world.nowMs, nowMs: world.nowMs + skewMs })
}

export function isReceiving(world: World, worker: ModelWorker, partition: string): boolean {
  return isHealthy(worker) && isLeasedTo(world, worker, partition) && worker.held.get(partition)?.drain === undefined
}

/** The world after `action`. @throws Violation */
export function step(world: World, action: Action): World {
  if (action.kind === 'tick') return checkTime({ ...world, nowMs: world.nowMs + action.byMs })
  if (action.kind === 'landLate') {
    const { write, worker, decidedMs } = world.late[action.index] as World['late'][number]
    return checkTime(land({ ...world, late: world.late.filter((_, index) => index !== action.index) }, { write, writer: world.workers[worker]?.id ?? '', decidedMs }).world)
  }
  return checkTime(stepWorker(world, action))
}

function stepWorker(world: World, action: Exclude<Action, { kind: 'tick' | 'landLate' }>): World {
  const worker = world.workers[action.worker] as ModelWorker
  const set = (change: Partial<ModelWorker>, more: Partial<World> = {}): World => {
    return { ...world, ...more, workers: world.workers.map((each, index) => (index === action.worker ? { ...worker, ...change } : each)) }
  }
  const { nowMs } = world
  switch (action.kind) {
    case 'read':
      return set({ phase: 'read', passMs: nowMs, stepMs: nowMs, rows: [...world.table.values()], outcome: 'fine', woken: false })
    case 'decide':
      return decide(world, worker, set)
    case 'crash':
      return set({ phase: 'crashed', paused: false }, { disturbedMs: nowMs })
    case 'pause':
      return set({ paused: true }, { disturbedMs: nowMs })
    case 'resume':
      return set({ paused: false, stepMs: nowMs }, { disturbedMs: nowMs })
    case 'stop':
      return set({ stopping: true, stoppingSinceMs: nowMs, dueMs: nowMs, woken: true }, { disturbedMs: nowMs })
    case 'drained':
      return set({ held: world.rules.afterDrain(worker.held, action.partition), drainEndsMs: without(worker.drainEndsMs, action.partition), dueMs: Math.min(worker.dueMs, nowMs), woken: true })
    default:
      return stepWrite(world, worker, { kind: action.kind, partition: action.partition }, set)
  }
}

type SetWorker = (change: Partial<ModelWorker>, more?: Partial<World>) => World

function decide(world: World, worker: ModelWorker, set: SetWorker): World {
  const { rules, settings, nowMs } = world
  const self = { workerId: worker.id, stopping: worker.stopping, listening: listeningOf(worker.held), drains: drainsOf(worker.held) }
  const isForeign = world.foreign.has(worker.id)
  const decision = (isForeign ? referenceBalance : rules.balance)(worker.rows, worker.passMs + worker.skewMs, self, settings)
  if (!isForeign) {
    checkDrops(worker, decision)
    checkQuota(worker, decision)
  }
  let held = rules.afterDrops(worker.held, decision.drop)
  if (rules.actsBeforeAnswer) for (const write of decision.writes) held = acknowledged(world, { ...worker, held }, write, decision)
  const drainEndsMs = new Map([...worker.drainEndsMs].filter(([partition]) => held.has(partition)))
  const pending = decision.writes.map((write) => ({ write, state: 'sent' as const }))
  const next = set({ phase: 'writing', decision, pending, held, drainEndsMs, stepMs: nowMs })
  return pending.length === 0 ? endPass(next, worker.id) : next
}

function stepWrite(world: World, worker: ModelWorker, { kind, partition }: { readonly kind: 'land' | 'answer' | 'lose' | 'forget' | 'delay'; readonly partition: string }, set: SetWorker): World {
  const found = worker.pending.find(({ write }) => write.row.partition === partition) as Pending
  const rest = worker.pending.filter((each) => each !== found)
  if (kind === 'land') {
    const landed = land(world, { write: found.write, writer: worker.id, decidedMs: worker.passMs + worker.skewMs })
    const pending = worker.pending.map((each) => (each === found ? { write: found.write, state: landed.result } : each))
    return { ...landed.world, workers: landed.world.workers.map((each) => (each.id === worker.id ? { ...each, pending } : each)) }
  }
  const works = kind === 'answer' ? found.state === 'written' : world.rules.trustsFailures
  const decision = worker.decision as BalanceDecision
  const held = works ? acknowledged(world, worker, found.write, decision) : worker.held
  const drainEndsMs = works && decision.startDrain.includes(partition) ? new Map(worker.drainEndsMs).set(partition, world.nowMs + world.settings.drainMs) : worker.drainEndsMs
  const lost = found.state === 'conflict' && kind === 'answer' ? 'conflict' : kind === 'answer' ? worker.outcome : 'failed'
  const outcome = worker.outcome === 'conflict' ? 'conflict' : lost
  const late = kind === 'delay' ? [...world.late, { write: found.write, worker: world.workers.indexOf(worker), decidedMs: worker.passMs + worker.skewMs }] : world.late
  const next = set({ held, drainEndsMs, pending: rest, outcome }, kind === 'answer' ? {} : { late, disturbedMs: world.nowMs })
  if (works && !world.foreign.has(worker.id)) checkAnswered(next, worker.id, found.write)
  return rest.length === 0 ? endPass(next, worker.id) : next
}

function acknowledged(world: World, worker: ModelWorker, write: PartitionWrite, decision: BalanceDecision): HeldPartitions {
  const deadlineMs = world.rules.leaseDeadlineMs({ passMs: worker.passMs, ackMs: world.nowMs, leaseMs: world.settings.leaseMs })
  return world.rules.afterWrite(worker.held, write, decision, deadlineMs)
}

/** The request reaches the table. An etag of `*` is one without a condition. */
function land(world: World, landing: Landing): { readonly world: World; readonly result: 'written' | 'conflict' } {
  const { write } = landing
  const { partition, etag } = write.row
  const before = world.table.get(partition) as PartitionRow
  if (etag !== '*' && before.etag !== etag) return { world, result: 'conflict' }
  if (!world.foreign.has(landing.writer)) checkLanding(world, before, landing)
  const table = new Map(world.table).set(partition, { ...write.row, etag: String(Number(before.etag) + 1) })
  const moves = world.moves + (write.changes.some((change) => change !== 'renewed') ? 1 : 0)
  return { world: { ...world, table, moves }, result: 'written' }
}

function endPass(world: World, id: string): World {
  const { settings, nowMs } = world
  const workers = world.workers.map((worker): ModelWorker => {
    if (worker.id !== id) return worker
    const decision = worker.decision as BalanceDecision
    if (worker.outcome === 'fine' && decision.releasedAll) return { ...worker, phase: 'stopped', stepMs: nowMs }
    const waitMs = worker.outcome === 'conflict' ? 0 : worker.outcome === 'failed' ? settings.busyPollMs : decision.nextPollMs
    return { ...worker, phase: 'idle', dueMs: worker.woken ? nowMs : nowMs + waitMs, stepMs: nowMs }
  })
  const next = { ...world, workers }
  if (!world.foreign.has(id)) checkPassEnd(next, id)
  return next
}

function without<T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

/** For messages: the rows as short text. */
export function showTable(world: World): string {
  const rest = (ticks: string | null): string => (ticks === null ? '-' : String((Date.parse(ticks) - world.nowMs) / 1_000))
  return [...world.table.values()].map((row) => `${row.partition}(${row.currentOwner ?? '-'},${row.nextOwner ?? '-'},${row.isDraining ? 'T' : 'F'},${rest(row.expiresAt)})`).join(' ')
}
