/** What of a run was done before this process took it up: read from the histories, which is where it is found again. */
import { DurableError, type HistoryEvent, type TaskHubClient } from '@dtfx/core'
import { checkFile } from './activities/check-file.js'

/** Checks of files whose results are in the histories of the run's sub-orchestrations; a file with broken links is checked twice. */
export async function checksDoneBefore(client: TaskHubClient, instanceId: string): Promise<number> {
  const events = await eventsOf(client, instanceId)
  const children = events.flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))
  const histories = await Promise.all(children.map((child) => eventsOf(client, child)))
  return histories.reduce((sum, history) => sum + checksDone(history), 0)
}

/** A sub-orchestration that has not begun has no history yet. */
async function eventsOf(client: TaskHubClient, instanceId: string): Promise<readonly HistoryEvent[]> {
  try {
    return (await client.history(instanceId)).events
  } catch (error) {
    if (DurableError.is(error, 'DTFX_INSTANCE_NOT_FOUND')) return []
    throw error
  }
}

function checksDone(history: readonly HistoryEvent[]): number {
  const checks = new Set(history.flatMap((event) => (event.type === 'TaskScheduled' && event.name === checkFile.name ? [event.eventId] : [])))
  return history.filter((event) => event.type === 'TaskCompleted' && checks.has(event.taskScheduledId)).length
}
