/** Deliberate faults: each breaks one rule of the partition manager, by replacing a pure function by one that does wrong. The model check must find every one of them. */
import { balance, type BalanceDecision, type PartitionWrite } from '../../../src/partitions/balance.js'
import type { PartitionWorker } from '../../../src/partitions/decide-row.js'
import type { PartitionRow } from '../../../src/partitions/partition-row.js'
import { ticksFromMs } from '@dtfx/core/provider'
import { productRules, type Rules } from './rules.js'

type Balance = Rules['balance']
type Args = Parameters<Balance>

const withBalance = (mutate: Balance): Rules => ({ ...productRules, balance: mutate })

/** Changes the decision of the product. */
const after = (change: (decision: BalanceDecision, ...args: Args) => BalanceDecision): Rules => withBalance((...args) => change(balance(...args), ...args))

/** Shows the product other rows, or another worker. */
const before = (change: (...args: Args) => Args): Rules => withBalance((...args) => balance(...change(...args)))

const mapWrites = (decision: BalanceDecision, change: (write: PartitionWrite) => PartitionWrite | undefined): BalanceDecision => ({ ...decision, writes: decision.writes.flatMap((write) => change(write) ?? []) })

const has = (write: PartitionWrite, change: PartitionWrite['changes'][number]): boolean => write.changes.includes(change)

const addWrite = (decision: BalanceDecision, row: PartitionRow, changes: PartitionWrite['changes']): BalanceDecision => ({
  ...decision,
  writes: [...decision.writes.filter((write) => write.row.partition !== row.partition), { row, changes, previousOwner: null }],
})

const alsoListen = (decision: BalanceDecision, chosen: (write: PartitionWrite) => boolean): BalanceDecision => {
  const more = decision.writes.filter(chosen).map(({ row }) => row.partition)
  return { ...decision, listen: [...decision.listen, ...more], startDrain: decision.startDrain.filter((partition) => !more.includes(partition)) }
}

/** `afterWrite` takes a partition as held for whatever write, if it is to be listened to. */
const holdingAnyway: Rules['afterWrite'] = (held, write, decision, leaseDeadlineMs) => {
  if (!decision.listen.includes(write.row.partition)) return productRules.afterWrite(held, write, decision, leaseDeadlineMs)
  return new Map(held).set(write.row.partition, { leaseDeadlineMs, expiresMs: Infinity, drain: undefined })
}

/** The wall clock would hide a wrong deadline on the other one. */
const trustingItsOwnClock: Rules = {
  ...productRules,
  afterWrite: (...args) => new Map([...productRules.afterWrite(...args)].map(([partition, held]) => [partition, { ...held, expiresMs: Infinity }])),
}

const claimed = (row: PartitionRow, nowMs: number, { workerId }: PartitionWorker): PartitionRow => ({ ...row, currentOwner: workerId, nextOwner: null, isDraining: false, expiresAt: ticksFromMs(nowMs + 30_000) })

/** Rows of the worker's last pass but one, by worker: module state, as the mutants that use it are about stale reads. */
const oldReads = new Map<string, readonly PartitionRow[]>()

