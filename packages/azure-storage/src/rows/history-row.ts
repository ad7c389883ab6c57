/**
 * History events ↔ rows of .NET's History table. A row is an event's plain wire object, one member a column; what differs is done here:
 * `_Timestamp` is the event's own time, enums are names, objects are JSON (`null` where .NET 2.9 writes that), a simple member without a value has no column.
 *
 * Invariants:
 * 1. Columns that nobody here knows are in `extra` of the event, and come back as they were.
 * 2. A row that a rewind turned into a GenericEvent keeps the columns of what it was.
 */
import { dtfxError, eventFromWire, eventToWire, parseWire, statusNumbers, wireText, type HistoryEvent, type OrchestrationStatus, type WireObject } from '@dtfx/core/provider'
import { type Cell, dateCell, isTyped, type Row, withCanonicalTimes, withEmptyVersion, withoutEmptyVersion } from '@dtfx/azure-common'
import { addExtraColumns, packedExtras, unpackExtras } from './extra-columns.js'

const dateColumns: ReadonlySet<string> = new Set(['_Timestamp', 'FireAt', 'ScheduledStartTime'])
const jsonColumns: ReadonlySet<string> = new Set(['OrchestrationInstance', 'ParentInstance', 'ParentTraceContext', 'Tags', 'FailureDetails', 'State'])
/** Of the store, not of the event. */
const storeColumns: ReadonlySet<string> = new Set(['ExecutionId', packedExtras])

export function historyRow(event: HistoryEvent, executionId: string): Row {
  const { extra, ...known } = event
  const columns: Record<string, Cell> = { EventType: event.type, ExecutionId: executionId }
  for (const [name, value] of Object.entries(withEmptyVersion(eventToWire(known as HistoryEvent, 'plain')))) setColumn(columns, name === 'Timestamp' ? '_Timestamp' : name, value)
  addExtraColumns(columns, extra === undefined ? undefined : asColumns(extra))
  return columns
}

/** `place` names the row in errors. @throws DTFX_WIRE_INVALID */
export function eventOfRow(columns: Row, place: string): HistoryEvent {
  if (columns['EventType'] === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: "it has no column 'EventType'" })
  const wire: Record<string, unknown> = {}
  for (const [name, cell] of Object.entries(columns)) {
    if (!storeColumns.has(name)) wire[name === '_Timestamp' ? 'Timestamp' : name] = memberOf(name, cell, place)
  }
  unpackExtras(columns[packedExtras], wire, place)
  return withCanonicalTimes(withoutEmptyVersion(eventFromWire(wire, place)))
}

const inbound: ReadonlySet<HistoryEvent['type']> = new Set([
  'ExecutionStarted',
  'ExecutionTerminated',
  'ExecutionSuspended',
  'ExecutionResumed',
  'ExecutionRewound',
  'EventRaised',
  'TaskCompleted',
  'TaskFailed',
  'SubOrchestrationInstanceCompleted',
  'SubOrchestrationInstanceFailed',
  'TimerFired',
])

/** As .NET stores a new event: true on what came from outside and was given to the code, false on what the code decided and on marks. */
export function asPlayed(event: HistoryEvent): HistoryEvent {
  return inbound.has(event.type) && event.isPlayed !== true ? { ...event, isPlayed: true } : event
}

function setColumn(columns: Record<string, Cell>, name: string, value: unknown): void {
  if (name === 'EventType') return
  if (jsonColumns.has(name)) columns[name] = wireText(value ?? null)
  else if (value === null || value === undefined) return
  else if (dateColumns.has(name)) columns[name] = dateCell(String(value))
  else columns[name] = name === 'OrchestrationStatus' ? statusName(value) : (value as Cell)
}

const statusNames = Object.keys(statusNumbers) as readonly OrchestrationStatus[]

function statusName(number: unknown): string {
  return statusNames.find((each) => statusNumbers[each] === number) ?? String(number)
}

function memberOf(name: string, cell: Cell, place: string): unknown {
  if (jsonColumns.has(name) && typeof cell === 'string') return cell === '' ? null : parseWire(cell, `${place}.${name}`)
  return dateColumns.has(name) && isTyped(cell) && cell.type === 'DateTime' ? cell.value : cell
}

/** An extra of this event may be a member of other events: it becomes the column that it would be there. */
function asColumns(extra: WireObject): WireObject {
  return Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, jsonColumns.has(name) ? wireText(value) : dateColumns.has(name) && typeof value === 'string' ? dateCell(value) : value]))
}
