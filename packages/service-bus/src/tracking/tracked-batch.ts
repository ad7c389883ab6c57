/** What a batch of tracking messages says of one instance, by execution: ours tell a state and the events before it, .NET's one event or one state each. Pure. */
import { withCanonicalTimes, withoutEmptyVersion } from '@dtfx/azure-common'
import { eventFromWire, type ConsumedIds, type HistoryEvent, type InstanceState, type TaskMessage, type WireObject } from '@dtfx/core/provider'

export interface TrackedEvent {
  readonly executionId: string
  readonly index: number
  readonly event: HistoryEvent
}

export interface TrackedState {
  readonly state: InstanceState
  /** Absent: written by .NET, or of an execution that has continued as new. */
  readonly commit?: { readonly sequence: number; readonly eventCount: number; readonly consumedIds: ConsumedIds } | undefined
}

export interface TrackedBatch {
  readonly events: readonly TrackedEvent[]
  /** The latest one of each execution; the latest commit is the last. */
  readonly states: readonly TrackedState[]
}

/** Of one message. @throws DTFX_WIRE_INVALID */
export function trackedMessage({ event, instance, extra }: TaskMessage): TrackedBatch {
  const executionId = instance.executionId ?? ''
  if (event.type !== 'HistoryState') return { events: [{ executionId, index: Number(extra?.['SequenceNumber'] ?? 0), event }], states: [] }
  const { state } = event
  if (state === undefined) return { events: [], states: [] }
  const own = objectOf(extra?.['Dtfx'])
  const from = Number(own['From'] ?? 0)
  const place = `tracking message of '${state.instanceId}'`
  const events = (Array.isArray(own['Events']) ? own['Events'] : []).map((each, index): TrackedEvent => ({
    executionId: state.executionId,
    index: from + index,
    event: withCanonicalTimes(withoutEmptyVersion(eventFromWire(each, `${place}.Events[${index}]`))),
  }))
  return { events, states: own['Part'] === true ? [] : [{ state, commit: commitOf(own) }] }
}

/** Commits count by their numbers: a message that was put off, or sent twice, comes behind those of later ones. States of .NET's have no number, and count as they come. */
export function trackedBatch(messages: readonly TrackedBatch[]): TrackedBatch {
  const states = new Map<string, TrackedState>()
  for (const told of messages.flatMap((each) => each.states)) {
    const { executionId } = told.state
    const known = states.get(executionId)
    if (known !== undefined && sequenceOf(told) < sequenceOf(known)) continue
    states.delete(executionId)
    states.set(executionId, told)
  }
  return { events: messages.flatMap(({ events }) => events), states: [...states.values()].sort((a, b) => sequenceOf(a) - sequenceOf(b)) }
}

function sequenceOf({ commit }: TrackedState): number {
  return commit?.sequence ?? 0
}

function commitOf(own: WireObject): TrackedState['commit'] {
  if (own['Sequence'] === undefined) return undefined
  const consumed = objectOf(own['Consumed'])
  return {
    sequence: Number(own['Sequence']),
    eventCount: Number(own['EventCount'] ?? 0),
    consumedIds: { deleted: textsOf(consumed['Deleted']), pending: textsOf(consumed['Pending']) },
  }
}

function objectOf(value: unknown): WireObject {
  return typeof value === 'object' && value !== null ? (value as WireObject) : {}
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
