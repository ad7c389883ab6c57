/** A workload whose figures are written down beforehand: one per run of each side, the warm-up's first. */
import { expectResult, type Metric, type Side, type Workload } from '../src/measurement.js'
import type { Pace } from '../src/runner.js'

export interface Script {
  readonly ours: readonly number[]
  readonly theirs?: readonly number[]
  readonly metric?: Metric
}

/** A figure that a side gives although it computed nonsense. */
export const wrong = Number.NEGATIVE_INFINITY

export interface ScriptedWorkload extends Workload {
  /** What happened, for instance `ours 3`, `close ours`. */
  readonly log: string[]
}

export function scriptedWorkload({ ours, theirs = [], metric = 'duration_ms' }: Script): ScriptedWorkload {
  const log: string[] = []
  const side = async (name: string, values: readonly number[]): Promise<Side> => {
    let run = 0
    return {
      run: async () => {
        const value = values[run++] ?? Number.NaN
        log.push(`${name} ${value}`)
        expectResult(name, value === wrong ? 'nonsense' : 'sense', 'sense')
        return [
          { case: 'one', metric, value, unit: 'u' },
          { case: 'one', metric: 'latency_p99_ms', value: value * 10, unit: 'u' },
          { case: 'two', metric, value: value + 1, unit: 'u' },
        ]
      },
      close: async () => void log.push(`close ${name}`),
    }
  }
  return {
    name: 'scripted',
    summary: 'figures written down beforehand',
    counts: 'nothing',
    defaultCount: 1,
    defaultRuns: ours.length - 1,
    open: () => side('ours', ours),
    against: { them: () => side('theirs', theirs) },
    log,
  }
}

/** One run of each side warms up; every look at the clock costs `stepMs`. */
export function steadyPace(stepMs = 0): Pace {
  let nowMs = 0
  return { warmUpMs: 0, budgetMs: 100, nowMs: () => (nowMs += stepMs) }
}
