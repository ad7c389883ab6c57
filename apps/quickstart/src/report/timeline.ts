/**
 * A run's history for people: when each event came after the start, what it was, and how long the task took that it ends. Pure: events in, text out.
 * Turn markers (OrchestratorStarted, OrchestratorCompleted) are left out; beginnings and ends of many tasks of one name, with nothing else between them, become one line each;
 * what is still long loses its middle.
 */
import type { HistoryEvent } from '@dtfx/core'
import Table from 'cli-table3'
import type { Paint } from './paint.js'
import { duration, plural } from './wording.js'

export interface TimelineRow {
  readonly atMs: number
  readonly event: string
  readonly name: string
  /** Times of the tasks that ended here; empty for other events. */
  readonly tookMs: readonly number[]
  /** When the first of them began, and when the last ended. */
  readonly fromMs: number
  readonly untilMs: number
  /** Equal events, joined. */
  readonly repeated: number
}

/** Longer timelines are cut in the middle. */
const maxRows = 40
const barWidth = 24

/** What began with the event of an id: its name and time, for the event that ends it. */
interface Begun {
  readonly name: string
  readonly atMs: number
}

export function timelineRows(events: readonly HistoryEvent[]): TimelineRow[] {
  // Not that of the first event: an event bears the time it was sent, the turn that takes it in begins later and is recorded before it.
  const startMs = events.reduce((earliest, event) => Math.min(earliest, Date.parse(event.timestamp)), Number.POSITIVE_INFINITY)
  const begun = new Map<number, Begun>()
  const rows: TimelineRow[] = []
  for (const event of events) {
    const atMs = Date.parse(event.timestamp) - startMs
    const described = describe(event, begun)
    if (described === undefined) continue
    const { text, name, since } = described
    if (since === undefined) begun.set(event.eventId, { name, atMs })
    const row: TimelineRow = { atMs, event: text, name, tookMs: since === undefined ? [] : [atMs - since], fromMs: since ?? atMs, untilMs: atMs, repeated: 1 }
    const index = rows.findLastIndex((each) => each.name !== name) + 1
    const same = rows.findIndex((each, i) => i >= index && each.event === text)
    if (same < 0) rows.push(row)
    else rows[same] = joined(rows[same] as TimelineRow, row)
  }
  return rows
}

function joined(a: TimelineRow, b: TimelineRow): TimelineRow {
  return {
    ...a,
    tookMs: [...a.tookMs, ...b.tookMs],
    fromMs: Math.min(a.fromMs, b.fromMs),
    untilMs: Math.max(a.untilMs, b.untilMs),
    repeated: a.repeated + b.repeated,
  }
}

interface Described {
  readonly text: string
  readonly name: string
  /** When the task began that this event ends. */
  readonly since?: number | undefined
}

function describe(event: HistoryEvent, begun: ReadonlyMap<number, Begun>): Described | undefined {
  const ends = (text: string, id: number): Described => ({ text, name: begun.get(id)?.name ?? `#${id}`, since: begun.get(id)?.atMs })
  switch (event.type) {
    case 'OrchestratorStarted':
    case 'OrchestratorCompleted':
    case 'HistoryState':
      return undefined
    case 'ExecutionStarted':
      return { text: 'run started', name: event.name }
    case 'TaskScheduled':
      return { text: 'activity scheduled', name: event.name }
    case 'TaskCompleted':
      return ends('activity completed', event.taskScheduledId)
    case 'TaskFailed':
      return ends('activity failed', event.taskScheduledId)
    case 'SubOrchestrationInstanceCreated':
      return { text: 'sub-orchestration started', name: event.name }
    case 'SubOrchestrationInstanceCompleted':
      return ends('sub-orchestration completed', event.taskScheduledId)
    case 'SubOrchestrationInstanceFailed':
      return ends('sub-orchestration failed', event.taskScheduledId)
    case 'TimerCreated':
      return { text: 'timer set', name: duration(Date.parse(event.fireAt) - Date.parse(event.timestamp)) }
    case 'TimerFired':
      return ends('timer fired', event.timerId)
    case 'EventRaised':
      return { text: 'event raised', name: event.name }
    case 'EventSent':
      return { text: 'event sent', name: event.name }
    case 'ExecutionCompleted':
      return { text: 'run ended', name: event.status, since: 0 }
    default:
      return { text: event.type, name: '' }
  }
}

/** `columns`: width of the terminal; the bars are left out where they do not fit. */
export function renderTimeline(events: readonly HistoryEvent[], paint: Paint, columns: number): string {
  const rows = timelineRows(events)
  const totalMs = Math.max(1, ...rows.map((row) => row.untilMs))
  const withBars = columns >= 104
  const table = new Table({
    head: ['At', 'Event', 'Name', 'Took', ...(withBars ? [''] : [])].map(paint.strong),
    colAligns: ['right', 'left', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  const cut = rows.length - maxRows
  rows.forEach((row, index) => {
    if (cut > 0 && index === maxRows / 2) table.push(['', { colSpan: withBars ? 4 : 3, content: paint.dim(`… ${plural(cut, 'line')} left out`) }])
    if (cut > 0 && index >= maxRows / 2 && index < maxRows / 2 + cut) return
    const cells = [`+${duration(row.atMs)}`, colour(row, paint), row.name, took(row.tookMs)]
    table.push(withBars ? [...cells, paint.accent(bar(row, totalMs))] : cells)
  })
  return table.toString()
}

function colour({ event, repeated }: TimelineRow, paint: Paint): string {
  const text = repeated === 1 ? event : `${event} ×${repeated}`
  return event.endsWith('failed') ? paint.bad(text) : text
}

/** One time, or the shortest and the longest of several. */
function took(tookMs: readonly number[]): string {
  if (tookMs.length === 0) return ''
  const shortest = duration(Math.min(...tookMs))
  const longest = duration(Math.max(...tookMs))
  return shortest === longest ? longest : `${shortest} – ${longest}`
}


/** From where the task began to where it ended, on a scale of the whole run; a point for an event that ends nothing. */
function bar({ fromMs, untilMs, tookMs }: TimelineRow, totalMs: number): string {
  const column = (ms: number): number => Math.max(0, Math.min(barWidth - 1, Math.floor((ms / totalMs) * barWidth)))
  const start = column(fromMs)
  return `${' '.repeat(start)}${tookMs.length === 0 ? '·' : '━'.repeat(column(untilMs) - start + 1)}`
}
