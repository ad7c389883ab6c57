/** A decision of a turn in words, for reports. */
import type { OrchestratorAction } from '@dtfx/core/engine'

export function describeDecision(action: OrchestratorAction): string {
  switch (action.type) {
    case 'ScheduleTask':
      return `#${action.id} activity '${action.name}'`
    case 'CreateTimer':
      return `#${action.id} a timer until ${action.fireAt}`
    case 'CreateSubOrchestration':
      return `#${action.id} sub-orchestration '${action.name}' (${action.instanceId})`
    case 'SendEvent':
      return `#${action.id} event '${action.name}' sent to ${action.instanceId}`
    case 'PatchMarker':
      return `patch marker '${action.patchId}'`
    case 'Complete':
      return `#${action.id} completion as ${action.status}`
  }
}
