/** A failing simulation as text for people: what was broken, how to see it again, and the smallest run that shows it. */
import type { FaultOptions } from './fault-options.js'
import type { Fate } from './scenario.js'
import type { Shrunk } from './shrink.js'
import type { SimulationReport } from './simulate.js'

const fateText: Readonly<Record<Fate, string>> = { completes: 'completes', fails: 'fails', rewound: 'fails and is rewound', terminated: 'is terminated' }

export function describeFailure(report: SimulationReport, shrunk?: Shrunk): string {
  const { seed, commit, violations, faults } = report
  const drawn = Object.entries(faults).filter(([, count]) => count > 0).map(([kind, count]) => `${kind} ${count}`)
  const lines = [
    `seed ${seed}, ${commit}: ${violations.length} violation${violations.length === 1 ? '' : 's'}`,
    ...violations.slice(0, 10).map((violation) => `  - ${violation}`),
    `faults: ${drawn.join(', ') || 'none'}`,
    `again: pnpm sim --from ${seed} --seeds 1 --commit ${commit} --shrink`,
  ]
  if (shrunk !== undefined) lines.push(...describeShrunk(shrunk))
  return lines.join('\n')
}

function describeShrunk({ options, report, tries }: Shrunk): string[] {
  const { scenario, faults, workers = 3 } = options
  const off = Object.entries((faults === false ? {} : (faults ?? {})) as FaultOptions).filter(([, value]) => value === 0).map(([kind]) => kind)
  return [
    `smallest of ${tries} tries: ${workers} workers${off.length === 0 ? '' : `, without ${off.join(', ')}`}`,
    ...report.violations.slice(0, 3).map((violation) => `  - ${violation}`),
    ...(scenario?.instances ?? []).map(({ instanceId, fate, program }) => `  ${instanceId}, which ${fateText[fate]}: ${JSON.stringify(program)}`),
    ...(scenario?.script ?? []).map((step) => `  ${JSON.stringify(step)}`),
  ]
}
