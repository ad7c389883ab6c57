/** Outcomes that middleware made or changed: checked before they reach a history, because a wrong one would break every later replay. */
import type { OrchestrationOutcome } from '../authoring/middleware.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import { dtfxError } from '../errors/durable-error.js'

const kinds = new Set(['ScheduleTask', 'CreateTimer', 'CreateSubOrchestration', 'SendEvent', 'PatchMarker', 'Complete'])

/** @throws DTFX_INVALID_OUTCOME */
export function checkOutcome(outcome: OrchestrationOutcome, runtime: RuntimeState): void {
  const refuse = (problem: string): never => {
    throw dtfxError('DTFX_INVALID_OUTCOME', { what: 'an orchestration', problem })
  }
  if (typeof outcome !== 'object' || outcome === null || !Array.isArray(outcome.actions)) return refuse('it has no list of actions')
  let last = -1
  for (const [index, action] of outcome.actions.entries()) {
    if (!kinds.has(action.type)) refuse(`action ${index} has the unknown type '${String(action.type)}'`)
    if (action.type === 'PatchMarker') continue
    if (!Number.isInteger(action.id) || action.id <= last) refuse(`action ${index} has id ${action.id}; ids must be whole numbers in ascending order`)
    if (runtime.open.has(action.id)) refuse(`action ${index} has id ${action.id}, which is taken`)
    last = action.id
    if (action.type === 'Complete' && index !== outcome.actions.length - 1) refuse('a completion is not the last action')
    if ('name' in action && (typeof action.name !== 'string' || action.name === '')) refuse(`action ${index} has no name`)
  }
}
