/** The loop around the decisions, on a virtual clock: order of calls and requests, races, slow and failing tables, drains, stops. */
import { ticksFromMs } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { expect, test } from 'vitest'
import { ManagedWorker } from './managed-worker.js'
import type { PartitionWatchdog } from '../../src/partitions/partition-watchdog.js'
import { MemoryStore } from './memory-store.js'

/** Everything that can happen without the clock has happened. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const advance = async (clock: VirtualClock, seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second++) {
    clock.advance('1s')
    await settle()
  }
}

const never = (): Promise<void> => new Promise(() => {})

const start = async (partitions: readonly string[], options: Partial<ConstructorParameters<typeof ManagedWorker>[0]> = {}) => {
  const clock = new VirtualClock()
  const store = new MemoryStore(partitions)
  const worker = new ManagedWorker({ table: store, clock, ...options })
  worker.manager.start()
  await settle()
  return { clock, store, worker }
}

const promised = (store: MemoryStore, partition: string, to: string): void => store.set({ ...store.row(partition), nextOwner: to })

test('a stable pass is one query and one replacement for each owned partition, every ten seconds', async () => {
  const { clock, store, worker } = await start(['p0', 'p1', 'p2'])
  expect(worker.calls).toEqual(['listen p0', 'listen p1', 'listen p2'])
  store.requests.length = 0
  await advance(clock, 9)
  expect(store.requests).toEqual([])
  await advance(clock, 1)
  expect(store.requests).toEqual(['read', 'replace p0', 'replace p1', 'replace p2'])
  await advance(clock, 50)
  expect(store.requests).toHaveLength(6 * 4)
  expect(worker.gauges).toEqual(['dtfx.partitions.owned 3'])
})

test('the lease ends 30 s after the beginning of the pass that renewed it, on the monotonic clock', async () => {
  const { clock, store, worker } = await start(['p0'])
  expect(worker.manager.leaseDeadlineMs('p0')).toBe(30_000)
  store.before = (request) => (request === 'read' ? new Promise((resolve) => clock.setTimer(1_500, resolve)) : new Promise((resolve) => clock.setTimer(1_000, resolve)))
  await advance(clock, 13)
  expect(worker.manager.leaseDeadlineMs('p0')).toBe(40_000)
  expect(store.row('p0').expiresAt).toBe(ticksFromMs(clock.nowMs() - 3_000 + 30_000))
  store.before = () => Promise.reject(new Error('no table'))
  await advance(clock, 26)
  expect(worker.manager.isLeased('p0')).toBe(true)
  await advance(clock, 1)
  expect(worker.manager.isLeased('p0')).toBe(false)
  expect(worker.manager.isLeased('p1')).toBe(false)
  // Nobody took it: the same ownership goes on with the next renewal.
  store.before = () => {}
  await advance(clock, 1)
  expect(worker.manager.isLeased('p0')).toBe(true)
  expect(worker.calls).toEqual(['listen p0'])
})

test('time that only the wall clock has counted, as when the machine was suspended, ends the lease too', async () => {
  const { clock, worker } = await start(['p0'])
  expect(worker.manager.isLeased('p0')).toBe(true)
  const realNowMs = clock.nowMs()
  clock.nowMs = () => realNowMs + 30_000
  expect(worker.manager.isLeased('p0')).toBe(false)
})

test('a partition that is stolen is drained, dropped, and only then given away; the log tells it', async () => {
  const { clock, store, worker } = await start(['p0'])
  promised(store, 'p0', 'B')
  const calls: string[] = []
  store.before = (request) => void calls.push(`${request} after ${worker.calls.at(-1)}`)
  await advance(clock, 11)
  expect(worker.calls).toEqual(['listen p0', 'drain p0', 'drop p0 released'])
  expect(calls.at(-1)).toBe('replace p0 after drop p0 released')
  expect(store.row('p0')).toMatchObject({ currentOwner: null, nextOwner: 'B', isDraining: false })
  expect(worker.lines('p0')).toEqual(['127 info partition claimed', '120 info partition is drained', '132 info partition not listened to any more: released', '133 info partition released'])
  expect(worker.log.find(({ event }) => event === 133)?.fields).toEqual({ account: 'account', taskHub: 'hub', worker: worker.id, partition: 'p0', previousOwner: worker.id, nextOwner: 'B' })
})

test('while it drains the table is read every second and the lease renewed; after 60 s it is given away all the same', async () => {
  const { clock, store, worker } = await start(['p0', 'p1'], { drain: never })
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  expect(worker.calls.slice(2)).toEqual(['drain p0'])
  store.requests.length = 0
  await advance(clock, 59)
  expect(store.requests.filter((request) => request === 'read')).toHaveLength(59)
  expect(store.row('p0')).toMatchObject({ currentOwner: worker.id, isDraining: true, lastRenewal: ticksFromMs(clock.nowMs()) })
  expect(worker.manager.isLeased('p0')).toBe(true)
  expect(worker.signals.get('p0')?.aborted).toBe(false)
  await advance(clock, 1)
  expect(worker.signals.get('p0')?.aborted).toBe(true)
  expect(store.row('p0')).toMatchObject({ currentOwner: null, nextOwner: 'B' })
  expect(worker.lines('p0')).toContain("121 warn partition manager: 'p0' is given away: not drained within 60000 ms")
  expect(worker.calls.at(-1)).toBe('drop p0 released')
})

test('a drain that fails counts as done', async () => {
  const { clock, store, worker } = await start(['p0'], { drain: () => Promise.reject(new Error('no luck')) })
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  expect(store.row('p0').currentOwner).toBeNull()
  expect(worker.lines('p0')).toContain("121 warn partition manager: 'p0' is given away: no luck")
})

test('a partition lost while it drains is dropped at once, and its drain is told', async () => {
  const { clock, store, worker } = await start(['p0'], { drain: never })
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  store.set({ ...store.row('p0'), currentOwner: 'B', nextOwner: null, isDraining: false, expiresAt: ticksFromMs(clock.nowMs() + 30_000) })
  await advance(clock, 1)
  expect(worker.calls).toEqual(['listen p0', 'drain p0', 'drop p0 lost'])
  expect(worker.signals.get('p0')?.aborted).toBe(true)
  expect(worker.manager.isLeased('p0')).toBe(false)
})

test('the drain of an earlier ownership does not end that of a later one', async () => {
  const ends: (() => void)[] = []
  const { clock, store, worker } = await start(['p0'], { drain: () => new Promise((resolve) => ends.push(resolve)) })
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  store.set({ ...store.row('p0'), currentOwner: null, nextOwner: null, isDraining: false })
  await advance(clock, 1)
  expect(worker.calls).toEqual(['listen p0', 'drain p0', 'drop p0 lost', 'listen p0'])
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  expect(ends).toHaveLength(2)
  ends[0]?.()
  await advance(clock, 2)
  expect(store.row('p0')).toMatchObject({ currentOwner: worker.id, isDraining: true })
  ends[1]?.()
  await settle()
  expect(store.row('p0').currentOwner).toBeNull()
})

test('a lost race is followed by another read at once, and the other rows are renewed meanwhile', async () => {
  const { clock, store, worker } = await start(['p0', 'p1', 'p2'])
  let lost = false
  store.before = (request) => {
    if (request !== 'replace p1' || lost) return
    lost = true
    promised(store, 'p1', 'B')
  }
  store.requests.length = 0
  await advance(clock, 10)
  expect(store.requests.slice(0, 8)).toEqual(['read', 'replace p0', 'replace p1', 'replace p2', 'read', 'replace p0', 'replace p1', 'replace p2'])
  for (const partition of ['p0', 'p2']) expect(store.row(partition).lastRenewal).toBe(ticksFromMs(clock.nowMs()))
  expect(worker.lines('p1')).toContain('125 warn partition not renewed: somebody else changed the row')
  expect(worker.calls).toContain('drain p1')
})

test('races that are lost for ever do not flood the table', async () => {
  const { clock, store } = await start(['p0'])
  store.before = (request) => (request === 'read' ? undefined : store.set(store.row('p0')))
  store.requests.length = 0
  await advance(clock, 10)
  expect(store.requests.filter((request) => request === 'read')).toHaveLength(10)
  await advance(clock, 1)
  expect(store.requests.filter((request) => request === 'read')).toHaveLength(11)
})

test('a slow answer for one row does not hold up the others', async () => {
  const { clock, store, worker } = await start(['p0', 'p1'])
  store.before = (request) => (request === 'replace p0' ? never() : undefined)
  await advance(clock, 10)
  expect(store.row('p1').lastRenewal).toBe(ticksFromMs(clock.nowMs()))
  expect(worker.manager.leaseDeadlineMs('p1')).toBe(40_000)
  expect(worker.manager.leaseDeadlineMs('p0')).toBe(30_000)
})

test('a claim whose answer is lost is listened to after the next read', async () => {
  const clock = new VirtualClock()
  const store = new MemoryStore(['p0'])
  const worker = new ManagedWorker({ table: store, clock })
  let lost = false
  const { replace } = store
  store.replace = async (row, signal) => {
    const result = await replace.call(store, row, signal)
    if (lost) return result
    lost = true
    throw new Error('no answer')
  }
  worker.manager.start()
  await settle()
  expect(store.row('p0').currentOwner).toBe(worker.id)
  expect(worker.calls).toEqual([])
  expect(worker.manager.isLeased('p0')).toBe(false)
  await advance(clock, 1)
  expect(worker.calls).toEqual(['listen p0'])
  expect(worker.lines('p0')).toEqual(['128 info partition not claimed: no answer', '124 debug partition renewed'])
})

test('a table that cannot be read is tried again every second', async () => {
  const { clock, store, worker } = await start(['p0'])
  store.before = () => Promise.reject(new Error('the table is away'))
  store.requests.length = 0
  await advance(clock, 14)
  expect(store.requests).toHaveLength(5)
  expect(worker.log.at(-1)).toMatchObject({ event: 122, level: 'error', message: 'partition manager failed: the table is away' })
})

test('a defect in one pass does not end the passes', async () => {
  let defects = 1
  const observe = (): void => {
    if (defects-- > 0) throw new Error('a defect')
  }
  const { clock, worker } = await start(['p0'], { watchdog: { observe } as unknown as PartitionWatchdog })
  expect(worker.log).toMatchObject([{ event: 122, message: 'partition manager failed: a defect' }])
  await advance(clock, 1)
  expect(worker.calls).toEqual(['listen p0'])
})

test('what is dropped is not leased any more when it is told', async () => {
  const leased: boolean[] = []
  const { clock, store, worker } = await start(['p0', 'p1'], { dropped: (partition) => void leased.push(worker.manager.isLeased(partition)) })
  promised(store, 'p0', 'B')
  await advance(clock, 10)
  await worker.manager.stop(0).catch(() => {})
  expect(worker.calls.filter((call) => call.startsWith('drop'))).toEqual(['drop p0 released', 'drop p1 stopped'])
  expect(leased).toEqual([false, false])
  expect(worker.gauges.at(-1)).toBe('dtfx.partitions.owned 0')
})

test('a stop drains and gives back everything, and looks every second', async () => {
  let end: () => void = () => {}
  const drained = new Promise<void>((resolve) => (end = resolve))
  const { clock, store, worker } = await start(['p0', 'p1'], { drain: (partition) => (partition === 'p0' ? drained : Promise.resolve()) })
  const stopped = worker.manager.stop(600_000)
  expect(worker.manager.stop(1)).toBe(stopped)
  await settle()
  expect(store.row('p1')).toMatchObject({ currentOwner: null, nextOwner: null, isDraining: false })
  expect(store.row('p0')).toMatchObject({ currentOwner: worker.id, isDraining: true })
  store.requests.length = 0
  await advance(clock, 5)
  expect(store.requests).toEqual(Array.from({ length: 5 }, () => ['read', 'replace p0']).flat())
  end()
  await settle()
  await stopped
  expect(store.row('p0').currentOwner).toBeNull()
  expect(worker.calls.slice(2)).toEqual(['drain p0', 'drain p1', 'drop p1 released', 'drop p0 released'])
  expect(clock.pendingTimers).toBe(0)
})

test('at its deadline a stop aborts what is under way and names what it still holds', async () => {
  const { clock, store, worker } = await start(['p0', 'p1'], { drain: (partition) => (partition === 'p0' ? never() : Promise.resolve()) })
  const { id } = worker
  const stopped = worker.manager.stop(5_000)
  const failed = expect(stopped).rejects.toMatchObject({ code: 'DTFX_PARTITIONS_HELD', message: `Worker ${id} stopped after 5000 ms while it still held 'p0'. Other workers take over when its leases run out.` })
  await settle()
  let aborted = false
  store.before = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => ((aborted = true), reject(signal.reason as Error))))
  await advance(clock, 5)
  await failed
  expect(aborted).toBe(true)
  expect(worker.signals.get('p0')?.aborted).toBe(true)
  expect(worker.calls.at(-1)).toBe('drop p0 stopped')
  expect(clock.pendingTimers).toBe(0)
  expect(worker.manager.isLeased('p0')).toBe(false)
})

test('a claim that may have taken effect is among what a stop could not give back', async () => {
  const clock = new VirtualClock()
  const store = new MemoryStore(['p0'])
  const worker = new ManagedWorker({ table: store, clock })
  store.before = (request) => (request === 'read' ? undefined : Promise.reject(new Error('no answer')))
  worker.manager.start()
  await settle()
  await expect(worker.manager.stop(0)).rejects.toMatchObject({ code: 'DTFX_PARTITIONS_HELD', details: { partitions: "'p0'" } })
})

test('it can be started again, under another id, and not twice', async () => {
  const { clock, store, worker } = await start(['p0'])
  const first = worker.id
  expect(() => worker.manager.start()).toThrow(expect.objectContaining({ code: 'DTFX_WORKER_STATE' }))
  await worker.manager.stop(1_000)
  expect(worker.manager.workerId).toBeUndefined()
  expect(store.row('p0').currentOwner).toBeNull()
  worker.manager.start()
  await settle()
  expect(worker.id).toMatch(/^A-[0-9a-f]{12}$/)
  expect(worker.id).not.toBe(first)
  expect(store.row('p0').currentOwner).toBe(worker.id)
  await advance(clock, 20)
  expect(worker.calls).toEqual(['listen p0', 'drain p0', 'drop p0 released', 'listen p0'])
  await worker.manager.stop(1_000)
})

test('a partition that cannot be listened to is tried again with the next pass', async () => {
  let failures = 1
  const { clock, worker } = await start(['p0'], {
    listen: () => {
      if (failures-- > 0) throw new Error('no queue')
    },
  })
  expect(worker.manager.listening()).toEqual([])
  expect(worker.lines('p0')).toContain("122 error partition manager failed: 'p0' cannot be listened to: no queue")
  await advance(clock, 10)
  expect(worker.calls).toEqual(['listen p0'])
  expect(worker.manager.listening()).toEqual(['p0'])
})
