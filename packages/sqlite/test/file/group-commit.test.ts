/** Groups on a real file: what shares a transaction, what fails alone, and what a promise says. */
import { DatabaseSync } from 'node:sqlite'
import { DurableError, sleep, systemClock, systemRandom } from '@dtfx/core/provider'
import { afterEach, describe, expect, test } from 'vitest'
import { GroupCommit, type GroupEnd } from '../../src/file/group-commit.js'
import { HubFile } from '../../src/file/hub-file.js'
import type { Transaction } from '../../src/file/transaction.js'
import { deleteHubsAfterwards, newFile } from '../new-hub.js'

deleteHubsAfterwards()

const opened: HubFile[] = []
afterEach(() => {
  for (const file of opened.splice(0)) file.close()
})

const insert = 'INSERT INTO quarantine (id, message, code, reason, quarantined_at) VALUES (?, ?, ?, ?, ?)'
const add = (id: string, size = 10) => ({ sql }: Transaction) => sql.run(insert, id, 'x'.repeat(size), 'c', 'r', 't')

async function open(end: Partial<GroupEnd> = {}): Promise<{ file: HubFile; group: GroupCommit; ids: () => string[]; groups: () => number; failures: unknown[] }> {
  const file = new HubFile({ path: newFile(), durability: 'full', clock: systemClock, random: systemRandom })
  opened.push(file)
  await file.open({ create: true })
  let groups = 0
  const failures: unknown[] = []
  const group = new GroupCommit(file, { before: () => false, wanted: () => false, run: () => void groups++, failed: (error) => failures.push(error), ...end })
  // Another connection sees what is committed, and nothing else.
  const ids = (): string[] => {
    const other = new DatabaseSync(file.path, { readOnly: true })
    try {
      return other.prepare('SELECT id FROM quarantine ORDER BY id').all().map((row) => String(row['id']))
    } finally {
      other.close()
    }
  }
  return { file, group, ids, groups: () => groups, failures }
}

describe('a group', () => {
  test('is all that came in one turn of the event loop', async () => {
    const { group, ids, groups } = await open()
    await Promise.all(['a', 'b', 'c'].map((id) => group.submit(add(id))))
    expect([ids(), groups()]).toEqual([['a', 'b', 'c'], 1])
  })
  test('is bounded', async () => {
    const { group, ids, groups } = await open()
    await Promise.all(Array.from({ length: 600 }, (_, index) => group.submit(add(String(index)))))
    expect([ids().length, groups()]).toEqual([600, 3])
  })
  test('is committed before anybody is told', async () => {
    const { group, ids } = await open()
    const seen: string[][] = []
    await Promise.all(['a', 'b'].map((id) => group.submit(add(id)).then(() => seen.push(ids()))))
    expect(seen).toEqual([['a', 'b'], ['a', 'b']])
  })
  test('goes on without an operation that fails, which leaves nothing', async () => {
    const { group, ids } = await open()
    const undone: string[] = []
    const bad = group.submit((transaction) => {
      add('bad')(transaction)
      transaction.onCommit(() => undone.push('committed'))
      transaction.onUndo(() => undone.push('undone'))
      throw new Error('no')
    })
    const results = await Promise.allSettled([group.submit(add('a')), bad, group.submit(add('a')), group.submit(add('b'))])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    // Once without a savepoint, and once with one.
    expect([ids(), undone]).toEqual([['a', 'b'], ['undone', 'undone']])
  })
  test('runs what shared a group with a failure once more, and tells of the second run alone', async () => {
    const { group, ids } = await open()
    const told: string[] = []
    let held = 0
    const good = group.submit((transaction) => {
      held++
      transaction.onUndo(() => held--)
      transaction.onCommit(() => told.push('good'))
      return add('good')(transaction)
    })
    const results = await Promise.allSettled([good, group.submit(() => { throw new Error('no') })])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect([ids(), told, held]).toEqual([['good'], ['good'], 1])
  })
  test('fails as a whole when the disk is full, and the next one goes on', async () => {
    const { file, group, ids, failures } = await open()
    const pages = Number(file.sql.get<{ page_count: number }>('PRAGMA page_count')?.page_count)
    file.sql.database.exec(`PRAGMA max_page_count = ${pages + 2}`)
    const undone: string[] = []
    const small = group.submit((transaction) => {
      transaction.onUndo(() => undone.push('small'))
      return add('small')(transaction)
    })
    const results = await Promise.allSettled([small, group.submit(add('large', 1_000_000))])
    for (const result of results) expect(result.status === 'rejected' && DurableError.is(result.reason, 'DTFX_FILE_FULL') && result.reason.message).toContain(file.path)
    expect([ids(), undone, failures.length]).toEqual([[], ['small'], 1])
    file.sql.database.exec('PRAGMA max_page_count = 1000000')
    await group.submit(add('later'))
    expect(ids()).toEqual(['later'])
  })
  test('waits for another writer without blocking', async () => {
    const { file, group, ids } = await open()
    const other = new DatabaseSync(file.path)
    other.exec('BEGIN IMMEDIATE')
    let done = false
    const writing = group.submit(add('a')).then(() => (done = true))
    let turns = 0
    const untilMs = systemClock.monotonicMs() + 200
    while (systemClock.monotonicMs() < untilMs) {
      await sleep(systemClock, 1)
      turns++
    }
    expect([done, turns > 10]).toEqual([false, true])
    other.exec('COMMIT')
    other.close()
    await writing
    expect(ids()).toEqual(['a'])
  })
  test('is closed with what came before', async () => {
    const { group, ids } = await open()
    const last = group.submit(add('last'))
    await group.close()
    await last
    expect(ids()).toEqual(['last'])
    await expect(group.submit(add('late'))).rejects.toMatchObject({ code: 'DTFX_CLOSED' })
  })
})
