/** The rules of the partition manager hold in whatever order things happen. `DTFX_WALKS=20000` and `DTFX_DEPTH` make it a campaign. */
import { expect, test } from 'vitest'
import { walk } from './model/random-walk.js'

const walks = Number(process.env['DTFX_WALKS'] ?? 150)

test(`${walks} random walks with crashes, pauses, stops, lost and late requests, and clocks that differ`, () => {
  let actions = 0
  let moves = 0
  for (let seed = 1; seed <= walks; seed++) {
    const walked = walk({ seed })
    actions += walked.actions
    moves += walked.moves
  }
  expect(moves).toBeGreaterThan(walks)
  console.log(actions, moves)
}, 600_000)
