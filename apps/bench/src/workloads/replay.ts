/** Replay: the engine alone, from decoded events to actions, payload JSON included. `count` activities, one after the other and all at once. */
import { createEngine, Registry, type TurnExecutor } from '@dtfx/core/engine'
import type { AnyOrchestration } from '@dtfx/core'
import type { HistoryEvent } from '@dtfx/core/provider'
import { openReplay } from '../against/durabletask-js/replay.js'
import { expectResult, type Measurement, type Workload } from '../measurement.js'
import { parallel, sequential, sumTo } from '../ours/definitions.js'
import { parallelHistory, sequentialHistory } from '../ours/histories.js'

export const replay: Workload = {
  name: 'replay',
  summary: 'the engine alone: decoded history → actions',
  defaultCount: 10_000,
  defaultRuns: 15,
  against: { 'durabletask-js': ({ count }) => openReplay(count) },
  open: async ({ count }) => {
    const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [sequential, parallel]), determinism: 'guard' })
    const histories = { sequential: sequentialHistory(count), parallel: parallelHistory(count) }
    return {
      name: 'dtfx',
      run: async () => [...(await measure(engine, 'sequential', histories.sequential, count)), ...(await measure(engine, 'parallel', histories.parallel, count))],
      close: async () => {},
    }
  },
}

async function measure(engine: TurnExecutor, name: string, events: readonly HistoryEvent[], count: number): Promise<Measurement[]> {
  const past = events.slice(0, -1)
  const fresh = events.slice(-1)
  const startedMs = performance.now()
  const result = await engine.run({ key: { instanceId: 'bench', executionId: 'bench' }, past, fresh, keep: false })
  const durationMs = performance.now() - startedMs
  const completion = result.kind === 'decided' ? result.actions.at(-1) : undefined
  expectResult('dtfx', completion?.type === 'Complete' ? completion.result : result, String(sumTo(count)))
  return [
    { case: name, metric: 'activities_per_second', value: (count / durationMs) * 1000, unit: 'activities/s' },
    { case: name, metric: 'duration_ms', value: durationMs, unit: 'ms' },
  ]
}
