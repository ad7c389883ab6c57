/** Every branch of a pass, row by row. A row is written `owner,next,draining,seconds left`; `-` is nobody, and in the last place no time at all. */
import { ticksFromMs } from '@dtfx/core/provider'
import { expect, test } from 'vitest'
import { balance, type BalanceDecision } from '../../src/partitions/balance.js'
import type { DrainState } from '../../src/partitions/decide-row.js'
import type { PartitionRow } from '../../src/partitions/partition-row.js'
import { partitionDefaults } from '../../src/partitions/partition-settings.js'

const nowMs = Date.parse('2030-01-01T00:00:00.000Z')

function rowsOf(texts: readonly string[]): readonly PartitionRow[] {
  return texts.map((text, index) => {
    const [owner, next, draining, left] = text.split(',') as [string, string, string, string]
    const nobody = (name: string): string | null => (name === '-' ? null : name)
    const at = (seconds: number): string => ticksFromMs(nowMs + seconds * 1_000)
    const expiresAt = left === '-' ? null : at(Number(left))
    return { partition: `p${index}`, etag: `e${index}`, currentOwner: nobody(owner), nextOwner: nobody(next), ownedSince: at(-100), lastRenewal: at(-5), expiresAt, isDraining: draining === 'T', extra: { kept: index } }
  })
}

interface Situation {
  readonly rows: readonly string[]
  readonly stopping?: boolean
  readonly listening?: readonly string[]
  readonly drains?: Readonly<Record<string, DrainState>>
}

function decide({ rows, stopping = false, listening = [], drains = {} }: Situation): BalanceDecision {
  return balance(rowsOf(rows), nowMs, { workerId: 'me', stopping, listening: new Set(listening), drains: new Map(Object.entries(drains)) }, partitionDefaults)
}

/** `p0 claimed+renewed me,-,F,30`. */
function shown({ writes, drop, listen, startDrain, nextPollMs, releasedAll }: BalanceDecision): Record<string, unknown> {
  const left = (ticks: string | null): string => (ticks === null ? '-' : String((Date.parse(ticks) - nowMs) / 1_000))
  return {
    writes: writes.map(({ row, changes }) => `${row.partition} ${changes.join('+')} ${row.currentOwner ?? '-'},${row.nextOwner ?? '-'},${row.isDraining ? 'T' : 'F'},${left(row.expiresAt)}`),
    ...(drop.length === 0 ? {} : { drop: drop.map(({ partition, reason }) => `${partition} ${reason}`) }),
    ...(listen.length === 0 ? {} : { listen }),
    ...(startDrain.length === 0 ? {} : { startDrain }),
    poll: nextPollMs / 1_000,
    ...(releasedAll ? { releasedAll } : {}),
  }
}

