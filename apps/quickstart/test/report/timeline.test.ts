import type { HistoryEvent } from '@dtfx/core'
import { expect, it } from 'vitest'
import { paint } from '../../src/report/paint.js'
import { renderTimeline, timelineRows } from '../../src/report/timeline.js'

const startMs = Date.UTC(2026, 0, 1)
const at = (ms: number): string => new Date(startMs + ms).toISOString()
const instance = { instanceId: 'run' }

const events: HistoryEvent[] = [
  { type: 'OrchestratorStarted', eventId: -1, timestamp: at(0) },
  { type: 'ExecutionStarted', eventId: -1, timestamp: at(0), name: 'CheckRun', instance },
  { type: 'TaskScheduled', eventId: 0, timestamp: at(1), name: 'ListMarkdown' },
  { type: 'OrchestratorCompleted', eventId: -1, timestamp: at(1) },
  { type: 'TaskCompleted', eventId: -1, timestamp: at(11), taskScheduledId: 0 },
  { type: 'SubOrchestrationInstanceCreated', eventId: 1, timestamp: at(12), name: 'CheckDirectory', instanceId: 'run:0' },
  { type: 'SubOrchestrationInstanceCreated', eventId: 2, timestamp: at(12), name: 'CheckDirectory', instanceId: 'run:1' },
  { type: 'SubOrchestrationInstanceCompleted', eventId: -1, timestamp: at(32), taskScheduledId: 2 },
  { type: 'SubOrchestrationInstanceCompleted', eventId: -1, timestamp: at(52), taskScheduledId: 1 },
  { type: 'TimerCreated', eventId: 3, timestamp: at(60), fireAt: at(1_560) },
  { type: 'TimerFired', eventId: -1, timestamp: at(1_560), timerId: 3, fireAt: at(1_560) },
  { type: 'TaskScheduled', eventId: 4, timestamp: at(1_570), name: 'WriteReport' },
  { type: 'TaskFailed', eventId: -1, timestamp: at(1_600), taskScheduledId: 4 },
  { type: 'EventRaised', eventId: -1, timestamp: at(1_700), name: 'approve' },
  { type: 'ExecutionCompleted', eventId: 5, timestamp: at(2_000), status: 'Completed' },
]

it('pairs beginnings and ends, and joins equal events in a row', () => {
  expect(timelineRows(events).map(({ atMs, event, name, tookMs, repeated }) => [atMs, `${event} ×${repeated}`, name, ...tookMs])).toEqual([
    [0, 'run started ×1', 'CheckRun'],
    [1, 'activity scheduled ×1', 'ListMarkdown'],
    [11, 'activity completed ×1', 'ListMarkdown', 10],
    [12, 'sub-orchestration started ×2', 'CheckDirectory'],
    [32, 'sub-orchestration completed ×2', 'CheckDirectory', 20, 40],
    [60, 'timer set ×1', '1.5 s'],
    [1_560, 'timer fired ×1', '1.5 s', 1_500],
    [1_570, 'activity scheduled ×1', 'WriteReport'],
    [1_600, 'activity failed ×1', 'WriteReport', 30],
    [1_700, 'event raised ×1', 'approve'],
    [2_000, 'run ended ×1', 'Completed', 2_000],
  ])
})

it('draws the time of a task, and a point for what takes none', () => {
  const lines = renderTimeline(events, paint(false), 120).split('\n')
  const barOf = (event: string): string | undefined => lines.find((line) => line.includes(event))?.split('│').at(-2)?.slice(1, -1).trimEnd()
  expect(barOf('run started')).toBe('·')
  expect(barOf('timer fired')).toBe('━'.repeat(19))
  expect(barOf('event raised')).toBe(`${' '.repeat(20)}·`)
  expect(barOf('run ended')).toBe('━'.repeat(24))
})

it('begins with what was sent first, not with the turn that took it in', () => {
  const late: HistoryEvent[] = [{ type: 'OrchestratorStarted', eventId: -1, timestamp: at(5) }, ...events.slice(1)]
  expect(timelineRows(late)[0]?.atMs).toBe(0)
})

it('fits the terminal', () => {
  const widths = (columns: number): number[] => renderTimeline(events, paint(false), columns).split('\n').map((line) => line.length)
  expect(Math.max(...widths(120))).toBeLessThanOrEqual(104)
  expect(Math.max(...widths(80))).toBeLessThanOrEqual(80)
})

it('cuts a long history in its middle', () => {
  const long = Array.from({ length: 500 }, (_, i): HistoryEvent => ({ type: 'EventRaised', eventId: -1, timestamp: at(i), name: `e${i}` }))
  const text = renderTimeline(long, paint(false), 80)
  expect(text.split('\n').length).toBeLessThan(50)
  expect(text).toContain('460 lines left out')
  expect(text).toContain('e499')
})

it('keeps a run of many directories short', () => {
  const many = Array.from({ length: 400 }, (_, i): HistoryEvent[] => [
    { type: 'SubOrchestrationInstanceCreated', eventId: i, timestamp: at(i), name: 'CheckDirectory', instanceId: `run:${i}` },
    { type: 'SubOrchestrationInstanceCompleted', eventId: -1, timestamp: at(i + 1), taskScheduledId: i },
  ]).flat()
  expect(timelineRows([...events.slice(0, 5), ...many]).slice(3).map((row) => `${row.event} ×${row.repeated} ${row.fromMs}–${row.untilMs}`)).toEqual([
    'sub-orchestration started ×400 0–399',
    'sub-orchestration completed ×400 0–400',
  ])
})

it('takes an empty history', () => {
  expect(timelineRows([])).toEqual([])
})
