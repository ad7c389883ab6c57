/**
 * Every request of a run goes wrong once, in each way. A sample by default, another one every day; all of them with `DTFX_FAULTS=all`, some with `DTFX_FAULTS=<expression>` over their names, `<mode>/<operation>/<number>/<fault>`.
 */
import { seededRandom, systemClock } from '@dtfx/core/provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { faultRun, nameOf, type FaultCase, type FaultReport } from './fault-run.js'
import { earlyFaults, full, isLook, lateFaults, type Fault } from './fault-proxy.js'

const wanted = process.env['DTFX_FAULTS'] ?? ''
const seed = Number(process.env['DTFX_SEED'] ?? Math.floor(Date.now() / 86_400_000))
/** A campaign ends after it, with what it has. */
const endMs = Number(process.env['DTFX_MINUTES'] ?? 60) * 60_000
const isVerbose = process.env['DTFX_VERBOSE'] !== undefined
const sampleSize = 64
const atOnce = Number(process.env['DTFX_FAULTS_AT_ONCE'] ?? 8)

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()), 60_000)
afterAll(() => azurite.stop())

/** Looks at queues that bring nothing are all alike. */
const maxLooks = 5

function casesOf(mode: FaultCase['mode'], counts: ReadonlyMap<string, number>): FaultCase[] {
  return [...counts].flatMap(([operation, count]) => {
    const [ways, most] = operation.endsWith(full) ? [lateFaults, count] : isLook(operation) ? [earlyFaults, maxLooks] : [[...earlyFaults, ...lateFaults], count]
    return Array.from({ length: Math.min(count, most) }, (_, index) => ways.map((fault: Fault): FaultCase => ({ mode, operation, number: index + 1, fault }))).flat()
  })
}

/** Failed once, and run each time since: a commit that took effect was taken for a lost race, and its local activities were taken back. */
const regressions: ReadonlySet<string> = new Set(['sticky/table transaction History/2/after-503', 'sticky/table transaction History/4/after-503'])

/** Spread over all of them, and another part of them with each seed. */
function sampled(cases: readonly FaultCase[]): readonly FaultCase[] {
  const stride = Math.max(1, Math.floor(cases.length / sampleSize))
  return cases.filter((each, index) => index % stride === seed % stride || regressions.has(nameOf(each)))
}

/** So that a campaign that is cut off has seen some of everything. */
function shuffled(cases: readonly FaultCase[]): readonly FaultCase[] {
  const random = seededRandom(seed)
  return cases.map((each) => [random.next(), each] as const).sort(([a], [b]) => a - b).map(([, each]) => each)
}

function chosen(cases: readonly FaultCase[]): readonly FaultCase[] {
  if (wanted === 'all') return shuffled(cases)
  return wanted === '' ? sampled(cases) : cases.filter((each) => new RegExp(wanted).test(nameOf(each)))
}

/** A report per case, `atOnce` side by side. */
async function campaign(cases: readonly FaultCase[]): Promise<ReadonlyMap<FaultCase, FaultReport>> {
  const reports = new Map<FaultCase, FaultReport>()
  const open = [...cases]
  const lastMs = systemClock.monotonicMs() + endMs
  const lane = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined && systemClock.monotonicMs() < lastMs; next = open.shift()) {
      const report = await faultRun(azurite, next.mode, next)
      reports.set(next, report)
      if (isVerbose || report.problems.length > 0) process.stdout.write(`${nameOf(next)}: ${Math.round(report.tookMs)} ms, ${report.runs} runs${report.isHit ? '' : ', not met'}\n${report.problems.join('\n  ')}\n`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return reports
}

test('a request that goes wrong changes nothing', { timeout: wanted === '' ? 300_000 : 2 * endMs }, async () => {
  const clean = await Promise.all((['sticky', 'plain'] as const).map(async (mode) => ({ mode, report: await faultRun(azurite, mode) })))
  expect(clean.flatMap(({ report }) => report.problems)).toEqual([])
  const cases = clean.flatMap(({ mode, report }) => casesOf(mode, report.counts))
  const reports = await campaign(chosen(cases))
  const bad = [...reports].filter(([, { problems }]) => problems.length > 0).map(([fault, { problems }]) => `${nameOf(fault)}: ${problems[0]}`)
  const hits = [...reports.values()].filter(({ isHit }) => isHit).length
  const again = [...reports.values()].reduce((sum, { runs }) => sum + Math.max(0, runs - 8), 0)
  process.stdout.write(`${cases.length} cases, ${reports.size} run, ${hits} met their request, ${again} activities ran again, seed ${seed}\n`)
  expect(bad, `seed ${seed}`).toEqual([])
  expect(hits, 'cases whose request was made').toBeGreaterThan(reports.size / 2)
})
