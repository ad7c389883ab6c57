/** The non-determinism report: made for the person who changed the code. Pure text from the execution, the recorded event and the action the code produced instead. */
import type { OrchestratorAction } from '../model/actions.js'
import type { HistoryEvent } from '../model/events.js'
import type { Execution } from './execution.js'

type Decision = Extract<HistoryEvent, { type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' }>

export function nonDeterminismReport(x: Execution, event: Decision, action: OrchestratorAction | undefined): string {
  const line = x.callLines?.get(event.eventId)
  const next = [...x.pending.values()].filter((pending) => pending.id !== event.eventId).slice(0, 3)
  return [
    `Orchestration '${x.definition.name}' (${x.instanceId}) does not do what its history says it did.`,
    `  at action        #${event.eventId}`,
    `  history recorded ${describeEvent(event)}`,
    `  the code did     ${action === undefined ? 'nothing: it has not scheduled anything under this id' : describeAction(action)}`,
    ...(line === undefined ? [] : [`  called at        ${line}`]),
    ...(next.length === 0 ? [] : [`  also scheduled   ${next.map(describeAction).join(', ')}`]),
    'Usual causes: a call was added, removed, renamed or reordered while instances were running (guard the change with ctx.patched, or register a new version);',
    'a branch depends on something that is not recorded (an environment variable, a global, a random number or the clock read outside ctx); iteration over a collection without a fixed order.',
  ].join('\n')
}

function describeEvent(event: Decision): string {
  switch (event.type) {
    case 'TaskScheduled':
      return `activity '${event.name}'`
    case 'TimerCreated':
      return `a timer until ${event.fireAt}`
    case 'SubOrchestrationInstanceCreated':
      return `sub-orchestration '${event.name}' (${event.instanceId})`
    case 'EventSent':
      return `event '${event.name}' sent to ${event.instanceId}`
  }
}

function describeAction(action: OrchestratorAction): string {
  switch (action.type) {
    case 'ScheduleTask':
      return `activity '${action.name}'`
    case 'CreateTimer':
      return `a timer until ${action.fireAt}`
    case 'CreateSubOrchestration':
      return `sub-orchestration '${action.name}' (${action.instanceId})`
    case 'SendEvent':
      return `event '${action.name}' sent to ${action.instanceId}`
    case 'PatchMarker':
      return `patch marker '${action.patchId}'`
    case 'Complete':
      return `completion as ${action.status}`
  }
}
