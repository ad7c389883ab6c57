/**
 * One decision → the history events that record it and the messages that carry it out. Pure; the rules are those of .NET's dispatcher (dtfx-core A11.5).
 * Invariant: the message of a decision has an id derived from execution and event id, and the recorded event keeps that id, so that only its own answer is ever accepted.
 */
import type { Ticks } from '../base/ticks.js'
import type { Identify } from '../engine/identity.js'
import { replyMessageId } from '../model/message.js'
import { fireAndForgetTag } from '../engine/runtime-state.js'
import type { CompleteAction, CreateSubOrchestrationAction, OrchestratorAction } from '../model/actions.js'
import { patchMarkerPrefix, type ExecutionStartedEvent, type HistoryEvent, type TaskScheduledEvent } from '../model/events.js'
import type { Tags } from '../model/instance.js'
import type { OutboundMessage } from '../provider/checkpoint.js'

export interface Recording {
  readonly start: ExecutionStartedEvent
  readonly now: Ticks
  readonly identify: Identify
  readonly addEvent: (event: HistoryEvent) => void
  readonly send: (message: OutboundMessage) => void
}

/** Records every kind of action but the completion. */
export function recordAction(to: Recording, action: Exclude<OrchestratorAction, CompleteAction>): void {
  const { instance } = to.start
  const head = { eventId: action.id, timestamp: to.now }
  switch (action.type) {
    case 'ScheduleTask':
      return scheduleTask(to, action)
    case 'CreateTimer': {
      const messageId = to.identify({ ...decisionOf(to, action), kind: 'TimerFired', target: instance.instanceId, deliverAt: action.fireAt })
      to.addEvent({ type: 'TimerCreated', ...head, fireAt: action.fireAt, messageId })
      return to.send({
        id: replyMessageId(messageId),
        target: { kind: 'instance', instanceId: instance.instanceId },
        message: { event: { type: 'TimerFired', eventId: -1, timestamp: to.now, timerId: action.id, fireAt: action.fireAt }, instance },
        replyTo: messageId,
        deliverAt: action.fireAt,
      })
    }
    case 'CreateSubOrchestration':
      return createChild(to, action)
    case 'SendEvent':
      to.addEvent({ type: 'EventSent', ...head, instanceId: action.instanceId, name: action.name, input: action.input })
      return to.send({
        id: to.identify({ ...decisionOf(to, action), kind: 'EventRaised', name: action.name, target: action.instanceId, payload: action.input }),
        target: { kind: 'instance', instanceId: action.instanceId },
        message: { event: { type: 'EventRaised', eventId: -1, timestamp: to.now, name: action.name, input: action.input, parentTraceContext: to.start.parentTraceContext }, instance: { instanceId: action.instanceId } },
      })
    case 'PatchMarker':
      return to.addEvent({ type: 'GenericEvent', eventId: -1, timestamp: to.now, data: patchMarkerPrefix + action.patchId })
  }
}

/** Which decision a message carries out: the part of its identity that all kinds share. */
function decisionOf({ start: { instance } }: Recording, { id }: { readonly id: number }) {
  return { instanceId: instance.instanceId, executionId: instance.executionId as string, eventId: id }
}

function scheduleTask(to: Recording, action: Extract<OrchestratorAction, { type: 'ScheduleTask' }>): void {
  const { instance } = to.start
  const { name, version, tags, input: payload } = action
  const id = to.identify({ ...decisionOf(to, action), kind: 'TaskScheduled', name, version, tags, payload })
  const parentTraceContext = to.start.parentTraceContext
  const recorded: TaskScheduledEvent = { type: 'TaskScheduled', eventId: action.id, timestamp: to.now, name, version, input: undefined, parentTraceContext, tags, messageId: id }
  to.addEvent(recorded)
  const event: TaskScheduledEvent = { type: 'TaskScheduled', eventId: action.id, timestamp: to.now, name, version, input: action.input, parentTraceContext, tags, messageId: id }
  to.send({ id, target: activityTarget, message: { event, instance, orchestrationTags: to.start.tags } })
}

const activityTarget = Object.freeze({ kind: 'activity' as const })

function createChild(to: Recording, action: CreateSubOrchestrationAction): void {
  const { start, now } = to
  const tags = childTags(start.tags, action)
  const instance = { instanceId: action.instanceId, executionId: action.executionId }
  const { name, version, input: payload } = action
  const messageId = to.identify({ ...decisionOf(to, action), kind: 'ExecutionStarted', name, version, target: action.instanceId, tags, payload })
  to.addEvent({ type: 'SubOrchestrationInstanceCreated', eventId: action.id, timestamp: now, name, version, instanceId: action.instanceId, tags, messageId })
  to.send({
    id: messageId,
    target: { kind: 'instance', instanceId: action.instanceId },
    message: {
      instance,
      event: {
        type: 'ExecutionStarted',
        eventId: -1,
        timestamp: now,
        instance,
        parent: { name: start.name, instance: start.instance, taskScheduleId: action.id, version: start.version },
        name,
        version,
        input: action.input,
        tags,
        parentTraceContext: start.parentTraceContext,
        messageId,
      },
    },
  })
}

/** The child's own tags over the parent's; "nobody waits" is never inherited. */
function childTags(parent: Tags | undefined, action: CreateSubOrchestrationAction): Tags | undefined {
  const { [fireAndForgetTag]: _, ...inherited } = parent ?? {}
  const tags = { ...inherited, ...action.tags, ...(action.fireAndForget === true ? { [fireAndForgetTag]: '' } : {}) }
  return Object.keys(tags).length === 0 ? undefined : tags
}