const table: readonly (readonly [name: string, situation: Situation, decision: Record<string, unknown>])[] = [
  ['a row of nobody is claimed', { rows: ['-,-,F,-'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['so is one that was released by an owner that stopped', { rows: ['-,-,F,20'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['an expired row is claimed, whoever has it', { rows: ['a,-,F,0'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['… whoever it is promised to', { rows: ['a,b,F,-1'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['… and drained by', { rows: ['a,b,T,-1'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['… and when its promise was to a worker that died', { rows: ['-,b,F,-1'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['not a moment before', { rows: ['a,-,F,0.001'] }, { writes: [], poll: 10 }],
  ['an owner without a time would be one for ever: it counts as expired', { rows: ['a,-,F,-', '-,b,F,-'] }, { writes: ['p0 claimed+renewed me,-,F,30', 'p1 claimed+renewed me,-,F,30'], listen: ['p0', 'p1'], poll: 10 }],
  ['what is promised to me is claimed once it is released', { rows: ['-,me,F,20'] }, { writes: ['p0 claimed+renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['what is promised to another is not', { rows: ['-,b,F,20'] }, { writes: [], poll: 10 }],
  ['what is promised to me is waited for', { rows: ['a,me,F,20'] }, { writes: [], poll: 1 }],
  ['… also while it is drained', { rows: ['a,me,T,20'] }, { writes: [], poll: 1 }],
  ['a stopping owner is stolen from, without a quota', { rows: ['me,-,F,20', 'me,-,F,20', 'a,-,T,20'], listening: ['p0', 'p1'] }, { writes: ['p0 renewed me,-,F,30', 'p1 renewed me,-,F,30', 'p2 stolen a,me,T,20'], poll: 1 }],
  ['… but not if another was first', { rows: ['a,b,T,20'] }, { writes: [], poll: 10 }],
  ['my own row is renewed', { rows: ['me,-,F,20'], listening: ['p0'] }, { writes: ['p0 renewed me,-,F,30'], poll: 10 }],
  ['… also when it is expired, because nobody took it', { rows: ['me,-,F,-5'], listening: ['p0'] }, { writes: ['p0 renewed me,-,F,30'], poll: 10 }],
  ['my own row that I do not listen to (a claim without an answer) is listened to', { rows: ['me,-,F,20'] }, { writes: ['p0 renewed me,-,F,30'], listen: ['p0'], poll: 10 }],
  ['… at once, though another drains (Q2)', { rows: ['me,b,F,20', 'me,-,F,20'], listening: ['p0'] }, { writes: ['p0 drained+renewed me,b,T,30', 'p1 renewed me,-,F,30'], startDrain: ['p0'], listen: ['p1'], poll: 1 }],
  ['a leftover mark of draining is wiped off', { rows: ['me,-,T,20'], listening: ['p0'] }, { writes: ['p0 renewed me,-,F,30'], poll: 10 }],
  ['my row that is stolen begins to drain, and is renewed', { rows: ['me,b,F,20'], listening: ['p0'] }, { writes: ['p0 drained+renewed me,b,T,30'], startDrain: ['p0'], poll: 1 }],
  ['… goes on', { rows: ['me,b,T,20'], listening: ['p0'], drains: { p0: 'running' } }, { writes: ['p0 renewed me,b,T,30'], poll: 1 }],
  ['… begins again if the first write had no answer', { rows: ['me,b,T,20'], listening: ['p0'] }, { writes: ['p0 renewed me,b,T,30'], startDrain: ['p0'], poll: 1 }],
  ['… ends, and is dropped before it is given away (Q1)', { rows: ['me,b,T,20'], listening: ['p0'], drains: { p0: 'done' } }, { writes: ['p0 released -,b,F,20'], drop: ['p0 released'], poll: 10 }],
  ['… also when the thief has changed its mind: then anybody may have it', { rows: ['me,-,T,20', 'me,-,F,20'], listening: ['p0', 'p1'], drains: { p0: 'done', p1: 'running' } }, { writes: ['p0 released -,-,F,20', 'p1 drained+renewed me,-,T,30'], drop: ['p0 released'], poll: 1 }],
  ['what I never listened to needs no drain', { rows: ['me,b,F,20'] }, { writes: ['p0 released -,b,F,20'], poll: 10 }],
  ['a lost row is dropped', { rows: ['a,-,F,20'], listening: ['p0'] }, { writes: [], drop: ['p0 lost'], poll: 10 }],
  ['… also while I stop', { rows: ['a,-,F,20'], stopping: true, listening: ['p0'] }, { writes: [], drop: ['p0 lost'], poll: 1, releasedAll: true }],
  ['… and before it is claimed again', { rows: ['-,-,F,20'], listening: ['p0'], drains: { p0: 'done' } }, { writes: ['p0 claimed+renewed me,-,F,30'], drop: ['p0 lost'], listen: ['p0'], poll: 10 }],
  ['a row that is gone is dropped', { rows: [], listening: ['p7'] }, { writes: [], drop: ['p7 gone'], poll: 10 }],
  ['stopping, every row begins to drain', { rows: ['me,-,F,20', 'me,b,F,20'], stopping: true, listening: ['p0', 'p1'] }, { writes: ['p0 drained+renewed me,-,T,30', 'p1 drained+renewed me,b,T,30'], startDrain: ['p0', 'p1'], poll: 1 }],
  ['… is renewed until it is drained', { rows: ['me,-,T,20'], stopping: true, listening: ['p0'], drains: { p0: 'running' } }, { writes: ['p0 renewed me,-,T,30'], poll: 1 }],
  ['… and released', { rows: ['me,-,T,20', 'me,b,T,20'], stopping: true, listening: ['p0', 'p1'], drains: { p0: 'done', p1: 'done' } }, { writes: ['p0 released -,-,F,20', 'p1 released -,b,F,20'], drop: ['p0 released', 'p1 released'], poll: 1, releasedAll: true }],
  ['stopping, nothing is claimed, stolen or taken over', { rows: ['-,-,F,-', 'a,-,F,-1', 'a,-,T,20', 'a,-,F,20'], stopping: true }, { writes: [], poll: 1, releasedAll: true }],
  ['… and what was promised to me is taken back', { rows: ['-,me,F,20', 'a,me,F,20'], stopping: true }, { writes: ['p0 withdrawn -,-,F,20', 'p1 withdrawn a,-,F,20'], poll: 1, releasedAll: true }],
  ['… but waited for while it is drained', { rows: ['a,me,T,20'], stopping: true }, { writes: [], poll: 1 }],
  ['… unless its owner died over it', { rows: ['a,me,T,-1'], stopping: true }, { writes: ['p0 withdrawn -,-,F,-1'], poll: 1, releasedAll: true }],
]

test.each(table)('%s', (_, situation, decision) => {
  expect(shown(decide(situation))).toEqual(decision)
})

const quotas: readonly (readonly [name: string, owners: string, stolen: readonly number[]])[] = [
  ['half of one other worker', 'a a a a', [0, 1]],
  ['nothing while the shares are even', 'a a me me', []],
  ['nothing for one more or less', 'a a me', []],
  ['its share of two others', 'a a b b', [0]],
  ['from the loaded one', 'a b b b b me', [1]],
  ['one more than the share where some are left over', 'a a a a b me me', [0]],
  ['nothing more than the share where none is', 'a a a a a b me me me', []],
  ['nothing of what is promised to others, which counts for them', 'a>b a>b a a', [2]],
  ['less for what is promised to it already', 'a>me a a a', [1]],
  ['nothing where there are more workers than partitions', 'a b c', []],
]

test.each(quotas)('steals %s', (_, owners, stolen) => {
  const rows = owners.split(' ').map((text) => `${text.includes('>') ? text.replace('>', ',') : `${text},-`},F,20`)
  const listening = owners.split(' ').flatMap((owner, index) => (owner === 'me' ? [`p${index}`] : []))
  const { writes, nextPollMs } = decide({ rows, listening })
  const found = writes.filter(({ changes }) => changes.includes('stolen'))
  expect(found.map(({ row }) => row.partition)).toEqual(stolen.map((index) => `p${index}`))
  expect(found.every(({ row }) => row.nextOwner === 'me' && row.currentOwner !== 'me')).toBe(true)
  if (stolen.length > 0) expect(nextPollMs).toBe(1_000)
})

test('a write is the whole row: what it does not change, and what we do not know, stays', () => {
  const [row] = rowsOf(['a,-,F,20']) as [PartitionRow]
  expect(decide({ rows: ['a,-,F,20', 'a,-,F,20'] }).writes[0]?.row).toEqual({ ...row, nextOwner: 'me' })
  expect(decide({ rows: ['me,-,F,20'], listening: ['p0'] }).writes[0]?.row).toEqual({ ...row, currentOwner: 'me', lastRenewal: '2030-01-01T00:00:00.000Z', expiresAt: '2030-01-01T00:00:30.000Z' })
  expect(decide({ rows: ['a,-,F,-1'] }).writes[0]).toMatchObject({ previousOwner: 'a', row: { etag: 'e0', extra: { kept: 0 }, ownedSince: '2030-01-01T00:00:00.000Z' } })
})
