/**
 * The rules of the partition manager hold in whatever order things happen: exhaustively in the small, at random in the large.
 * A campaign: `DTFX_WALKS=100000` walks, from seed `DTFX_WALK_FROM`; `DTFX_DEPTH=4` actions deeper.
 */
import { expect, test } from 'vitest'
import { explore, type Exploration } from './model/explore.js'
import { walk } from './model/random-walk.js'

const walks = Number(process.env['DTFX_WALKS'] ?? 150)
const firstSeed = Number(process.env['DTFX_WALK_FROM'] ?? 1)
const deeper = Number(process.env['DTFX_DEPTH'] ?? 0)

const all = { crash: true, pause: true, stop: true, requests: true }
const cases: readonly (readonly [name: string, exploration: Exploration, leastWorlds: number])[] = [
  ['2 workers, 1 partition, a clock that differs, 1 fault', { partitions: 1, skewsMs: [0, 1_000], depth: 18, maxFaults: 1, faults: all }, 15_000],
  ['2 workers, 1 partition, 2 faults', { partitions: 1, skewsMs: [0, 0], depth: 12, maxFaults: 2, faults: all }, 15_000],
  ['3 workers, 1 partition, 1 fault', { partitions: 1, skewsMs: [0, 0, 1_000], depth: 12, maxFaults: 1, faults: all }, 10_000],
  ['2 workers, 2 partitions, 1 fault', { partitions: 2, skewsMs: [0, 1_000], depth: 12, maxFaults: 1, faults: all }, 15_000],
  ['3 workers, 3 partitions, no fault', { partitions: 3, skewsMs: [0, 0, 1_000], depth: 8, maxFaults: 0, faults: {} }, 4_000],
  ['4 workers, 4 partitions, no fault', { partitions: 4, skewsMs: [0, 0, 0, 1_000], depth: 6, maxFaults: 0, faults: {} }, 2_000],
]

const named = cases.map(([name, exploration, leastWorlds]) => {
  const depth = exploration.depth + deeper
  return [`every order of ${depth} actions: ${name}`, { ...exploration, depth }, leastWorlds] as const
})

test.each(named)('%s', (_, exploration, leastWorlds) => {
  const { worlds } = explore(exploration)
  expect(worlds).toBeGreaterThan(leastWorlds)
}, 600_000)

test(`${walks} random walks: 2 to 4 workers, 1 to 4 partitions, crashes, pauses, stops, lost and late requests, clocks that differ by up to 5 s`, () => {
  let moves = 0
  for (let seed = firstSeed; seed < firstSeed + walks; seed++) moves += walk({ seed }).moves
  expect(moves).toBeGreaterThan(walks)
}, 3_600_000)

test(`${walks} random walks of fleets in which one or two workers decide as .NET does`, () => {
  for (let seed = firstSeed; seed < firstSeed + walks; seed++) walk({ seed, foreign: 1 + (seed % 2) })
}, 3_600_000)
