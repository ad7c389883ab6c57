/**
 * Four worker processes on one file, a random one killed every 200 ms and started again. `DTFX_CRASH` is how many orchestrations, `DTFX_SEED` repeats the times and the victims of a run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashRun } from './crash-run.js'
import { WorkerBundle } from './worker-process.js'

const seed = Number(process.env['DTFX_SEED'] ?? Date.now() % 1_000_000)
const orchestrations = Number(process.env['DTFX_CRASH'] ?? 2_000)

let bundle: WorkerBundle
beforeAll(async () => void (bundle = await WorkerBundle.build()), 60_000)
afterAll(() => {
  if (process.env['DTFX_KEEP'] === undefined) bundle.delete()
  else process.stdout.write(`${bundle.folder}\n`)
})

test('nothing is lost, doubled or swapped', { timeout: 120_000 + orchestrations * 200 }, async () => {
  const { problems, ...counts } = await crashRun(bundle, { seed, orchestrations, workers: 4, killEveryMs: 200, killForMs: 40_000, settleMs: 60_000 + orchestrations * 100 })
  process.stdout.write(`seed ${seed}, ${orchestrations} orchestrations: ${JSON.stringify(counts)}\n`)
  expect(problems.slice(0, 30), `seed ${seed}`).toEqual([])
})
