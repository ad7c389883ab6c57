/**
 * A worker process is killed before and after each of its requests, and another one takes over. A sample by default, another one every day; all of them with `DTFX_KILLS=all`, some with
 * `DTFX_KILLS=<expression>` over their names, `<operation>/<number>/<when>`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { full, isLook } from '../faults/fault-proxy.js'
import { killRun, nameOf, type KillCase, type KillReport } from './kill-run.js'
import { WorkerBundle } from './worker-process.js'

const wanted = process.env['DTFX_KILLS'] ?? ''
const seed = Number(process.env['DTFX_SEED'] ?? Math.floor(Date.now() / 86_400_000))
const isVerbose = process.env['DTFX_VERBOSE'] !== undefined
const sampleSize = 16
const atOnce = Number(process.env['DTFX_KILLS_AT_ONCE'] ?? 4)

let azurite: Azurite
let bundle: WorkerBundle
beforeAll(async () => {
  bundle = await WorkerBundle.build()
  azurite = await startAzurite()
}, 60_000)
afterAll(async () => {
  await azurite.stop()
  bundle.delete()
})

/** Looks at queues that bring nothing are all alike. */
const maxLooks = 2

function casesOf(counts: ReadonlyMap<string, number>): KillCase[] {
  return [...counts].flatMap(([operation, count]) => {
    const most = isLook(operation) && !operation.endsWith(full) ? Math.min(count, maxLooks) : count
    const moments = operation.endsWith(full) ? (['after'] as const) : (['before', 'after'] as const)
    return Array.from({ length: most }, (_, index) => moments.map((when): KillCase => ({ operation, number: index + 1, when }))).flat()
  })
}

function chosen(cases: readonly KillCase[]): readonly KillCase[] {
  if (wanted === 'all') return cases
  if (wanted !== '') return cases.filter((each) => new RegExp(wanted).test(nameOf(each)))
  const stride = Math.max(1, Math.floor(cases.length / sampleSize))
  return cases.filter((_, index) => index % stride === seed % stride)
}

test('a worker that is killed at any of its requests loses nothing', { timeout: wanted === '' ? 300_000 : 3_600_000 }, async () => {
  const clean = await killRun(azurite, bundle)
  expect(clean.problems).toEqual([])
  const cases = casesOf(clean.counts)
  const reports = new Map<KillCase, KillReport>()
  const open = [...chosen(cases)]
  const lane = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const report = await killRun(azurite, bundle, next)
      reports.set(next, report)
      if (isVerbose || report.problems.length > 0) process.stdout.write(`${nameOf(next)}: ${report.runs} runs${report.isKilled ? '' : ', not met'}\n${report.problems.join('\n  ')}\n`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  const bad = [...reports].filter(([, { problems }]) => problems.length > 0).map(([kill, { problems }]) => `${nameOf(kill)}: ${problems[0]}`)
  const kills = [...reports.values()].filter(({ isKilled }) => isKilled).length
  const again = [...reports.values()].reduce((sum, { runs }) => sum + Math.max(0, runs - 8), 0)
  process.stdout.write(`${cases.length} cases, ${reports.size} run, ${kills} killed, ${again} activities ran again, seed ${seed}\n`)
  expect(bad, `seed ${seed}`).toEqual([])
  expect(kills).toBeGreaterThan(reports.size / 2)
})
