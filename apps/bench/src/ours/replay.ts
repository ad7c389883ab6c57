/** Our engine alone: one turn from the decoded events of a whole history to the completion, without a cached execution. */
import type { AnyOrchestration } from '@dtfx/core'
import { createEngine, Registry, type TurnExecutor, type TurnResult } from '@dtfx/core/engine'
import type { HistoryEvent } from '@dtfx/core/provider'
import { activitiesPerSecond, durationOf, expectResult, type Measurement, type Side } from '../measurement.js'
import { parallel, sequential, sumTo } from './definitions.js'
import { parallelHistory, sequentialHistory } from './histories.js'

export async function openReplay(count: number): Promise<Side> {
  const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [sequential, parallel]), determinism: 'guard' })
  const histories = { sequential: sequentialHistory(count), parallel: parallelHistory(count) }
  return {
    run: async () => [...(await measure(engine, 'sequential', histories.sequential, count)), ...(await measure(engine, 'parallel', histories.parallel, count))],
    close: async () => {},
  }
}

async function measure(engine: TurnExecutor, caseName: string, events: readonly HistoryEvent[], count: number): Promise<Measurement[]> {
  const [past, fresh] = [events.slice(0, -1), events.slice(-1)]
  const startedMs = performance.now()
  const result = await engine.run({ key: { instanceId: 'bench', executionId: 'bench' }, past, fresh, keep: false })
  const durationMs = performance.now() - startedMs
  expectCompletion(result, sumTo(count))
  return [activitiesPerSecond(caseName, count, durationMs), durationOf(caseName, durationMs)]
}

/** The turn must have decided nothing but to complete with `output`: whatever it scheduled was in its history. @throws WrongResult */
export function expectCompletion(result: TurnResult, output: number): void {
  const actions = result.kind === 'decided' ? result.actions.map((action) => (action.type === 'Complete' ? { type: action.type, status: action.status, result: action.result } : { type: action.type })) : result
  expectResult('dtfx', actions, [{ type: 'Complete', status: 'Completed', result: String(output) }])
}
