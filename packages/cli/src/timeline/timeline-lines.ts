/** A timeline for a terminal. Pure but for the widths it remembers from one block of rows to the next. */
import { Columns, type Cell } from '../format/columns.js'
import { durationText } from '../format/duration-text.js'
import { causeText } from '../format/failure-lines.js'
import type { Paint, Style } from '../format/paint.js'
import { textOfPayload } from '../format/payload-text.js'
import { printable } from '../format/printable.js'
import type { TimelineRow } from './timeline-row.js'

/** Longer timelines lose their middle, unless all is asked for. */
const maxRows = 100
const maxPayloadLength = 120

const texts: Readonly<Record<TimelineRow['type'], string>> = {
  ExecutionStarted: 'started',
  ExecutionCompleted: 'ended',
  ExecutionTerminated: 'terminate',
  TaskScheduled: 'activity scheduled',
  TaskCompleted: 'activity completed',
  TaskFailed: 'activity failed',
  SubOrchestrationInstanceCreated: 'child started',
  SubOrchestrationInstanceCompleted: 'child completed',
  SubOrchestrationInstanceFailed: 'child failed',
  TimerCreated: 'timer set',
  TimerFired: 'timer fired',
  OrchestratorStarted: 'turn began',
  OrchestratorCompleted: 'turn ended',
  EventSent: 'event sent',
  EventRaised: 'event received',
  ContinueAsNew: 'continued as new',
  GenericEvent: 'marker',
  HistoryState: 'state',
  ExecutionSuspended: 'suspended',
  ExecutionResumed: 'resumed',
  ExecutionRewound: 'rewound',
}

export interface TimelineView {
  readonly paint: Paint
  readonly full: boolean
  /** Of the terminal; undefined: nothing is cut. */
  readonly screenWidth: number | undefined
  /** When the instance goes on: how long open tasks take so far. Undefined: it has ended, or it is not known. */
  readonly nowMs: number | undefined
}

export class TimelineLines {
  readonly #view: TimelineView
  readonly #columns: Columns

  constructor(view: TimelineView) {
    this.#view = view
    this.#columns = new Columns([{ head: 'AT', align: 'right' }, { head: 'EVENT' }, { head: 'NAME' }, { head: 'TOOK', align: 'right' }, { head: 'DETAIL' }], view.paint, view.full ? undefined : view.screenWidth)
  }

  /** All rows, or both ends of a long timeline. */
  whole(rows: readonly TimelineRow[]): string {
    if (this.#view.full || rows.length <= maxRows) return this.more(rows)
    const half = maxRows / 2
    const cut = `${this.#view.paint.dim(`… ${rows.length - maxRows} more; --full shows all`)}\n`
    return this.more(rows.slice(0, half)) + cut + this.more(rows.slice(-half))
  }

  more(rows: readonly TimelineRow[]): string {
    return this.#columns.lines(rows.map((row) => this.#cells(row)))
  }

  #cells(row: TimelineRow): Cell[] {
    const { paint } = this.#view
    const style = styleOf(row, paint)
    const event = row.type === 'GenericEvent' && row.name !== undefined ? 'patch' : texts[row.type]
    const took = row.tookMs === undefined ? this.#openFor(row) : durationText(row.tookMs)
    return [{ text: `+${durationText(row.sinceStartMs)}`, style: paint.dim }, style === undefined ? event : { text: event, style }, printable(nameOf(row)), took, this.#detail(row)]
  }

  #openFor(row: TimelineRow): Cell {
    const { nowMs, paint } = this.#view
    if (row.isOpen !== true || nowMs === undefined || row.type === 'TimerCreated') return ''
    return { text: `${durationText(Math.max(0, nowMs - Date.parse(row.at)))} …`, style: paint.warn }
  }

  #detail(row: TimelineRow): Cell {
    const { paint, full } = this.#view
    if (row.failure !== undefined) return { text: causeText(row.failure), style: paint.bad }
    const parts = [
      row.attempt === undefined ? '' : `attempt ${row.attempt}`,
      row.retryOf === undefined ? '' : `before ${printable(row.retryOf)} is tried again`,
      row.isOpen === true ? 'open' : '',
      row.type === 'EventSent' || row.type === 'SubOrchestrationInstanceCreated' ? printable(row.instanceId ?? '') : '',
      row.parentInstanceId === undefined ? '' : `child of ${printable(row.parentInstanceId)}`,
      row.generation === undefined ? '' : `generation ${row.generation + 1}`,
      row.payload === undefined ? '' : onOneLine(row.payload, full),
    ]
    return parts.filter((part) => part !== '').join(', ')
  }
}

function nameOf(row: TimelineRow): string {
  if (row.type === 'TimerCreated') return durationText(Date.parse(row.fireAt ?? row.at) - Date.parse(row.at))
  return row.name ?? row.status ?? ''
}

/** A table has no room for lines: even whole payloads stay on one. */
function onOneLine(payload: string, full: boolean): string {
  return full ? printable(payload) : textOfPayload(payload, false, maxPayloadLength)
}

function styleOf({ type, status }: TimelineRow, paint: Paint): Style | undefined {
  if (type === 'TaskFailed' || type === 'SubOrchestrationInstanceFailed' || status === 'Failed') return paint.bad
  if (type === 'ExecutionTerminated' || type === 'ExecutionSuspended' || type === 'ExecutionRewound') return paint.warn
  return status === 'Completed' ? paint.good : undefined
}
