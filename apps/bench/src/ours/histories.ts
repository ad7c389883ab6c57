/** Histories of `count` activities as our worker records them, all but the last turn's completion of the orchestration. */
import type { HistoryEvent } from '@dtfx/core/provider'

const timestamp = '2026-01-01T00:00:00.000Z'
const orchestratorStarted: HistoryEvent = { type: 'OrchestratorStarted', eventId: -1, timestamp }
const orchestratorCompleted: HistoryEvent = { type: 'OrchestratorCompleted', eventId: -1, timestamp }

export function sequentialHistory(count: number): HistoryEvent[] {
  const events = begin('Sequential', count)
  for (let i = 0; i < count; i++) events.push(scheduled(i), orchestratorCompleted, orchestratorStarted, completed(i))
  return events
}

/** Completions come in turns of ten. */
export function parallelHistory(count: number): HistoryEvent[] {
  const events = begin('Parallel', count)
  for (let i = 0; i < count; i++) events.push(scheduled(i))
  events.push(orchestratorCompleted)
  for (let i = 0; i < count; i++) {
    if (i % 10 === 0) events.push(orchestratorStarted)
    events.push(completed(i))
    if (i % 10 === 9 && i !== count - 1) events.push(orchestratorCompleted)
  }
  return events
}

function begin(name: string, count: number): HistoryEvent[] {
  const instance = { instanceId: 'bench', executionId: 'bench' }
  return [orchestratorStarted, { type: 'ExecutionStarted', eventId: -1, timestamp, instance, name, input: String(count) }]
}

function scheduled(eventId: number): HistoryEvent {
  return { type: 'TaskScheduled', eventId, timestamp, name: 'Next', messageId: `bench/${eventId}` }
}

function completed(taskScheduledId: number): HistoryEvent {
  return { type: 'TaskCompleted', eventId: -1, timestamp, taskScheduledId, result: `{"v":${taskScheduledId + 1}}` }
}
