/** A recorded history cut into its turns: what came in, what was decided. */
import type { HistoryEvent, HistoryEventOf } from '../../src/model/events.js'

type Decision = HistoryEventOf<'TaskScheduled' | 'TimerCreated' | 'SubOrchestrationInstanceCreated' | 'EventSent' | 'ExecutionCompleted'>

export interface RecordedTurn {
  /** OrchestratorStarted and the messages of the turn. */
  readonly incoming: readonly HistoryEvent[]
  readonly decided: readonly Decision[]
  /** All events, as stored. */
  readonly events: readonly HistoryEvent[]
}

export function turnsOf(history: readonly HistoryEvent[]): RecordedTurn[] {
  const starts = history.flatMap((event, index) => (event.type === 'OrchestratorStarted' ? [index] : []))
  return starts.map((start, index) => {
    const events = history.slice(start, starts[index + 1])
    const decided = events.filter(isDecision)
    return { events, decided, incoming: events.filter((event) => !isDecision(event) && event.type !== 'OrchestratorCompleted') }
  })
}

/** The event that ended the execution. */
export function completionOf(history: readonly HistoryEvent[]): HistoryEventOf<'ExecutionCompleted'> | undefined {
  return history.find((event) => event.type === 'ExecutionCompleted')
}

function isDecision(event: HistoryEvent): event is Decision {
  switch (event.type) {
    case 'TaskScheduled':
    case 'TimerCreated':
    case 'SubOrchestrationInstanceCreated':
    case 'EventSent':
    case 'ExecutionCompleted':
      return true
    default:
      return false
  }
}
