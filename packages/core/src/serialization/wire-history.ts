/**
 * History events ↔ .NET's JSON, byte for byte: one table of members per event type, in .NET's order.
 * Reading takes the type from `$type`, anywhere in the object and under every name .NET ever gave it, and only without one from `EventType` (number or name).
 * Of our own, `MessageId`, `PreviousMessageId`, `SeedExecutionId` and `Recursive` travel as members that .NET ignores.
 */
import { eventTypeNumbers, type HistoryEvent } from '../model/events.js'
import { classOfType, typedObject, type WireFlavour } from './wire-flavour.js'
import { defaultDate } from './wire-date.js'
import { parseWire, wireText, type WireObject } from './wire-json.js'
import { date, describe, flag, integer, invalid, readObject, status, text } from './wire-kinds.js'
import { layout, optional, own, readMembers, required, writeExtra, writeMember, type WireLayout, type WireMember } from './wire-layout.js'
import * as parts from './wire-parts.js'
import { state } from './wire-state.js'

type EventType = HistoryEvent['type']

interface EventLayout extends WireLayout {
  readonly type: EventType
  readonly className: string
  /** How many members precede `EventType`: .NET writes public fields before properties. */
  readonly fields: number
}

const base: readonly WireMember[] = [
  required('EventId', 'eventId', integer),
  optional('IsPlayed', 'isPlayed', flag, false),
  required('Timestamp', 'timestamp', date, defaultDate),
]

const name = required('Name', 'name', text)
const version = optional('Version', 'version', text)
const input = optional('Input', 'input', text)
const result = optional('Result', 'result', text)
const reason = optional('Reason', 'reason', text)
const trace = optional('ParentTraceContext', 'parentTraceContext', parts.traceContext)
const tags = optional('Tags', 'tags', parts.tags)
const failure = optional('FailureDetails', 'failure', parts.failure)
const taskScheduledId = required('TaskScheduledId', 'taskScheduledId', integer)
const fireAt = required('FireAt', 'fireAt', date)
const instanceId = required('InstanceId', 'instanceId', text)
const messageId = own('MessageId', 'messageId', text)
const completion = [required('OrchestrationStatus', 'status', status), result, failure]
const failed = [taskScheduledId, reason, optional('Details', 'details', text), failure]

const eventLayouts: Readonly<Record<EventType, EventLayout>> = {
  ExecutionStarted: eventLayout(
    'ExecutionStarted',
    [
      required('OrchestrationInstance', 'instance', parts.instance),
      optional('ParentInstance', 'parent', parts.parent),
      ...[name, version, input, tags],
      optional('Correlation', 'correlation', text),
      trace,
      optional('ScheduledStartTime', 'scheduledStartTime', date),
      optional('Generation', 'generation', integer),
      optional('GenerateNewTrace', 'generateNewTrace', flag, false),
    ],
    { ours: [messageId, own('SeedExecutionId', 'seedExecutionId', text)], fields: 1 },
  ),
  ExecutionCompleted: eventLayout('ExecutionCompleted', completion),
  ContinueAsNew: eventLayout('ContinueAsNew', completion),
  ExecutionTerminated: eventLayout('ExecutionTerminated', [input], { ours: [own('Recursive', 'recursive', flag)] }),
  TaskScheduled: eventLayout('TaskScheduled', [name, version, input, trace, tags], { ours: [messageId] }),
  TaskCompleted: eventLayout('TaskCompleted', [taskScheduledId, result]),
  TaskFailed: eventLayout('TaskFailed', failed),
  SubOrchestrationInstanceCreated: eventLayout(
    'SubOrchestrationInstanceCreated',
    [name, version, instanceId, input, optional('ClientSpanId', 'clientSpanId', text), tags],
    { ours: [messageId] },
  ),
  SubOrchestrationInstanceCompleted: eventLayout('SubOrchestrationInstanceCompleted', [taskScheduledId, result]),
  SubOrchestrationInstanceFailed: eventLayout('SubOrchestrationInstanceFailed', failed),
  TimerCreated: eventLayout('TimerCreated', [fireAt], { ours: [messageId] }),
  TimerFired: eventLayout('TimerFired', [required('TimerId', 'timerId', integer), fireAt]),
  OrchestratorStarted: eventLayout('OrchestratorStarted', []),
  OrchestratorCompleted: eventLayout('OrchestratorCompleted', []),
  EventSent: eventLayout('EventSent', [instanceId, name, input]),
  EventRaised: eventLayout('EventRaised', [name, input, trace]),
  GenericEvent: eventLayout('GenericEvent', [optional('Data', 'data', text)], { fields: 1 }),
  HistoryState: eventLayout('HistoryState', [optional('State', 'state', state)]),
  ExecutionSuspended: eventLayout('ExecutionSuspended', [reason]),
  ExecutionResumed: eventLayout('ExecutionResumed', [reason]),
  ExecutionRewound: eventLayout(
    'ExecutionRewound',
    [reason, optional('ParentExecutionId', 'parentExecutionId', text), optional('InstanceId', 'instanceId', text), trace],
    { ours: [messageId, own('PreviousMessageId', 'previousMessageId', text)] },
  ),
}

