/** Rows that are written and deleted one by one, and the requests that they are. */
import { AccountClients, accountFromConnectionString } from '@dtfx/azure-common'
import { systemClock, systemRandom, type Clock } from '@dtfx/core/provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GroupedRows } from '../../src/tracking/grouped-rows.js'
import { startAzurite, type Azurite } from '../azurite.js'

let azurite: Azurite
let tables = 0

beforeAll(async () => {
  azurite = await startAzurite()
})

afterAll(() => azurite.stop())

async function newRows(pauseMs = 0, clock = systemClock): Promise<{ readonly rows: GroupedRows; readonly requests: () => number; readonly stored: () => Promise<Record<string, unknown>> }> {
  const read = accountFromConnectionString(azurite.connectionString)
  if ('problem' in read) throw new Error(read.problem)
  const clients = new AccountClients(read.account, () => 'request')
  const table = clients.table(`rows${++tables}`)
  await table.createTable()
  const before = clients.requests.snapshot()['request'] ?? 0
  let own = 0
  return {
    rows: new GroupedRows({ table, host: { clock, random: systemRandom }, what: 'row', pauseMs }),
    requests: () => (clients.requests.snapshot()['request'] ?? 0) - before - own,
    stored: async () => {
      const found: Record<string, unknown> = {}
      const count = clients.requests.snapshot()['request'] ?? 0
      for await (const { partitionKey = '', rowKey = '', Value } of table.listEntities()) found[`${partitionKey}/${rowKey}`] = Value
      own += (clients.requests.snapshot()['request'] ?? 0) - count
      return found
    },
  }
}

function row(partitionKey: string, rowKey: string, value: unknown): { partitionKey: string; rowKey: string; columns: { Value: string } } {
  return { partitionKey, rowKey, columns: { Value: String(value) } }
}

describe('rows of one partition', () => {
  it('the first goes at once, those that come meanwhile together', async () => {
    const { rows, requests, stored } = await newRows()
    await Promise.all(Array.from({ length: 90 }, (_, i) => rows.write(row('p', String(i), i))))
    expect(requests()).toBe(2)
    expect(Object.keys(await stored())).toHaveLength(90)
    await Promise.all(Array.from({ length: 90 }, (_, i) => rows.delete({ partitionKey: 'p', rowKey: String(i) })))
    expect(requests()).toBe(4)
    expect(await stored()).toEqual({})
  })

  it('those of several partitions are a request each', async () => {
    const { rows, requests, stored } = await newRows()
    await Promise.all([rows.write(row('a', '0', 0)), ...['a', 'b', 'c'].flatMap((partition) => [1, 2].map((i) => rows.write(row(partition, String(i), i))))])
    expect(requests()).toBe(4)
    expect(Object.keys(await stored()).sort()).toEqual(['a/0', 'a/1', 'a/2', 'b/1', 'b/2', 'c/1', 'c/2'])
  })

  it('what came last of one row is stored, once', async () => {
    const { rows, requests, stored } = await newRows()
    await Promise.all([rows.write(row('p', 'first', 0)), rows.write(row('p', 'r', 1)), rows.write(row('p', 'r', 2)), rows.write(row('p', 's', 1)), rows.delete({ partitionKey: 'p', rowKey: 's' })])
    expect(requests()).toBe(3)
    expect(await stored()).toEqual({ 'p/first': '0', 'p/r': '2' })
  })

  it('one that the service refuses fails alone', async () => {
    const { rows, stored } = await newRows()
    const results = await Promise.allSettled([rows.write(row('p', 'first', 0)), rows.write(row('p', 'a', 1)), rows.write(row('p', 'b', 'x'.repeat(40_000))), rows.write(row('p', 'c', 3))])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ reason: { code: 'DTFX_PERMANENT' } })
    expect(await stored()).toEqual({ 'p/first': '0', 'p/a': '1', 'p/c': '3' })
  })

  it('one that is not there is deleted all the same, and the others with it', async () => {
    const { rows, stored } = await newRows()
    await Promise.all(['a', 'b'].map((key) => rows.write(row('p', key, key))))
    await Promise.all(['first', 'a', 'none', 'b'].map((rowKey) => rows.delete({ partitionKey: 'p', rowKey })))
    expect(await stored()).toEqual({})
  })

  it('between two requests is the pause', async () => {
    const pauses: (() => void)[] = []
    const clock: Clock = { ...systemClock, setTimer: (_delayMs, callback) => (pauses.push(callback), () => {}) }
    const { rows, requests } = await newRows(100, clock)
    await rows.write(row('p', 'first', 0))
    const others = Promise.all([rows.write(row('p', 'a', 1)), rows.write(row('p', 'b', 1))])
    expect(requests()).toBe(1)
    pauses.shift()?.()
    await others
    expect(requests()).toBe(2)
  })
})
