/**
 * Runs a workload: three warm-ups of each side (a compiler at work measures nothing but itself), then the counted runs, the sides in turn (A B A B …), so that a change of the machine's speed meets both. Rows hold medians and all runs.
 */
import os from 'node:os'
import { lessIsBetter, type Measurement, type Side, type Workload, type WorkloadOptions } from './measurement.js'
import { median } from './statistics.js'

export interface Row {
  readonly workload: string
  readonly case: string
  readonly provider: string
  readonly metric: string
  readonly value: number
  readonly unit: string
  readonly runs: readonly number[]
  readonly node: string
  readonly cpu: string
  readonly operation?: string
  readonly against?: string
}

export interface RunPlan extends WorkloadOptions {
  readonly runs: number
  readonly against?: string | undefined
}

export async function runWorkload(workload: Workload, plan: RunPlan): Promise<Row[]> {
  const sides = [await workload.open(plan)]
  try {
    if (plan.against !== undefined) {
      const open = workload.against?.[plan.against]
      if (open === undefined) throw new Error(`workload ${workload.name} cannot be compared with ${plan.against}; it knows: ${Object.keys(workload.against ?? {}).join(', ') || 'nobody'}`)
      sides.push(await open(plan))
    }
    const results = await interleave(sides, plan.runs)
    const rows = results.flatMap((runs, index) => toRows(workload, index === 0 ? plan.provider : (plan.against as string), runs))
    return plan.against === undefined ? rows : [...rows, ...ratios(workload, plan.against, results)]
  } finally {
    for (const side of sides) await side.close()
  }
}

async function interleave(sides: readonly Side[], runs: number): Promise<Measurement[][][]> {
  const results: Measurement[][][] = sides.map(() => [])
  for (let warmUp = 0; warmUp < 3; warmUp++) for (const side of sides) await side.run()
  for (let run = 0; run < runs; run++) {
    for (const [index, side] of sides.entries()) {
      results[index]?.push([...(await side.run())])
    }
  }
  return results
}

function toRows(workload: Workload, provider: string, runs: readonly Measurement[][]): Row[] {
  return (runs[0] ?? []).map((first, index) => {
    const values = runs.map((run) => run[index]?.value ?? Number.NaN)
    return { ...rowHead(workload), provider, case: first.case, metric: first.metric, ...(first.operation === undefined ? {} : { operation: first.operation }), value: round(median(values)), unit: first.unit, runs: values.map(round) }
  })
}

/** One ratio per case, on its headline metric: the median of the pairs. */
function ratios(workload: Workload, against: string, [ours = [], theirs = []]: readonly Measurement[][][]): Row[] {
  const cases = [...new Set((ours[0] ?? []).map((measurement) => measurement.case))]
  return cases.map((name) => {
    const pairs = ours.map((run, index) => {
      const mine = run.find((measurement) => measurement.case === name) as Measurement
      const other = theirs[index]?.find((measurement) => measurement.case === name && measurement.metric === mine.metric)
      const quotient = mine.value / (other?.value ?? Number.NaN)
      return lessIsBetter.has(mine.metric) ? 1 / quotient : quotient
    })
    return { ...rowHead(workload), provider: 'ours', case: name, metric: 'ratio', value: round(median(pairs)), unit: 'times', runs: pairs.map(round), against }
  })
}

function rowHead(workload: Workload): Pick<Row, 'workload' | 'node' | 'cpu'> {
  return { workload: workload.name, node: process.versions.node, cpu: `${os.cpus()[0]?.model.trim() ?? 'unknown'} × ${os.cpus().length}` }
}

function round(value: number): number {
  return Number(value.toPrecision(6))
}
