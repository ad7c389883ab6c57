/** What a batch of tracking messages says of one instance, by execution. Pure. */
import type { ConsumedIds, HistoryEvent, InstanceState, TaskMessage, WireObject } from '@dtfx/core/provider'

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
  /** The last one of each execution, in order. */
  readonly states: readonly TrackedState[]
}

export function trackedBatch(messages: readonly TaskMessage[]): TrackedBatch {
  const events: TrackedEvent[] = []
  const states = new Map<string, TrackedState>()
  for (const { event, instance, extra } of messages) {
    if (event.type !== 'HistoryState') {
      events.push({ executionId: instance.executionId ?? '', index: Number(extra?.['SequenceNumber'] ?? 0), event })
    } else if (event.state !== undefined) {
      states.delete(event.state.executionId)
      states.set(event.state.executionId, { state: event.state, commit: commitOf(extra) })
    }
  }
  return { events, states: [...states.values()] }
}

function commitOf(extra: WireObject | undefined): TrackedState['commit'] {
  const own = extra?.['Dtfx'] as WireObject | undefined
  if (typeof own !== 'object') return undefined
  const consumed = (own['Consumed'] ?? {}) as WireObject
  return {
    sequence: Number(own['Sequence'] ?? 0),
    eventCount: Number(own['EventCount'] ?? 0),
    consumedIds: { deleted: textsOf(consumed['Deleted']), pending: textsOf(consumed['Pending']) },
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
