/**
 * What the state of an orchestrator session says of its instance ↔ .NET's OrchestrationSessionState. Events are .NET's; what is ours is in one member, `Dtfx`, which .NET's reader ignores. Pure.
 *
 * Invariants:
 * 1. The state is the commit point: history, what is still to be sent, what was consumed and the number of the commit are one write.
 * 2. `inputs` are the messages of the last commit. One that comes again says that its commit may have stopped before its messages were sent; when none does, all were completed, and so all was sent.
 */
import { committedState, decodeToldState, encodeToldState, withCanonicalTimes, withEmptyVersion, withoutEmptyVersion } from '@dtfx/azure-common'
import { dtfxError, eventFromWire, eventToWire, isFinal, stateFromWire, stateToWire, wireText, type ConsumedIds, type HistoryEvent, type InstanceState, type InstanceVersion, type OutboundMessage, type WireObject } from '@dtfx/core/provider'
import { outboundFromWire, outboundToWire } from '../messages/outbound-json.js'

/** What the tracking store is to be told. */
export interface TrackingPlan {
  /** Events from this place on. */
  readonly from: number
  /** The execution that has just continued as new. */
  readonly ended?: InstanceState | undefined
}

export interface StoredSession {
  readonly events: readonly HistoryEvent[]
  /** JSON of the events, without brackets: only new ones are encoded. */
  readonly eventsJson: string
  /** As of the last commit. */
  readonly state: InstanceState | undefined
  /** Number of the last commit; never goes back. */
  readonly sequence: number
  readonly checkpointId: string | undefined
  readonly consumedIds: ConsumedIds
  /** Sequence numbers of the broker. */
  readonly inputs: readonly string[]
  readonly outbox: readonly OutboundMessage[]
  readonly tracking: TrackingPlan | undefined
  /** Turns begun on suspect inputs since the last commit or release. */
  readonly suspicions: number
  /** Where it is, if not in the session itself. */
  readonly blobKey?: string | undefined
}

export const nothingStored: StoredSession = Object.freeze({
  events: [],
  eventsJson: '',
  state: undefined,
  sequence: 0,
  checkpointId: undefined,
  consumedIds: { deleted: [], pending: [] },
  inputs: [],
  outbox: [],
  tracking: undefined,
  suspicions: 0,
})

/** No instance is stored; suspicions or an outbox may be. */
export function isNothing({ events, state }: StoredSession): boolean {
  return events.length === 0 && state === undefined
}

export function versionOf(stored: StoredSession): InstanceVersion {
  if (stored.checkpointId !== undefined) return `${stored.sequence}.${stored.checkpointId}`
  return isNothing(stored) ? '' : `dotnet.${stored.events.length}`
}

const sessionType = 'DurableTask.Core.OrchestrationSessionState, DurableTask.Core'

export function eventsJsonOf(events: readonly HistoryEvent[]): string {
  return events.map((event) => wireText(withEmptyVersion(eventToWire(event, 'serviceBus')))).join(',')
}

export function appendJson(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first},${second}`
}

export function encodeSession(stored: StoredSession): string {
  return `{"$type":"${sessionType}","Events":[${stored.eventsJson}],"BlobKey":null,"Dtfx":${wireText(ownMember(stored))}}`
}

/** What stays in the session when the rest is in a blob. */
export function encodeReference({ sequence, checkpointId }: StoredSession, blobKey: string): string {
  return wireText({ $type: sessionType, Events: null, BlobKey: blobKey, Dtfx: { Sequence: sequence, ...(checkpointId === undefined ? undefined : { Checkpoint: checkpointId }) } })
}

/** Undefined: it is all in the value. */
export function blobKeyOf(value: unknown): string | undefined {
  const key = (value as WireObject | null)?.['BlobKey']
  return typeof key === 'string' && key !== '' ? key : undefined
}

/** `value` as parsed; what .NET has ever written is read, also its older forms. @throws DTFX_WIRE_INVALID */
export function decodeSession(value: unknown, instanceId: string): StoredSession {
  const place = `state of session '${instanceId}'`
  const wire: WireObject = Array.isArray(value) ? { Events: value as unknown[] } : typeof value === 'object' && value !== null ? (value as WireObject) : invalid(place, 'it is no object')
  const { Events: list } = wire
  if (list !== null && list !== undefined && !Array.isArray(list)) invalid(place, "'Events' is no list")
  const events = ((list ?? []) as unknown[]).map((each, index) => withCanonicalTimes(withoutEmptyVersion(eventFromWire(each, `${place}.Events[${index}]`))))
  const own = objectOf(wire['Dtfx'])
  const told = typeof own['State'] === 'string' ? decodeToldState(own['State'], place) : undefined
  const consumed = objectOf(own['Consumed'])
  const tracking = own['Tracking'] === undefined ? undefined : objectOf(own['Tracking'])
  return {
    events,
    eventsJson: eventsJsonOf(events),
    state: events.length === 0 && told === undefined ? undefined : committedState({ instanceId, history: events, told }),
    sequence: Number(own['Sequence'] ?? 0),
    checkpointId: typeof own['Checkpoint'] === 'string' ? own['Checkpoint'] : undefined,
    consumedIds: { deleted: textsOf(consumed['Deleted']), pending: textsOf(consumed['Pending']) },
    inputs: textsOf(own['Inputs']),
    outbox: (Array.isArray(own['Outbox']) ? own['Outbox'] : []).map((each, index) => outboundFromWire(each, `${place}.Outbox[${index}]`)),
    tracking: tracking === undefined ? undefined : { from: Number(tracking['From'] ?? 0), ended: tracking['Ended'] === undefined ? undefined : stateFromWire(tracking['Ended'], `${place}.Ended`) },
    suspicions: Number(own['Suspicions'] ?? 0),
  }
}

/** The instance has come to its end, and its history only waits to be tracked. */
export function isOver({ state }: StoredSession): boolean {
  return state !== undefined && isFinal(state.status)
}

function ownMember({ state, sequence, checkpointId, consumedIds, inputs, outbox, tracking, suspicions }: StoredSession): WireObject {
  const { deleted, pending } = consumedIds
  return {
    Sequence: sequence,
    ...(checkpointId === undefined ? undefined : { Checkpoint: checkpointId }),
    ...(state === undefined ? undefined : { State: encodeToldState(state) }),
    ...(deleted.length + pending.length === 0 ? undefined : { Consumed: { Deleted: deleted, Pending: pending } }),
    ...(inputs.length === 0 ? undefined : { Inputs: inputs }),
    ...(outbox.length === 0 ? undefined : { Outbox: outbox.map(outboundToWire) }),
    ...(tracking === undefined ? undefined : { Tracking: { From: tracking.from, ...(tracking.ended === undefined ? undefined : { Ended: stateToWire(tracking.ended, 'plain') }) } }),
    ...(suspicions === 0 ? undefined : { Suspicions: suspicions }),
  }
}

function objectOf(value: unknown): WireObject {
  return typeof value === 'object' && value !== null ? (value as WireObject) : {}
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}

function invalid(what: string, problem: string): never {
  throw dtfxError('DTFX_WIRE_INVALID', { what, problem })
}
