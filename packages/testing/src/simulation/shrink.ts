/** Makes a failing simulation smaller: fewer instances, shorter programs, fewer kinds of faults, as long as it still fails. Bounded: a small counter-example is worth a few seconds, not minutes. */
import type { FaultOptions } from './fault-options.js'
import type { Program } from './program.js'
import { eventsOf, type Scenario } from './scenario.js'
import { simulate, type SimulationOptions, type SimulationReport } from './simulate.js'

export interface Shrunk {
  readonly options: SimulationOptions
  readonly report: SimulationReport
  /** Simulations that were run on the way. */
  readonly tries: number
}

const faultKinds = ['crash', 'transient', 'ambiguous', 'delay', 'pause', 'loseLock', 'duplicate', 'late', 'reorder', 'clockSkewMs'] as const satisfies (keyof FaultOptions)[]

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
  for (const smaller of smallerScenarios(scenario)) yield { ...options, scenario: smaller }
  if (faults === false) return
  for (const kind of faultKinds) if (faults?.[kind] !== 0) yield { ...options, faults: { ...faults, [kind]: 0 } }
  if ((options.workers ?? 3) > 1) yield { ...options, workers: (options.workers ?? 3) - 1 }
}

function* smallerScenarios(scenario: Scenario): Generator<Scenario> {
  const { instances, script } = scenario
  if (instances.length > 1) for (const { instanceId } of instances) yield withoutInstance(scenario, instanceId)
  for (const { instanceId, program } of instances) for (const smaller of smallerPrograms(program)) yield withProgram(scenario, instanceId, smaller)
  for (const step of script) if (step.kind === 'suspend' || step.kind === 'terminate') yield { instances, script: script.filter((other) => other !== step) }
}

function withoutInstance({ instances, script }: Scenario, instanceId: string): Scenario {
  return { instances: instances.filter((each) => each.instanceId !== instanceId), script: script.filter((step) => step.instanceId !== instanceId) }
}

/** Events that nobody waits for any more are not sent. */
function withProgram({ instances, script }: Scenario, instanceId: string, program: Program): Scenario {
  const needed = new Set(eventsOf(instanceId, program).map(({ nonce }) => nonce))
  return {
    instances: instances.map((each) => (each.instanceId === instanceId ? { instanceId, program } : each)),
    script: script.filter((step) => step.instanceId !== instanceId || step.kind !== 'raise' || needed.has(step.nonce)),
  }
}

function* smallerPrograms(program: Program): Generator<Program> {
  for (const [at, step] of program.entries()) {
    const others = (replacement: Program): Program => [...program.slice(0, at), ...replacement, ...program.slice(at + 1)]
    if (program.length > 1) yield others([])
    if (step.kind === 'all') {
      for (const branch of step.branches) yield others(branch)
      for (const [index, branch] of step.branches.entries()) for (const smaller of smallerPrograms(branch)) yield others([{ ...step, branches: step.branches.with(index, smaller) }])
    } else if ('body' in step && step.kind !== 'talk') {
      for (const smaller of smallerPrograms(step.body)) yield others([{ ...step, body: smaller }])
    }
  }
}
