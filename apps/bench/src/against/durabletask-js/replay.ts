/** Replay in durabletask-js: its OrchestrationExecutor on protobuf events built beforehand, a new executor per run as its worker makes one per turn. */
import type { HistoryEvent } from '@microsoft/durabletask-js/dist/proto/orchestrator_service_pb.js'
import { activitiesPerSecond, durationOf, expectResult, type Measurement, type Side } from '../../measurement.js'
import { sumTo } from '../../ours/definitions.js'
import { nextName, parallel, sequential } from './orchestrators.js'
import { events, executorClass, registryClass } from './package-parts.js'

const now = new Date('2026-01-01T00:00:00Z')

export async function openReplay(count: number): Promise<Side> {
  const registry = new registryClass()
  registry.addNamedOrchestrator('Sequential', sequential as never)
  registry.addNamedOrchestrator('Parallel', parallel as never)
  const histories = { sequential: sequentialEvents(count), parallel: parallelEvents(count) }
  const measure = async (caseName: string, all: readonly HistoryEvent[]): Promise<Measurement[]> => {
    const [past, fresh] = [all.slice(0, -1), all.slice(-1)]
    const startedMs = performance.now()
    const result = await new executorClass(registry).execute('bench', past, fresh)
    const durationMs = performance.now() - startedMs
    const outputs = result.actions.map((action) => action.getCompleteorchestration()?.getResult()?.getValue() ?? 'another action')
    expectResult('durabletask-js', outputs, [String(sumTo(count))])
    return [activitiesPerSecond(caseName, count, durationMs), durationOf(caseName, durationMs)]
  }
  return {
    run: async () => [...(await measure('sequential', histories.sequential)), ...(await measure('parallel', histories.parallel))],
    close: async () => {},
  }
}

function begin(name: string, count: number): HistoryEvent[] {
  return [events.newOrchestratorStartedEvent(now), events.newExecutionStartedEvent(name, 'bench', String(count))]
}

function sequentialEvents(count: number): HistoryEvent[] {
  const all = begin('Sequential', count)
  for (let id = 1; id <= count; id++) all.push(events.newTaskScheduledEvent(id, nextName, ''), events.newOrchestratorStartedEvent(now), events.newTaskCompletedEvent(id, `{"v":${id}}`))
  return all
}

/** Completions come in turns of ten. */
function parallelEvents(count: number): HistoryEvent[] {
  const all = begin('Parallel', count)
  for (let id = 1; id <= count; id++) all.push(events.newTaskScheduledEvent(id, nextName, ''))
  for (let id = 1; id <= count; id++) {
    if (id % 10 === 1) all.push(events.newOrchestratorStartedEvent(now))
    all.push(events.newTaskCompletedEvent(id, `{"v":${id}}`))
  }
  return all
}