export const mutants: Readonly<Record<string, Rules>> = {
  'listens while draining': { ...after((decision) => alsoListen(decision, ({ row, changes }) => row.isDraining && changes.includes('renewed'))), afterWrite: holdingAnyway },
  'listens after a release': { ...after((decision) => alsoListen(decision, (write) => has(write, 'released'))), afterWrite: holdingAnyway },
  'listens after stealing': { ...after((decision) => alsoListen(decision, (write) => has(write, 'stolen'))), afterWrite: holdingAnyway },
  'listens before the row is written': { ...productRules, actsBeforeAnswer: true },
  'takes a failed write for a success': { ...productRules, trustsFailures: true },
  'does not listen while another partition drains': after((decision) => (decision.writes.some(({ row }) => row.isDraining) ? { ...decision, listen: [] } : decision)),
  'does not listen to what it claimed': after((decision) => ({ ...decision, listen: decision.listen.filter((partition) => !decision.writes.some((write) => write.row.partition === partition && has(write, 'claimed'))) })),
  'steals without a quota': after((decision, rows, _now, { workerId, stopping }) => {
    const free = stopping ? undefined : rows.find((row) => row.currentOwner !== null && row.currentOwner !== workerId && row.nextOwner === null && !row.isDraining && !decision.writes.some((write) => write.row.partition === row.partition))
    return free === undefined ? decision : addWrite(decision, { ...free, nextOwner: workerId }, ['stolen'])
  }),
  'never steals': after((decision) => mapWrites(decision, (write) => (has(write, 'stolen') ? undefined : write))),
  'steals what is promised': after((decision, rows, _now, { workerId, stopping }) => {
    const promised = stopping ? undefined : rows.find((row) => row.currentOwner !== null && row.currentOwner !== workerId && row.nextOwner !== null && row.nextOwner !== workerId && !decision.writes.some((write) => write.row.partition === row.partition))
    return promised === undefined ? decision : addWrite(decision, { ...promised, nextOwner: workerId }, ['stolen'])
  }),
  'skips the version': after((decision) => mapWrites(decision, (write) => ({ ...write, row: { ...write.row, etag: '*' } }))),
  'skips the version of claims': after((decision) => mapWrites(decision, (write) => (has(write, 'claimed') ? { ...write, row: { ...write.row, etag: '*' } } : write))),
  'renews from an old read': before((rows, ...rest) => {
    const old = oldReads.get(rest[1].workerId) ?? rows
    oldReads.set(rest[1].workerId, rows)
    return [rows.map((row) => ({ ...(old.find(({ partition }) => partition === row.partition) ?? row), currentOwner: row.currentOwner, expiresAt: row.expiresAt, etag: row.etag })), ...rest]
  }),
  'claims what is not expired': after((decision, rows, nowMs, worker) => {
    const live = worker.stopping ? undefined : rows.find(({ currentOwner, nextOwner, isDraining }) => currentOwner !== null && currentOwner !== worker.workerId && nextOwner === null && !isDraining)
    return live === undefined ? decision : addWrite({ ...decision, listen: [...decision.listen, live.partition] }, claimed(live, nowMs, worker), ['claimed', 'renewed'])
  }),
  'claims what is promised to another': after((decision, rows, nowMs, worker) => {
    const free = worker.stopping ? undefined : rows.find(({ currentOwner, nextOwner }) => currentOwner === null && nextOwner !== null && nextOwner !== worker.workerId)
    return free === undefined ? decision : addWrite({ ...decision, listen: [...decision.listen, free.partition] }, claimed(free, nowMs, worker), ['claimed', 'renewed'])
  }),
  'never claims what is expired': after((decision) => mapWrites(decision, (write) => (has(write, 'claimed') && write.previousOwner !== null ? undefined : write))),
  'does not drop what it lost': after((decision) => ({ ...decision, drop: decision.drop.filter(({ reason }) => reason !== 'lost') })),
  'does not drop what it lost while it stops': after((decision, _rows, _now, { stopping }) => (stopping ? { ...decision, drop: decision.drop.filter(({ reason }) => reason !== 'lost') } : decision)),
  'drops only what it does not claim again': after((decision) => ({ ...decision, drop: decision.drop.filter(({ partition }) => !decision.listen.includes(partition)) })),
  'does not drop before it releases': after((decision) => ({ ...decision, drop: decision.drop.filter(({ reason }) => reason !== 'released') })),
  'releases without a drain': before((rows, nowMs, worker, settings) => [rows, nowMs, { ...worker, drains: new Map(rows.filter(({ nextOwner }) => nextOwner !== null).map(({ partition }) => [partition, 'done'])) }, settings]),
  'does not wait for the drain': before((rows, nowMs, worker, settings) => [rows, nowMs, { ...worker, drains: new Map([...worker.drains.keys()].map((partition) => [partition, 'done'])) }, settings]),
  'gives a partition up without dropping it first': after((decision, _rows, _now, worker) => mapWrites(decision, (write) => (has(write, 'drained') ? { ...write, row: { ...write.row, currentOwner: null, isDraining: false, nextOwner: write.row.nextOwner }, changes: ['released'] } : write.row.currentOwner === worker.workerId ? write : write))),
  'forgets the promise when it releases': after((decision) => mapWrites(decision, (write) => (has(write, 'released') ? { ...write, row: { ...write.row, nextOwner: null } } : write))),
  'does not renew while draining': after((decision) => mapWrites(decision, (write) => (write.row.isDraining && has(write, 'renewed') && !has(write, 'drained') ? undefined : write))),
  'never renews': after((decision) => mapWrites(decision, (write) => (write.changes.length === 1 && has(write, 'renewed') ? undefined : write))),
  'does not count what is promised to it': before((rows, nowMs, worker, settings) => {
    return [rows.filter((row) => worker.stopping || row.nextOwner !== worker.workerId || row.currentOwner === null), nowMs, worker, settings]
  }),
  'lets its promises stand when it stops': after((decision) => ({ ...mapWrites(decision, (write) => (has(write, 'withdrawn') ? undefined : write)) })),
  'claims while it stops': after((decision, rows, nowMs, worker) => {
    const free = worker.stopping ? rows.find(({ currentOwner, nextOwner }) => currentOwner === null && nextOwner === null) : undefined
    return free === undefined ? decision : addWrite({ ...decision, listen: [...decision.listen, free.partition] }, claimed(free, nowMs, worker), ['claimed', 'renewed'])
  }),
  'ends its stop too early': after((decision, _rows, _now, { stopping }) => ({ ...decision, releasedAll: stopping })),
  'never ends its stop': after((decision) => ({ ...decision, releasedAll: false })),
  'counts its lease from the answer': { ...trustingItsOwnClock, leaseDeadlineMs: ({ ackMs, leaseMs }) => ackMs + leaseMs },
  'counts a longer lease than it has': { ...trustingItsOwnClock, leaseDeadlineMs: ({ passMs, leaseMs }) => passMs + leaseMs + 10_000 },
  'polls more seldom than its lease lasts': after((decision) => ({ ...decision, nextPollMs: decision.nextPollMs * 4 })),
}
