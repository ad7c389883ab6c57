/** The message by which a finished child answers its parent. Failed and terminated children are failures to the parent; one that nobody waits for sends nothing. */
import type { Ticks } from '../base/ticks.js'
import { tupleId } from '../engine/identity.js'
import { replyMessageId } from '../model/message.js'
import { fireAndForgetTag } from '../engine/runtime-state.js'
import type { FailureDetails } from '../errors/failure-details.js'
import type { CompleteAction } from '../model/actions.js'
import type { ExecutionStartedEvent, HistoryEvent } from '../model/events.js'
import type { ParentInstance } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { OutboundMessage } from '../provider/checkpoint.js'

export type ChildEnd = Pick<CompleteAction, 'status' | 'result' | 'failure'>

/** What is known of the child's start: the event, or where there is none the stored state. */
export type ChildStart = Pick<ExecutionStartedEvent, 'parent' | 'tags' | 'messageId'>

export function parentNotification(start: ChildStart, end: ChildEnd, now: Ticks): OutboundMessage | undefined {
  const { parent } = start
  if (parent === undefined || start.tags?.[fireAndForgetTag] !== undefined) return undefined
  const answered = start.messageId ?? parentTaskId(parent)
  return {
    id: replyMessageId(answered),
    target: { kind: 'instance', instanceId: parent.instance.instanceId },
    replyTo: start.messageId,
    message: { instance: parent.instance, event: answer(parent.taskScheduleId, end, now) },
  }
}

/** The start came without an id (written by .NET). */
function parentTaskId({ instance, taskScheduleId, name }: ParentInstance): MessageId {
  return tupleId({ instanceId: instance.instanceId, executionId: instance.executionId ?? '', eventId: taskScheduleId, kind: 'ExecutionStarted', name })
}

function answer(taskScheduledId: number, end: ChildEnd, now: Ticks): HistoryEvent {
  const head = { eventId: -1, timestamp: now, taskScheduledId }
  if (end.status === 'Completed') return { type: 'SubOrchestrationInstanceCompleted', ...head, result: end.result }
  const failure = end.failure ?? terminated(end.result)
  return { type: 'SubOrchestrationInstanceFailed', ...head, reason: failure.errorMessage, failure }
}

function terminated(reason: string | undefined): FailureDetails {
  return { errorType: 'OrchestrationTerminatedError', errorMessage: reason ?? 'terminated', isNonRetriable: true, properties: { code: 'DTFX_ORCHESTRATION_TERMINATED' } }
}
