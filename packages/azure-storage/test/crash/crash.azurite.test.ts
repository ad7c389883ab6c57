/**
 * Worker processes that die and stand still at random, on one hub. `DTFX_CRASH=<orchestrations>` runs more of them, for as long as they need; `DTFX_SEED` repeats the times at which a run did what to
 * which process.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { crashRun, type CrashPlan } from './crash-run.js'
import { WorkerBundle } from './worker-process.js'

const seed = Number(process.env['DTFX_SEED'] ?? Date.now() % 1_000_000)
const orchestrations = Number(process.env['DTFX_CRASH'] ?? 96)
const chaosMs = Number(process.env['DTFX_CHAOS_MS'] ?? Math.max(18_000, orchestrations * 180))

let azurite: Azurite
let bundle: WorkerBundle
beforeAll(async () => {
  bundle = await WorkerBundle.build()
  azurite = await startAzurite()
}, 60_000)
afterAll(async () => {
  await azurite.stop()
  if (process.env['DTFX_KEEP'] === undefined) bundle.delete()
  else process.stdout.write(`${bundle.folder}\n`)
})

async function crash(plan: Pick<CrashPlan, 'workers'>): Promise<void> {
  const report = await crashRun(azurite, bundle, { seed, orchestrations, chaosMs, settleMs: Number(process.env['DTFX_SETTLE_MS'] ?? 120_000), ...plan })
  const { problems, ...counts } = report
  process.stdout.write(`seed ${seed}, ${orchestrations} orchestrations: ${JSON.stringify(counts)}\n`)
  expect(problems.slice(0, 30), `seed ${seed}`).toEqual([])
}

const timeout = 3 * chaosMs + 240_000

test('nothing is lost, doubled or swapped', { timeout }, () => crash({ workers: ['sticky', 'sticky', 'plain'] }))
test('nor beside a worker that writes as the .NET framework does', { timeout }, () => crash({ workers: ['sticky', 'sticky', 'compat'] }))
