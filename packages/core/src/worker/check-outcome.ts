/** Outcomes that middleware made or changed: checked before they reach a history, because a wrong one would break every later replay. */
import type { OrchestrationOutcome } from '../authoring/middleware.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import { msFromTicks } from '../base/ticks.js'
import { dtfxError } from '../errors/durable-error.js'
import type { OrchestratorAction } from '../model/actions.js'

const kinds: ReadonlySet<unknown> = new Set(['ScheduleTask', 'CreateTimer', 'CreateSubOrchestration', 'SendEvent', 'PatchMarker', 'Complete'])

/** @throws DTFX_INVALID_OUTCOME */
export function checkOutcome(outcome: OrchestrationOutcome, runtime: RuntimeState): void {
  const refuse = (problem: string): never => {
    throw dtfxError('DTFX_INVALID_OUTCOME', { what: 'an orchestration', problem })
  }
  if (typeof outcome !== 'object' || outcome === null || !Array.isArray(outcome.actions)) return refuse('it has no list of actions')
  let last = -1
  for (const [index, action] of outcome.actions.entries()) {
    const type = (action as { readonly type?: unknown } | null | undefined)?.type
    if (!kinds.has(type)) refuse(`action ${index} has the unknown type '${String(type)}'`)
    if (action.type === 'PatchMarker') continue
    if (!Number.isInteger(action.id) || action.id <= last) refuse(`action ${index} has id ${action.id}; ids must be whole numbers in ascending order`)
    if (runtime.open.has(action.id)) refuse(`action ${index} has id ${action.id}, which is taken`)
    last = action.id
    if (action.type === 'Complete' && index !== outcome.actions.length - 1) refuse('a completion is not the last action')
    const problem = memberProblem(action)
    if (problem !== undefined) refuse(`action ${index} (${action.type}) ${problem}`)
  }
}

const endings: readonly unknown[] = ['Completed', 'Failed', 'Terminated', 'ContinuedAsNew']

/** Members without which the action could not be carried out, or not be replayed. */
function memberProblem(action: Exclude<OrchestratorAction, { type: 'PatchMarker' }>): string | undefined {
  if ('name' in action && (typeof action.name !== 'string' || action.name === '')) return 'has no name'
  switch (action.type) {
    case 'ScheduleTask':
      return undefined
    case 'CreateTimer':
      return typeof action.fireAt === 'string' && !Number.isNaN(msFromTicks(action.fireAt)) ? undefined : 'has no valid fire time'
    case 'CreateSubOrchestration':
      if (typeof action.executionId !== 'string' || action.executionId === '') return 'has no execution id'
      return typeof action.instanceId === 'string' && action.instanceId !== '' ? undefined : 'has no instance id'
    case 'SendEvent':
      return typeof action.instanceId === 'string' && action.instanceId !== '' ? undefined : 'has no target'
    case 'Complete':
      return endings.includes(action.status) ? undefined : `has the unknown status '${String(action.status)}'`
  }
}
