/** What a commit tells the tracking store, as .NET tells its own: a message for each new event, and one with the state. All of it follows from the state of the session, so that it can be sent again. Pure. */
import { createHash } from 'node:crypto'
import { messageToWire, wireText, type HistoryEvent, type InstanceState, type OrchestrationInstance, type WireObject } from '@dtfx/core/provider'
import { withEmptyVersion } from '@dtfx/azure-common'
import type { OutgoingMessage } from '../messages/bus-message.js'
import type { StoredSession } from '../sessions/session-state.js'

export function trackingMessages(instanceId: string, stored: StoredSession): readonly OutgoingMessage[] {
  const { tracking, state, events } = stored
  if (tracking === undefined || state === undefined) return []
  const { executionId } = state
  const instance = { instanceId, executionId }
  const ended = tracking.ended === undefined ? [] : [stateMessage(tracking.ended, {}, stored.sequence)]
  const history = events.slice(tracking.from).map((event, index) => trackedMessage(event, instance, { SequenceNumber: tracking.from + index }))
  const { deleted, pending } = stored.consumedIds
  const own = { Sequence: stored.sequence, EventCount: events.length, Consumed: { Deleted: deleted, Pending: pending } }
  const bodies = [...ended, ...history, stateMessage(state, own, stored.sequence)]
  return bodies.map((body, index) => ({ body, sessionId: instanceId, executionId, messageId: messageIdOf(stored, index), properties: {} }))
}

function stateMessage(state: InstanceState, own: WireObject, sequence: number): string {
  const { instanceId, executionId, lastUpdatedAt } = state
  const event: HistoryEvent = { type: 'HistoryState', eventId: -1, timestamp: lastUpdatedAt, state }
  return trackedMessage(event, { instanceId, executionId }, { SequenceNumber: sequence, ...(Object.keys(own).length === 0 ? undefined : { Dtfx: own }) })
}

function trackedMessage(event: HistoryEvent, instance: OrchestrationInstance, extra: WireObject): string {
  const wire = messageToWire({ event, instance, extra }, 'serviceBus')
  const inner = withEmptyVersion(wire['Event'] as WireObject)
  const state = inner['State'] as WireObject | null | undefined
  return wireText({ ...wire, Event: state === null || state === undefined ? inner : { ...inner, State: { ...state, Version: state['Version'] ?? '' } } })
}

function messageIdOf({ checkpointId, sequence }: StoredSession, index: number): string {
  return createHash('sha256').update(`${sequence}.${checkpointId ?? ''}`).digest('hex').slice(0, 32).concat(`.${index}`)
}
