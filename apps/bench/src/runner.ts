/**
 * Runs a workload on one or two sides.
 * Invariants: of two sides each has a process of its own (main.ts sees to it); each side is warmed up first, for the same time; counted runs alternate (A B A B …), so that a change of the machine's speed meets both; a wrong result of any
 * run ends everything, without a row. Garbage is not collected by force between runs: that also drops compiled code whose objects all died, and measures how it is compiled again.
 */
import os from 'node:os'
import { isAzureStorage, isServiceBus } from './azure/hub.js'
import { moreIsBetter, type Measurement, type Metric, type Setup, type Side, type SideOptions, type Workload } from './measurement.js'
import { median } from './statistics.js'

export interface Row extends Measurement {
  readonly workload: string
  readonly provider: string
  /** Median of `runs`. */
  readonly value: number
  readonly runs: readonly number[]
  readonly node: string
  readonly cpu: string
  /** Of `ratio`: with whom. */
  readonly against?: string
}

export interface RunPlan extends Setup {
  readonly count?: number | undefined
  readonly runs?: number | undefined
  readonly against?: string | undefined
}

/** How long things may take; the tests have a clock of their own. */
export interface Pace {
  /** Warm-up of a side: until this time has passed, at least one run. */
  readonly warmUpMs: number
  /** Without `--runs`: no further round is begun that would end later than this after the start. */
  readonly budgetMs: number
  nowMs(): number
}

export const defaultPace: Pace = { warmUpMs: 1_000, budgetMs: 22_000, nowMs: () => performance.now() }

/** Where a side runs: in this process, or in one of its own. */
export type OpenSide = (workload: Workload, against: string | undefined, options: SideOptions) => Promise<Side>

export async function runWorkload(workload: Workload, plan: RunPlan, pace: Pace = defaultPace, openSide: OpenSide = openHere): Promise<Row[]> {
  const endMs = plan.runs === undefined ? pace.nowMs() + pace.budgetMs : Number.POSITIVE_INFINITY
  const { provider, options: providerOptions, cache } = plan
  const options: SideOptions = { provider, options: providerOptions, cache, count: plan.count ?? defaultCountOf(workload, plan) }
  const sides: Side[] = []
  try {
    sides.push(await openSide(workload, undefined, options))
    if (plan.against !== undefined) sides.push(await openSide(workload, plan.against, options))
    if (workload.warmUp !== false) for (const side of sides) await warmUp(side, pace)
    const results = await interleave(sides, { rounds: plan.runs ?? workload.defaultRuns, endMs, pace })
    return toRows(workload, plan, results)
  } finally {
    for (const side of sides) await side.close()
  }
}

function defaultCountOf({ defaultCount, requestCount = defaultCount, rivalCounts }: Workload, plan: RunPlan): number {
  const count = isAzureStorage(plan) || isServiceBus(plan) ? requestCount : defaultCount
  return Math.min(count, rivalCounts?.[plan.against ?? ''] ?? count)
}

export async function openHere(workload: Workload, against: string | undefined, options: SideOptions): Promise<Side> {
  const open = against === undefined ? workload.open : workload.against?.[against]
  if (open === undefined) throw new Error(`workload ${workload.name} cannot be compared with '${against}'`)
  return open(options)
}

async function warmUp(side: Side, { nowMs, warmUpMs }: Pace): Promise<void> {
  const endMs = nowMs() + warmUpMs
  do await side.run()
  while (nowMs() < endMs)
}

/** Results by side, then by run. */
async function interleave(sides: readonly Side[], { rounds, endMs, pace }: { rounds: number; endMs: number; pace: Pace }): Promise<(readonly Measurement[])[][]> {
  const results: (readonly Measurement[])[][] = sides.map(() => [])
  for (let round = 0; round < rounds; round++) {
    const startedMs = pace.nowMs()
    for (const [index, side] of sides.entries()) results[index]?.push(await side.run())
    const nowMs = pace.nowMs()
    if (nowMs + (nowMs - startedMs) > endMs) break
  }
  return results
}

function toRows(workload: Workload, { provider, against }: RunPlan, [ours = [], theirs = []]: readonly (readonly Measurement[])[][]): Row[] {
  const rows = sideRows(workload, provider, ours)
  if (against === undefined) return rows
  return [...rows, ...sideRows(workload, against, theirs), ...ratioRows(workload, { provider, against }, ours, theirs)]
}

function sideRows(workload: Workload, provider: string, runs: readonly (readonly Measurement[])[]): Row[] {
  const kinds = new Map(runs.flat().map((measurement) => [kindOf(measurement), measurement]))
  return [...kinds].map(([kind, { case: caseName, metric, unit, operation }]) => {
    // A run that did not send such a request does not mention it.
    const none = metric === 'requests_by_operation' ? 0 : Number.NaN
    const values = runs.map((run) => run.find((measurement) => kindOf(measurement) === kind)?.value ?? none)
    return toRow(workload, { provider, case: caseName, metric, unit, ...(operation === undefined ? {} : { operation }) }, values)
  })
}

function kindOf({ case: caseName, metric, operation }: Measurement): string {
  return JSON.stringify([caseName, metric, operation])
}

/** One ratio per case, of its headline: the median over the pairs of runs. */
function ratioRows(workload: Workload, names: { provider: string; against: string }, ours: readonly (readonly Measurement[])[], theirs: readonly (readonly Measurement[])[]): Row[] {
  const cases = [...new Set((ours[0] ?? []).map((measurement) => measurement.case))]
  return cases.map((name) => {
    const pairs = ours.map((run, index) => {
      const mine = run.find((measurement) => measurement.case === name) as Measurement
      const other = theirs[index]?.find((measurement) => measurement.case === name && measurement.metric === mine.metric)
      return ratioOf(mine.metric, mine.value, other?.value ?? Number.NaN)
    })
    return toRow(workload, { ...names, case: name, metric: 'ratio', unit: 'times' }, pairs)
  })
}

/** > 1 says that ours is better, whatever the metric. */
export function ratioOf(metric: Metric, ours: number, theirs: number): number {
  return moreIsBetter(metric) ? ours / theirs : theirs / ours
}

function toRow(workload: Workload, head: Omit<Row, 'workload' | 'value' | 'runs' | 'node' | 'cpu'>, values: readonly number[]): Row {
  const { case: caseName, provider, metric, unit, operation, against } = head
  return {
    workload: workload.name,
    case: caseName,
    provider,
    metric,
    value: round(median(values)),
    unit,
    runs: values.map(round),
    node: process.versions.node,
    cpu: `${os.cpus()[0]?.model.trim() ?? 'unknown'} × ${os.cpus().length}`,
    ...(operation === undefined ? {} : { operation }),
    ...(against === undefined ? {} : { against }),
  }
}

function round(value: number): number {
  return Number(value.toPrecision(6))
}
