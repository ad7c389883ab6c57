/**
 * Whether a message can mean anything to an instance: it carries an event of a type that is sent to instances, with the members that the worker relies on.
 * Stores hand over what they found; a message of another writer, or a damaged one, is told apart here and set aside alone, before it can break the turn of the others.
 */
import { msFromTicks } from '../base/ticks.js'
import type { TaskMessage } from '../model/message.js'

/** What is wrong with it; undefined: nothing. */
export function shapeProblem(message: TaskMessage): string | undefined {
  const event = message.event as unknown as Readonly<Record<string, unknown>> | null | undefined
  if (typeof event !== 'object' || event === null || typeof event['type'] !== 'string') return 'it carries no event'
  if (typeof message.instance !== 'object' || message.instance === null) return 'it has no target'
  switch (event['type']) {
    case 'ExecutionStarted':
      return startProblem(event)
    case 'TaskCompleted':
    case 'TaskFailed':
    case 'SubOrchestrationInstanceCompleted':
    case 'SubOrchestrationInstanceFailed':
      return Number.isInteger(event['taskScheduledId']) ? undefined : 'it does not say which task it completes'
    case 'TimerFired':
      if (!Number.isInteger(event['timerId'])) return 'it does not say which timer fired'
      return typeof event['fireAt'] === 'string' && !Number.isNaN(msFromTicks(event['fireAt'])) ? undefined : 'its fire time is no time'
    case 'EventRaised':
      return typeof event['name'] === 'string' ? undefined : 'the event has no name'
    case 'ExecutionTerminated':
    case 'ExecutionSuspended':
    case 'ExecutionResumed':
    case 'ExecutionRewound':
      return undefined
    default:
      return `a ${event['type']} event is no message to an instance`
  }
}

function startProblem(event: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof event['name'] !== 'string' || event['name'] === '') return 'the start names no orchestration'
  const instance = event['instance'] as { readonly instanceId?: unknown; readonly executionId?: unknown } | null | undefined
  if (typeof instance?.instanceId !== 'string') return 'the start names no instance'
  if (typeof instance.executionId !== 'string' || instance.executionId === '') return 'the start has no execution id'
  const parent = event['parent'] as { readonly instance?: { readonly instanceId?: unknown }; readonly taskScheduleId?: unknown } | null | undefined
  if (parent === undefined || parent === null) return undefined
  return typeof parent.instance?.instanceId === 'string' && Number.isInteger(parent.taskScheduleId) ? undefined : 'the parent of the start is incomplete'
}
