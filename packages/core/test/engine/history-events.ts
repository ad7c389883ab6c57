/**
 * Short forms of history events for tests. Time is counted in whole seconds after an odd start (seven digits below the second, so that any loss of ticks shows).
 */
import type { Ticks } from '../../src/base/ticks.js'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import type { OrchestratorAction } from '../../src/model/actions.js'
import { patchMarkerPrefix, type ExecutionStartedEvent, type HistoryEvent, type HistoryEventOf } from '../../src/model/events.js'

/** The time `seconds` after the start of all tests, 2024-05-06T07:00:00.1234567Z. */
export function at(seconds: number): Ticks {
  const text = new Date(Date.UTC(2024, 4, 6, 7) + seconds * 1000).toISOString()
  return `${text.slice(0, 19)}.1234567Z`
}

export const testKey = { instanceId: 'order-1', executionId: 'e1' } as const

const outside = (seconds = 0): { eventId: number; timestamp: Ticks } => ({ eventId: -1, timestamp: at(seconds) })

export function turnStart(seconds: number): HistoryEvent {
  return { type: 'OrchestratorStarted', ...outside(seconds) }
}

export function turnEnd(seconds = 0): HistoryEvent {
  return { type: 'OrchestratorCompleted', ...outside(seconds) }
}

export function started(name: string, input?: unknown, more: Partial<ExecutionStartedEvent> = {}): ExecutionStartedEvent {
  return { type: 'ExecutionStarted', ...outside(), instance: testKey, name, input: payload(input), ...more }
}

export function completed(taskScheduledId: number, result?: unknown): HistoryEvent {
  return { type: 'TaskCompleted', ...outside(), taskScheduledId, result: payload(result) }
}

export function failed(taskScheduledId: number, message = 'boom', more: Partial<FailureDetails> = {}): HistoryEvent {
  return { type: 'TaskFailed', ...outside(), taskScheduledId, failure: failure(message, more) }
}

export function childCompleted(taskScheduledId: number, result?: unknown): HistoryEvent {
  return { type: 'SubOrchestrationInstanceCompleted', ...outside(), taskScheduledId, result: payload(result) }
}

export function childFailed(taskScheduledId: number, message = 'boom', more: Partial<FailureDetails> = {}): HistoryEvent {
  return { type: 'SubOrchestrationInstanceFailed', ...outside(), taskScheduledId, failure: failure(message, more) }
}

export function fired(timerId: number, fireAt: Ticks = at(1e9)): HistoryEvent {
  return { type: 'TimerFired', ...outside(), timerId, fireAt }
}

export function raised(name: string, value?: unknown): HistoryEventOf<'EventRaised'> {
  return { type: 'EventRaised', ...outside(), name, input: payload(value) }
}

export function suspended(reason?: string): HistoryEvent {
  return { type: 'ExecutionSuspended', ...outside(), reason }
}

export function resumed(reason?: string): HistoryEvent {
  return { type: 'ExecutionResumed', ...outside(), reason }
}

export function terminated(reason?: string, recursive?: boolean): HistoryEvent {
  return { type: 'ExecutionTerminated', ...outside(), input: reason, recursive }
}

export function taskScheduled(eventId: number, name: string): HistoryEvent {
  return { type: 'TaskScheduled', eventId, timestamp: at(0), name }
}

export function timerCreated(eventId: number, fireAt: Ticks): HistoryEvent {
  return { type: 'TimerCreated', eventId, timestamp: at(0), fireAt }
}

export function childCreated(eventId: number, name: string, instanceId = 'child'): HistoryEvent {
  return { type: 'SubOrchestrationInstanceCreated', eventId, timestamp: at(0), name, instanceId }
}

export function eventSent(eventId: number, name: string, instanceId = 'other'): HistoryEvent {
  return { type: 'EventSent', eventId, timestamp: at(0), name, instanceId }
}

export function patchMarker(patchId: string): HistoryEvent {
  return { type: 'GenericEvent', ...outside(), data: `${patchMarkerPrefix}${patchId}` }
}

/** The events that record what a turn decided. A completion ends the history and is left out: an end that was not stored must come again on replay. */
export function recorded(actions: readonly OrchestratorAction[]): HistoryEvent[] {
  return actions.flatMap((action): HistoryEvent[] => {
    switch (action.type) {
      case 'ScheduleTask':
        return [taskScheduled(action.id, action.name)]
      case 'CreateTimer':
        return [timerCreated(action.id, action.fireAt)]
      case 'CreateSubOrchestration':
        return [childCreated(action.id, action.name, action.instanceId)]
      case 'SendEvent':
        return [eventSent(action.id, action.name, action.instanceId)]
      case 'PatchMarker':
        return [patchMarker(action.patchId)]
      case 'Complete':
        return []
    }
  })
}

function failure(errorMessage: string, more: Partial<FailureDetails>): FailureDetails {
  return { errorType: 'Error', errorMessage, isNonRetriable: false, ...more }
}

function payload(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}
