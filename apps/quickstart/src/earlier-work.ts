/** What of a run was done before this process took it up: read from the histories, which is where it is found again. */
import { DurableError, type HistoryEvent, type TaskHubClient } from '@dtfx/core'
import { checkFile } from './activities/check-file.js'
import type { FileReport } from './check-report.js'

/** Paths of the files whose checks are in the histories of the run's sub-orchestrations; one with broken links is checked twice, and counts once. */
export async function filesDoneBefore(client: TaskHubClient, instanceId: string): Promise<ReadonlySet<string>> {
  const events = await eventsOf(client, instanceId)
  const executionId = startOf(events)?.instance.executionId
  const children = events.flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))
  const histories = await Promise.all(children.map((child) => eventsOf(client, child)))
  // A child that has not begun may still have the history of an earlier run of this id.
  const ofThisRun = histories.filter((history) => startOf(history)?.parent?.instance.executionId === executionId)
  return new Set(ofThisRun.flatMap(filesDone))
}

function startOf(history: readonly HistoryEvent[]): Extract<HistoryEvent, { type: 'ExecutionStarted' }> | undefined {
  return history.find((event) => event.type === 'ExecutionStarted')
}

/** A sub-orchestration that has not begun may have no history yet. */
async function eventsOf(client: TaskHubClient, instanceId: string): Promise<readonly HistoryEvent[]> {
  try {
    return (await client.history(instanceId)).events
  } catch (error) {
    if (DurableError.is(error, 'DTFX_INSTANCE_NOT_FOUND')) return []
    throw error
  }
}

function filesDone(history: readonly HistoryEvent[]): string[] {
  const checks = new Set(history.flatMap((event) => (event.type === 'TaskScheduled' && event.name === checkFile.name ? [event.eventId] : [])))
  return history.flatMap((event) => (event.type === 'TaskCompleted' && checks.has(event.taskScheduledId) ? [(JSON.parse(event.result ?? '{}') as FileReport).path] : []))
}
