/** Work items that change an instance without running its code: a refused child start, a termination before the start, a rewind. Pure. */
import type { Ticks } from '../base/ticks.js'
import { rewoundExecutionId, type Identify } from '../engine/identity.js'
import { replyMessageId } from '../model/message.js'
import { rewindHistory } from '../engine/rewind.js'
import { askedAgain, type RuntimeState } from '../engine/runtime-state.js'
import { splitTimerId } from '../model/events.js'
import { dtfxError } from '../errors/durable-error.js'
import { failureFromError } from '../errors/failure-details.js'
import type { ExecutionRewoundEvent, HistoryEvent, HistoryEventOf, SubOrchestrationInstanceCreatedEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { Checkpoint, OutboundMessage } from '../provider/checkpoint.js'
import type { InstanceVersion, OrchestrationWorkItem } from '../provider/work-items.js'
import { parentNotification, type ChildEnd } from './notify-parent.js'
import type { PreparedTurn } from './prepared-turn.js'
import { terminateChild } from './terminate-children.js'

/** Tells the parents of refused starts that the id is in use. */
export function refuseStarts(prepared: PreparedTurn, now: Ticks): OutboundMessage[] {
  return prepared.refusedStarts.flatMap(({ start, messageId }) => {
    const { parent } = start
    if (parent === undefined) return []
    const failure = failureFromError(dtfxError('DTFX_CHILD_ID_IN_USE', { instanceId: start.instance.instanceId }))
    const event: HistoryEvent = { type: 'SubOrchestrationInstanceFailed', eventId: -1, timestamp: now, taskScheduledId: parent.taskScheduleId, reason: failure.errorMessage, failure }
    return [{ id: replyMessageId(messageId), target: { kind: 'instance' as const, instanceId: parent.instance.instanceId }, replyTo: start.messageId, message: { instance: parent.instance, event } }]
  })
}

/**
 * A finished child whose start comes again answers again. A turn of the parent that was lost may have started it: the answer came before the turn that counts, and was to nobody.
 * One that a rewound parent asks answers what asked it.
 */
export function repeatAnswer({ start, completion }: RuntimeState, now: Ticks, asked?: ExecutionRewoundEvent): OutboundMessage[] {
  if (start === undefined || completion === undefined) return []
  const { status, result, failure } = completion
  const answer = parentNotification(asked === undefined ? start : askedAgain(start, asked), { status: status as ChildEnd['status'], result, failure }, now)
  return answer === undefined ? [] : [answer]
}

export interface SpecialInputs {
  readonly item: OrchestrationWorkItem
  readonly prepared: PreparedTurn
  readonly state: InstanceState | undefined
  readonly now: Ticks
  readonly version: InstanceVersion | undefined
  readonly checkpointId: string
  readonly identify: Identify
}

/** A pending instance ends without ever having started; its start message, when it comes, finds it over. */
export function terminatePending(inputs: SpecialInputs): Checkpoint {
  const { prepared, now } = inputs
  const state = inputs.state as InstanceState
  const terminated = prepared.admitted.find((event) => event.type === 'ExecutionTerminated')
  const reason = terminated?.type === 'ExecutionTerminated' ? terminated.input : undefined
  const notification = parentNotification(state, { status: 'Terminated', result: reason }, now)
  const mark = { eventId: -1, timestamp: now }
  const events: HistoryEvent[] = [
    { type: 'OrchestratorStarted', ...mark },
    ...prepared.admitted,
    { type: 'ExecutionCompleted', eventId: 0, timestamp: now, status: 'Terminated', result: reason },
    { type: 'OrchestratorCompleted', ...mark },
  ]
  return {
    executionId: state.executionId,
    base: inputs.version,
    checkpointId: inputs.checkpointId,
    settlements: prepared.settlements,
    history: { kind: prepared.replaces ? 'replace' : 'append', events },
    outbound: notification === undefined ? [] : [notification],
    state: { ...state, status: 'Terminated', output: reason, lastUpdatedAt: now, completedAt: now },
    consumedIds: prepared.consumedIds,
  }
}

/**
 * The history without the failure, under a new execution id; a message to itself makes it run, failed children are rewound too, and answer the message that does it.
 * Its messages are the last ones of the execution that ends here. They follow from its history alone: a rewind that is lost and done anew, even for another reason, asks the children by the same ids.
 */
export function rewindInstance(inputs: SpecialInputs, runtime: RuntimeState, history: readonly HistoryEvent[]): Checkpoint {
  const { prepared, now, item, identify } = inputs
  const state = inputs.state as InstanceState
  const executionId = rewoundExecutionId(item.instanceId, runtime.executionId, history.length)
  const { events, children, abandoned } = rewindHistory(history, { executionId, rewind: prepared.rewind })
  const instance = { instanceId: item.instanceId, executionId }
  const reason = prepared.rewind?.reason
  const sender = { instanceId: item.instanceId, executionId: runtime.executionId, turn: history.length }
  const asks = new Map<HistoryEvent, string>()
  children.forEach((child, ordinal) => asks.set(child, identify({ ...sender, ordinal, eventId: -1, kind: 'ExecutionRewound', target: child.instanceId })))
  const rewinds = children.map((child) => rewindChild(child, { messageId: asks.get(child) as string, parentExecutionId: executionId, reason, now }))
  const endings = abandoned.map(({ instanceId }, index) =>
    terminateChild({ by: { ...sender, ordinal: children.length + index, identify }, instanceId, reason: 'its parent was rewound and starts it anew', now }),
  )
  const wakeUp: OutboundMessage = {
    id: identify({ ...sender, ordinal: splitTimerId, eventId: -1, kind: 'TimerFired', target: item.instanceId }),
    target: { kind: 'instance', instanceId: item.instanceId },
    message: { instance, event: { type: 'TimerFired', eventId: -1, timestamp: now, timerId: splitTimerId, fireAt: now } },
  }
  return {
    executionId,
    base: inputs.version,
    checkpointId: inputs.checkpointId,
    settlements: prepared.settlements,
    history: { kind: 'replace', events: events.map((event) => (asks.has(event) ? { ...event, messageId: asks.get(event) } : event)) },
    outbound: [...rewinds, ...endings, wakeUp],
    state: { ...state, executionId, parent: startOf(events)?.parent ?? state.parent, status: 'Running', output: undefined, failure: undefined, lastUpdatedAt: now, completedAt: undefined },
    consumedIds: prepared.consumedIds,
  }
}

function rewindChild(child: SubOrchestrationInstanceCreatedEvent, by: { messageId: string; parentExecutionId: string; reason: string | undefined; now: Ticks }): OutboundMessage {
  const { messageId, parentExecutionId, reason, now } = by
  const { instanceId, messageId: previousMessageId } = child
  const event: ExecutionRewoundEvent = { type: 'ExecutionRewound', eventId: -1, timestamp: now, reason, parentExecutionId, instanceId, messageId, previousMessageId }
  return { id: messageId, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event } }
}

function startOf(events: readonly HistoryEvent[]): HistoryEventOf<'ExecutionStarted'> | undefined {
  return events.find((event) => event.type === 'ExecutionStarted')
}
