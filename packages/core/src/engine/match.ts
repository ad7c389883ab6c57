/**
 * Compares what history recorded with what the code does now. Rules of .NET (dtfx-core A6.3): the type of the action and the name must agree, names without regard to case;
 * versions, inputs, fire times and target instances are not compared, so that a harmless change of them does not break instances in flight.
 */
import { NonDeterminismError } from '../errors/user-errors.js'
import type { OrchestratorAction } from '../model/actions.js'
import { splitTimerId, type HistoryEvent } from '../model/events.js'
import type { Execution } from './execution.js'
import { nonDeterminismReport } from './nondeterminism-report.js'

export type RecordedDecision = Extract<HistoryEvent, { type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' }>

const actionOf = {
  TaskScheduled: 'ScheduleTask',
  TimerCreated: 'CreateTimer',
  SubOrchestrationInstanceCreated: 'CreateSubOrchestration',
  EventSent: 'SendEvent',
} as const satisfies Record<RecordedDecision['type'], OrchestratorAction['type']>

/** Strikes the action off the pending ones. @throws NonDeterminismError */
export function matchDecision(x: Execution, event: RecordedDecision): void {
  if (event.eventId === splitTimerId) return
  const action = x.pending.get(event.eventId)
  if (action !== undefined && action.type === actionOf[event.type] && (event.type === 'TimerCreated' || sameName((action as { name: string }).name, event.name))) {
    x.pending.delete(event.eventId)
    return
  }
  throw new NonDeterminismError(nonDeterminismReport(x, event, action), { instanceId: x.instanceId, name: x.definition.name, eventId: event.eventId })
}

function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}
