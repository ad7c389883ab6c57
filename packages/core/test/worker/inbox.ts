/** Short forms of what a worker finds: delivered messages, stored states, folded histories. Instance and times are those of the engine's tests; the present is second 100. */
import type { Ticks } from '../../src/base/ticks.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import type { ExecutionStartedEvent, HistoryEvent, HistoryEventOf } from '../../src/model/events.js'
import type { InstanceState, ParentInstance } from '../../src/model/instance.js'
import type { Delivered } from '../../src/provider/work-items.js'
import { prepareTurn } from '../../src/worker/prepare-turn.js'
import type { PreparedTurn, TurnInputs } from '../../src/worker/prepared-turn.js'
import { at, started, testKey, turnEnd, turnStart } from '../engine/history-events.js'

export const now: Ticks = at(100)

export const parent: ParentInstance = { name: 'Parent', instance: { instanceId: 'p', executionId: 'pe' }, taskScheduleId: 3 }

/** A message of the given event; its receipt is its id. */
export function message(id: string, event: HistoryEvent, more: Partial<Delivered> & { readonly executionId?: string } = {}): Delivered {
  const { executionId, ...delivered } = more
  return { id, receipt: id, deliveryCount: 1, faultCount: 0, enqueuedAt: at(90), message: { event, instance: { instanceId: testKey.instanceId, executionId } }, ...delivered }
}

export function startEvent(executionId: string, more: Partial<ExecutionStartedEvent> = {}): ExecutionStartedEvent {
  return started('Flow', undefined, { instance: { instanceId: testKey.instanceId, executionId }, ...more })
}

export function rewound(reason?: string): HistoryEventOf<'ExecutionRewound'> {
  return { type: 'ExecutionRewound', eventId: -1, timestamp: at(0), reason }
}

export function executionCompleted(status: HistoryEventOf<'ExecutionCompleted'>['status'], eventId = 9): HistoryEvent {
  return { type: 'ExecutionCompleted', eventId, timestamp: at(5), status }
}

/** One turn's events between its marks. */
export function turn(second: number, ...events: readonly HistoryEvent[]): HistoryEvent[] {
  return [turnStart(second), ...events, turnEnd(second)]
}

export function fold(...events: readonly HistoryEvent[]): RuntimeState {
  return new RuntimeState(testKey.instanceId, events)
}

export function storedState(more: Partial<InstanceState> = {}): InstanceState {
  return { instanceId: testKey.instanceId, executionId: testKey.executionId, name: 'Flow', status: 'Running', generation: 0, createdAt: at(0), lastUpdatedAt: at(1), ...more }
}

export function prepare(inputs: Partial<TurnInputs> & Pick<TurnInputs, 'messages'>): PreparedTurn {
  return prepareTurn({ instanceId: testKey.instanceId, runtime: undefined, hasHistory: inputs.runtime !== undefined, state: undefined, consumedIds: { deleted: [], pending: [] }, commit: 'atomic', now, ...inputs })
}

/** `id: outcome`, with the reason of a discard and the time of a deferral. */
export function fates(prepared: PreparedTurn): string[] {
  return prepared.settlements.map(({ receipt, outcome, until }) => {
    const aside = [...prepared.discarded, ...prepared.quarantined].find((each) => each.message.receipt === receipt)
    return `${String(receipt)}: ${outcome}${aside === undefined ? '' : ` (${aside.reason})`}${until === undefined ? '' : ` until ${until}`}`
  })
}

export function types(events: readonly HistoryEvent[]): string[] {
  return events.map(({ type }) => type)
}
