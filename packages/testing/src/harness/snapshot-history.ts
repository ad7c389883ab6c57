/**
 * A history as stable text for snapshot tests: one line per event, without what differs from run to run.
 *
 * - Timestamps are left out; a timer shows how long after the beginning of its turn it is due.
 * - Ids that are drawn or derived (32 hexadecimal digits, UUIDs, default child ids) become `<id1>`, `<id2>` … in the order of their first appearance; times in payloads become `<time>`.
 * - Stack traces and message ids are left out.
 */
import { msFromTicks, type FailureDetails, type HistoryEvent, type Ticks } from '@dtfx/core/provider'

/** Stable text of a history. Two runs that did the same give the same text. */
export function snapshotHistory(events: readonly HistoryEvent[]): string {
  const ids = new Map<string, string>()
  let turnStart: Ticks | undefined
  const lines = events.map((event) => {
    if (event.type === 'OrchestratorStarted') turnStart = event.timestamp
    return normalized(`${event.type}${detailsOf(event, turnStart)}`, ids)
  })
  return lines.join('\n')
}

function detailsOf(event: HistoryEvent, turnStart: Ticks | undefined): string {
  switch (event.type) {
    case 'ExecutionStarted':
      return ` ${event.name}${versionOf(event.version)}${payload('input', event.input)}${event.parent === undefined ? '' : ` parent=${event.parent.instance.instanceId}`}${tagsOf(event.tags)}`
    case 'ExecutionCompleted':
    case 'ContinueAsNew':
      return ` ${event.status}${payload('result', event.result)}${failureOf(event.failure)}`
    case 'TaskScheduled':
      return ` #${event.eventId} ${event.name}${versionOf(event.version)}${payload('input', event.input)}${tagsOf(event.tags)}`
    case 'SubOrchestrationInstanceCreated':
      return ` #${event.eventId} ${event.name}${versionOf(event.version)} instance=${event.instanceId}${payload('input', event.input)}${tagsOf(event.tags)}`
    case 'TaskCompleted':
    case 'SubOrchestrationInstanceCompleted':
      return ` #${event.taskScheduledId}${payload('result', event.result)}`
    case 'TaskFailed':
    case 'SubOrchestrationInstanceFailed':
      return ` #${event.taskScheduledId}${event.failure === undefined ? payload('reason', event.reason) : failureOf(event.failure)}`
    case 'TimerCreated':
      return ` #${event.eventId} ${dueIn(event.fireAt, turnStart ?? event.timestamp)}`
    case 'TimerFired':
      return ` #${event.timerId}`
    case 'EventSent':
      return ` #${event.eventId} ${event.name} to=${event.instanceId}${payload('input', event.input)}`
    case 'EventRaised':
      return ` ${event.name}${payload('input', event.input)}`
    case 'ExecutionTerminated':
      return `${payload('reason', event.input)}${event.recursive === true ? ' recursive' : ''}`
    case 'ExecutionSuspended':
    case 'ExecutionResumed':
    case 'ExecutionRewound':
      return payload('reason', event.reason)
    case 'GenericEvent':
      return payload('data', event.data)
    case 'OrchestratorStarted':
    case 'OrchestratorCompleted':
    case 'HistoryState':
      return ''
  }
}

function payload(what: string, text: string | undefined): string {
  return text === undefined ? '' : ` ${what}=${text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}`
}

function versionOf(version: string | undefined): string {
  return version === undefined || version === '' ? '' : ` v${version}`
}

function tagsOf(tags: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? '' : ` tags=${entries.map(([key, value]) => `${key}:${value}`).join(',')}`
}

function failureOf(failure: FailureDetails | undefined): string {
  if (failure === undefined) return ''
  const inner = failure.innerFailure === undefined ? '' : ` ←${failureOf(failure.innerFailure)}`
  return ` ${failure.errorType}: ${failure.errorMessage.replaceAll('\n', '\\n')}${failure.isNonRetriable ? ' (non-retriable)' : ''}${inner}`
}

const units: readonly (readonly [string, number])[] = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000], ['ms', 1]]

/** `due in 2d`, in the largest unit that is exact. */
function dueIn(fireAt: Ticks, from: Ticks): string {
  return `due in ${durationText(msFromTicks(fireAt) - msFromTicks(from))}`
}

/** `90s`, `2d`, `1500ms`: the largest unit that gives a whole number. */
export function durationText(ms: number): string {
  if (ms <= 0) return '0ms'
  const [unit, size] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

const drawnId = /\b(?:[0-9a-f]{32}(?::\d+(?::[0-9a-f]{8})?)?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/gi
const timeText = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)/g

function normalized(line: string, ids: Map<string, string>): string {
  return line.replace(timeText, '<time>').replace(drawnId, (id) => {
    const key = id.toLowerCase()
    let name = ids.get(key)
    if (name === undefined) ids.set(key, (name = `<id${ids.size + 1}>`))
    return name
  })
}
