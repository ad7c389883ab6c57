/**
 * Processes whose requests fail with a chance of 0 to 30 % each, before or after they took effect, or are the last thing they do, from a seed: every instance ends once, with exactly the history it has to have, and nothing is left.
 * `DTFX_SIMULATION=<seeds>` runs more; `DTFX_SEED` is the first one. What is drawn is the same for a seed, the order of what runs side by side is not.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { onlyEmulated } from '../bed.js'
import { catchRequests } from './fragile-process.js'
import { simulatedRun } from './simulated-run.js'

const count = Number(process.env['DTFX_SIMULATION'] ?? 5)
const first = Number(process.env['DTFX_SEED'] ?? 1)
const chances = [0, 0.03, 0.08, 0.15, 0.3]

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

catchRequests()

describe.concurrent('processes that fail and die at any step', () => {
  for (let seed = first; seed < first + count; seed++) {
    const chance = chances[seed % chances.length] as number
    onlyEmulated(`seed ${seed}, ${chance * 100} %`, { timeout: 300_000 }, async () => {
      const startedMs = performance.now()
      const { problems, failures, deaths } = await simulatedRun({ storageConnectionString: azurite.connectionString, seed, chance })
      if (process.env['DTFX_VERBOSE'] === '1') process.stdout.write(`seed ${seed}: ${failures} failures, ${deaths} deaths, ${Math.round(performance.now() - startedMs)} ms\n`)
      expect(problems, `seed ${seed}`).toEqual([])
      if (chance > 0.1) expect(failures).toBeGreaterThan(0)
    })
  }
})
