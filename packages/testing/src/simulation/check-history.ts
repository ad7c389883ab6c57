/**
 * Rules that every stored history keeps, whatever its program: ids, answers, ends, timers.
 * Works on the events alone; whether they replay to the stored result is the business of check-replay.ts.
 */
import { compareTicks, splitTimerId, type HistoryEvent, type Ticks } from '@dtfx/core/provider'
import { Findings, type Violation } from './violation.js'

export interface HistoryRules {
  readonly instanceId: string
  /** A rewind took decisions out, so that later ones fill the gaps: ids are unique but not in order. */
  readonly wasRewound: boolean
  /** The same event may come again: a turn that was lost, or rewound, may have sent it, or the instance got more events than it remembers. */
  readonly allowsRepeatedEvents: boolean
}

type Decision = Extract<HistoryEvent, { type: 'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' }>
const decisions: ReadonlySet<HistoryEvent['type']> = new Set(['TaskScheduled', 'TimerCreated', 'SubOrchestrationInstanceCreated', 'EventSent'])
const answerTo = {
  TaskCompleted: 'TaskScheduled',
  TaskFailed: 'TaskScheduled',
  SubOrchestrationInstanceCompleted: 'SubOrchestrationInstanceCreated',
  SubOrchestrationInstanceFailed: 'SubOrchestrationInstanceCreated',
  TimerFired: 'TimerCreated',
} as const

export function checkHistory(history: readonly HistoryEvent[], rules: HistoryRules): Violation[] {
  const findings = new Findings(rules.instanceId)
  checkEnds(history, findings)
  checkIds(history.filter(isDecision), rules, findings)
  checkAnswers(history, findings)
  if (!rules.allowsRepeatedEvents) checkRaised(history, findings)
  return findings.violations
}

function isDecision(event: HistoryEvent): event is Decision {
  return decisions.has(event.type) && event.eventId !== splitTimerId
}

function checkEnds(history: readonly HistoryEvent[], findings: Findings): void {
  const starts = history.filter(({ type }) => type === 'ExecutionStarted').length
  // An instance that was terminated before its start never ran.
  const neverRan = starts === 0 && history.some((event) => event.type === 'ExecutionCompleted' && event.status === 'Terminated')
  if (starts !== 1 && !neverRan) findings.add('one-start', `the history has ${starts} ExecutionStarted`)
  const ends = history.flatMap(({ type }, index) => (type === 'ExecutionCompleted' || type === 'ContinueAsNew' ? [index] : []))
  if (ends.length > 1) findings.add('one-end', `the history ends ${ends.length} times`)
  const after = ends[0] === undefined ? undefined : history.slice(ends[0] + 1).find(({ type }) => type !== 'OrchestratorCompleted' && type !== 'ExecutionCompleted')
  if (after !== undefined) findings.add('one-end', `${after.type} comes after the end`)
}

function checkIds(scheduled: readonly Decision[], { wasRewound }: HistoryRules, findings: Findings): void {
  const ids = scheduled.map(({ eventId }) => eventId)
  const expected = wasRewound ? [...ids].sort((a, b) => a - b) : ids
  const wrong = expected.findIndex((id, index) => id !== index)
  if (wrong >= 0) findings.add('ids', `decision ${wrong} has the id ${expected[wrong]}`)
}

function checkAnswers(history: readonly HistoryEvent[], findings: Findings): void {
  const scheduled = new Map<number, Decision>()
  const answered = new Set<number>()
  let now: Ticks | undefined
  for (const event of history) {
    if (event.type === 'OrchestratorStarted') now = event.timestamp
    if (isDecision(event)) scheduled.set(event.eventId, event)
    if (!isAnswer(event)) continue
    const id = event.type === 'TimerFired' ? event.timerId : event.taskScheduledId
    if (id === splitTimerId) continue
    const task = scheduled.get(id)
    if (task?.type !== answerTo[event.type]) findings.add('answers', `${event.type} answers ${task?.type ?? 'nothing'} ${id}`)
    if (answered.has(id)) findings.add('answers', `${event.type} answers ${id} once more`)
    answered.add(id)
    if (event.type === 'TimerFired') checkTimer(event, task, now, findings)
  }
}

type Answer = Extract<HistoryEvent, { type: keyof typeof answerTo }>

function isAnswer(event: HistoryEvent): event is Answer {
  return event.type in answerTo
}

function checkTimer(fired: Extract<HistoryEvent, { type: 'TimerFired' }>, created: Decision | undefined, now: Ticks | undefined, findings: Findings): void {
  if (now === undefined || compareTicks(fired.fireAt, now) > 0) findings.add('timer', `timer ${fired.timerId} was due at ${fired.fireAt} and fired at ${now}`)
  if (created?.type === 'TimerCreated' && compareTicks(created.fireAt, fired.fireAt) > 0) {
    findings.add('timer', `timer ${fired.timerId} was created for ${created.fireAt} and fired for ${fired.fireAt}`)
  }
}

/** No two events of a simulation carry the same payload under the same name. */
function checkRaised(history: readonly HistoryEvent[], findings: Findings): void {
  const seen = new Set<string>()
  for (const event of history) {
    if (event.type !== 'EventRaised') continue
    const key = `${event.name}: ${event.input}`
    if (seen.has(key)) findings.add('event-doubled', `event ${key} was delivered twice`)
    seen.add(key)
  }
}
