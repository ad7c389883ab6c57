/** The history event that records a decision, as a worker records it: without the inputs that travel in messages only. */
import type { OrchestratorAction } from '@dtfx/core/engine'
import { patchMarkerPrefix, type HistoryEvent, type Ticks } from '@dtfx/core/provider'

export function decisionEvent(action: OrchestratorAction, now: Ticks): HistoryEvent {
  const base = { eventId: action.id, timestamp: now }
  switch (action.type) {
    case 'ScheduleTask':
      return { type: 'TaskScheduled', ...base, name: action.name, version: action.version, tags: action.tags }
    case 'CreateTimer':
      return { type: 'TimerCreated', ...base, fireAt: action.fireAt }
    case 'CreateSubOrchestration':
      return { type: 'SubOrchestrationInstanceCreated', ...base, name: action.name, version: action.version, instanceId: action.instanceId, tags: action.tags }
    case 'SendEvent':
      return { type: 'EventSent', ...base, instanceId: action.instanceId, name: action.name, input: action.input }
    case 'PatchMarker':
      return { type: 'GenericEvent', ...base, data: `${patchMarkerPrefix}${action.patchId}` }
    case 'Complete':
      return action.status === 'ContinuedAsNew'
        ? { type: 'ContinueAsNew', ...base, status: action.status, result: action.result }
        : { type: 'ExecutionCompleted', ...base, status: action.status, result: action.result, failure: action.failure }
  }
}
