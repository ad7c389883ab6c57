import { ticksFromMs, type LogFields, type LogLevel } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { expect, test } from 'vitest'
import { newPartitionRow, type PartitionRow } from '../../src/partitions/partition-row.js'
import { PartitionWatchdog } from '../../src/partitions/partition-watchdog.js'

function watchdog(age: (partition: string) => Promise<number | undefined> = () => Promise.resolve(undefined)) {
  const clock = new VirtualClock()
  const log: (readonly [number | undefined, LogLevel, LogFields])[] = []
  const gauges = new Map<string, number>()
  const dog = new PartitionWatchdog({
    account: 'account',
    taskHub: 'hub',
    host: {
      clock,
      logger: { enabled: () => true, log: (level, _message, fields = {}, event) => void log.push([event, level, fields]) },
      metrics: { count: () => {}, record: () => {}, gauge: (name, value, attributes) => void gauges.set(`${name} ${attributes?.['partition']}`, value) },
    },
    unownedMs: 60_000,
    oldestMessageMs: 300_000,
    ageEveryMs: 60_000,
    oldestMessageAgeMs: age,
  })
  const row = (change: Partial<PartitionRow>): PartitionRow => ({ ...newPartitionRow('p0'), ...change })
  const owned = (): PartitionRow => row({ currentOwner: 'A', expiresAt: ticksFromMs(clock.nowMs() + 30_000) })
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { clock, log, gauges, dog, row, owned, settle }
}

test('a partition without an owner is measured, and an error after two leases, said again when it has become twice as long', () => {
  const { clock, log, gauges, dog, row, owned } = watchdog()
  dog.observe([owned()], 'B')
  expect(gauges.get('dtfx.partition.unowned_ms p0')).toBe(0)
  const expired = row({ currentOwner: 'A', expiresAt: ticksFromMs(clock.nowMs()) })
  for (let seconds = 0; seconds <= 240; seconds += 10) {
    dog.observe([seconds < 30 ? row({ nextOwner: 'C', expiresAt: null }) : expired], 'B')
    clock.advance('10s')
  }
  expect(gauges.get('dtfx.partition.unowned_ms p0')).toBe(240_000)
  expect(log).toEqual([60_000, 120_000, 240_000].map((unownedMs) => [206, 'error', { account: 'account', taskHub: 'hub', worker: 'B', partition: 'p0', unownedMs }]))
  dog.observe([owned()], 'B')
  expect(gauges.get('dtfx.partition.unowned_ms p0')).toBe(0)
})

test('the oldest message of each own partition is looked at every minute, and an error when it is old', async () => {
  const asked: string[] = []
  let ageMs: number | undefined = 5_000
  const { clock, log, gauges, dog, owned, settle } = watchdog((partition) => (asked.push(partition), Promise.resolve(ageMs)))
  const other = (): PartitionRow => ({ ...owned(), partition: 'p1', currentOwner: 'B' })
  for (let seconds = 0; seconds < 70; seconds += 10) {
    dog.observe([owned(), other()], 'A')
    await settle()
    clock.advance('10s')
  }
  expect(asked).toEqual(['p0', 'p0'])
  expect(gauges.get('dtfx.partition.oldest_message_ms p0')).toBe(5_000)
  ageMs = 300_000
  clock.advance('60s')
  dog.observe([owned()], 'A')
  await settle()
  expect(log).toEqual([[207, 'error', { account: 'account', taskHub: 'hub', worker: 'A', partition: 'p0', oldestMessageMs: 300_000 }]])
})

test('an age that cannot be had is a warning, and the next look is not in the way', async () => {
  const { clock, log, dog, owned, settle } = watchdog(() => Promise.reject(new Error('no queue')))
  dog.observe([owned()], 'A')
  await settle()
  clock.advance('60s')
  dog.observe([owned()], 'A')
  await settle()
  expect(log.map(([event, level]) => [event, level])).toEqual([[121, 'warn'], [121, 'warn']])
})
