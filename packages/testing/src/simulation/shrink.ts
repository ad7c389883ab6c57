/** Makes a failing simulation smaller: fewer instances, shorter programs, fewer kinds of faults, as long as it still fails. Bounded: a small counter-example is worth a few seconds, not minutes. */
import type { FaultOptions } from './fault-options.js'
import { shrinkScenario } from './shrink-scenario.js'
import { simulate, type SimulationOptions, type SimulationReport } from './simulate.js'

export interface Shrunk {
  readonly options: SimulationOptions
  readonly report: SimulationReport
  /** Simulations that were run on the way. */
  readonly tries: number
}

const faultKinds = ['crash', 'transient', 'ambiguous', 'delay', 'pause', 'loseLock', 'duplicate', 'late', 'reorder', 'stop', 'deploy', 'clockSkewMs'] as const satisfies (keyof FaultOptions)[]

/** `failing` is the report of a simulation that broke a rule. */
export async function shrink(options: SimulationOptions, failing: SimulationReport, maxTries = 100): Promise<Shrunk> {
  let best: Shrunk = { options: { ...options, scenario: failing.scenario }, report: failing, tries: 0 }
  let tries = 0
  for (let progress = true; progress; ) {
    progress = false
    for (const candidate of candidates(best)) {
      if (tries >= maxTries) return { ...best, tries }
      tries++
      const report = await simulate(candidate)
      if (report.violations.length === 0) continue
      best = { options: candidate, report, tries }
      progress = true
      break
    }
  }
  return { ...best, tries }
}

function* candidates({ options }: Shrunk): Generator<SimulationOptions> {
  const { scenario, faults } = options
  if (scenario === undefined) return
  for (const smaller of shrinkScenario(scenario)) yield { ...options, scenario: smaller }
  if (faults === false) return
  for (const kind of faultKinds) if (faults?.[kind] !== 0) yield { ...options, faults: { ...faults, [kind]: 0 } }
  if ((options.workers ?? 3) > 1) yield { ...options, workers: (options.workers ?? 3) - 1 }
}
