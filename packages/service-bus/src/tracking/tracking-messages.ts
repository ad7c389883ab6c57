/**
 * What commits tell the tracking store: the state, in .NET's own message, and with it, in a member that .NET does not look at, the events that are new. All of it follows from the state of the session, so that it
 * can be sent again. Pure.
 * Invariant: events that one message is too small for go ahead in messages of their own; the last one has the state, so that the end of an instance is told after its history.
 */
import { createHash } from 'node:crypto'
import { eventToWire, messageToWire, wireText, type HistoryEvent, type InstanceState, type WireObject } from '@dtfx/core/provider'
import { withEmptyVersion } from '@dtfx/azure-common'
import type { OutgoingMessage } from '../messages/bus-message.js'
import type { StoredSession } from '../sessions/session-state.js'
import { trackingLane } from './tracking-lane.js'

/** Of events in one message, as JSON. Less than what a message can be when nothing of it can be compressed. */
const maxEventsLength = 1_000_000

export function trackingMessages(instanceId: string, stored: StoredSession): readonly OutgoingMessage[] {
  const { tracking, state, events } = stored
  if (tracking === undefined || state === undefined) return []
  const { executionId } = state
  const { deleted, pending } = stored.consumedIds
  const parts = partsOf(events, tracking.from)
  const bodies = parts.map(({ from, events: part }, index) => {
    const told = { From: from, Events: part }
    const isLast = index === parts.length - 1
    return stateMessage(isLast ? state : { ...state, input: undefined, output: undefined }, stored.sequence, isLast ? { ...told, Sequence: stored.sequence, EventCount: events.length, Consumed: { Deleted: deleted, Pending: pending } } : { ...told, Part: true })
  })
  if (tracking.ended !== undefined) bodies.unshift(stateMessage(tracking.ended, stored.sequence, undefined))
  return bodies.map((body, index) => ({ body, sessionId: trackingLane(instanceId), executionId, messageId: messageIdOf(stored, index), properties: {} }))
}

interface Part {
  readonly from: number
  readonly events: WireObject[]
}

/** At least one: the state is told without events, too. */
function partsOf(events: readonly HistoryEvent[], from: number): readonly Part[] {
  let last: Part = { from, events: [] }
  const parts = [last]
  let length = 0
  for (const [index, event] of events.slice(from).entries()) {
    const wire = withEmptyVersion(eventToWire(event, 'serviceBus'))
    const size = sizeOf(event)
    if (last.events.length > 0 && length + size > maxEventsLength) {
      parts.push((last = { from: from + index, events: [] }))
      length = 0
    }
    last.events.push(wire)
    length += size
  }
  return parts
}

/** About what it takes as JSON: its texts are the most of it. */
function sizeOf(event: HistoryEvent): number {
  return Object.values(event).reduce((sum: number, value: unknown) => sum + (typeof value === 'string' ? value.length : 64), 256)
}

function stateMessage(state: InstanceState, sequence: number, own: WireObject | undefined): string {
  const { instanceId, executionId, lastUpdatedAt } = state
  const event: HistoryEvent = { type: 'HistoryState', eventId: -1, timestamp: lastUpdatedAt, state }
  const wire = messageToWire({ event, instance: { instanceId, executionId }, extra: { SequenceNumber: sequence, ...(own === undefined ? undefined : { Dtfx: own }) } }, 'serviceBus')
  const inner = withEmptyVersion(wire['Event'] as WireObject)
  const shown = inner['State'] as WireObject | null | undefined
  return wireText({ ...wire, Event: shown === null || shown === undefined ? inner : { ...inner, State: { ...shown, Version: shown['Version'] ?? '' } } })
}

function messageIdOf({ checkpointId, sequence }: StoredSession, index: number): string {
  return createHash('sha256').update(`${sequence}.${checkpointId ?? ''}`).digest('hex').slice(0, 32).concat(`.${index}`)
}