const byClass: ReadonlyMap<string, EventLayout> = new Map(Object.values(eventLayouts).map((each) => [each.className, each]))

function eventLayout(type: EventType, members: readonly WireMember[], also: { ours?: readonly WireMember[]; fields?: number } = {}): EventLayout {
  return {
    type,
    className: type.endsWith('Event') ? type : `${type}Event`,
    fields: also.fields ?? 0,
    ...layout([...members, ...base, ...(also.ours ?? [])], ['EventType']),
  }
}

/** The wire object of an event: what a queue message has as `Event` and a session state in `Events`. */
export function eventToWire(event: HistoryEvent, flavour: WireFlavour): WireObject {
  const shape = eventLayouts[event.type]
  const wire = typedObject(flavour, `History.${shape.className}`)
  const source = event as unknown as WireObject
  for (let i = 0; i < shape.members.length; i++) {
    if (i === shape.fields) wire['EventType'] = eventTypeNumbers[event.type]
    writeMember(shape.members[i] as WireMember, source, wire, flavour)
  }
  writeExtra(shape, event.extra, wire)
  return wire
}

/** `what` names the place of the event in errors. @throws DTFX_WIRE_INVALID */
export function eventFromWire(value: unknown, what: string): HistoryEvent {
  const source = readObject(value, what, '')
  const shape = layoutOf(source, what)
  const event: Record<string, unknown> = { type: shape.type }
  readMembers(shape, source, event, what)
  return event as unknown as HistoryEvent
}

/** JSON text of one event; `indent` 2 for the history column of Service Bus. */
export function encodeEvent(event: HistoryEvent, flavour: WireFlavour, indent?: number): string {
  return wireText(eventToWire(event, flavour), indent)
}

/** @throws DTFX_WIRE_INVALID */
export function decodeEvent(json: string, what: string): HistoryEvent {
  return eventFromWire(parseWire(json, what), what)
}

/** JSON array of events; `plain` is .NET's own export of a history. */
export function encodeHistory(events: readonly HistoryEvent[], flavour: WireFlavour): string {
  return wireText(events.map((event) => eventToWire(event, flavour)))
}

/** @throws DTFX_WIRE_INVALID */
export function decodeHistory(json: string, what: string): HistoryEvent[] {
  return historyFromWire(parseWire(json, what), what)
}

/** @throws DTFX_WIRE_INVALID */
export function historyFromWire(value: unknown, what: string): HistoryEvent[] {
  if (!Array.isArray(value)) invalid(what, '', `expected an array of events, found ${describe(value)}`)
  return value.map((event, index) => eventFromWire(event, `${what}[${index}]`))
}

function layoutOf(source: WireObject, what: string): EventLayout {
  const type = source['$type'] ?? undefined
  if (type !== undefined) {
    const className = typeof type === 'string' ? classOfType(type) : undefined
    return (className === undefined ? undefined : byClass.get(className)) ?? invalid(what, '$type', `${describe(type)} is no type of history event`)
  }
  const number = source['EventType']
  if (number === undefined) invalid(what, '', "it has neither '$type' nor 'EventType'")
  for (const each of byClass.values()) {
    if (each.type === number || eventTypeNumbers[each.type] === number || String(eventTypeNumbers[each.type]) === number) return each
  }
  return invalid(what, 'EventType', `${describe(number)} is no event type`)
}
