/**
 * Watches the store while a simulation runs: rules that must hold at every write, not only at the end.
 * 1. A history only grows; it is replaced only together with its execution.
 * 2. An execution ends once, and what is over stays over.
 * 3. Where turns are committed before anything is sent, nothing is sent that is not in the history.
 */
import { compareTicks, isFinal, type CommitDiscipline, type HistoryEvent, type InstanceId, type OutboundMessage } from '@dtfx/core/provider'
import type { InstanceRecord } from '../memory/instance-record.js'
import type { InstanceChange } from '../memory/store.js'
import type { StoreObserver } from '../memory/store-observer.js'

export class HistoryMonitor implements StoreObserver {
  readonly violations: string[] = []
  writes = 0
  readonly #records = new Map<InstanceId, InstanceRecord>()
  /** Executions a terminated instance must not be revived from. */
  readonly #terminated = new Map<InstanceId, string>()

  constructor(readonly commit: CommitDiscipline) {}

  writing(record: InstanceRecord, change: InstanceChange): void {
    this.writes++
    this.#records.set(record.instanceId, record)
    const { instanceId, state: before } = record
    const { state: after, history } = change
    if (history !== undefined) this.#checkHistory(record, history)
    if (before === undefined || after === undefined) return
    if (before.executionId === after.executionId && isFinal(before.status) && !(before.status === 'Failed' && after.status === 'Running')) {
      this.#violation(instanceId, `it was ${before.status} and became ${after.status}`)
    }
    if (after.status === 'Terminated') this.#terminated.set(instanceId, after.executionId)
    else if (this.#terminated.get(instanceId) === before.executionId && after.status !== 'Pending' && after.parent === undefined) this.#violation(instanceId, `it was terminated and became ${after.status}`)
  }

  sent({ id, message }: OutboundMessage, sender: InstanceId | undefined): void {
    if (sender === undefined || this.commit === 'messages-first' || message.event.type !== 'TaskScheduled') return
    const record = this.#records.get(sender)
    if (record === undefined || record.state?.executionId !== message.instance.executionId) return
    const { eventId } = message.event
    const isCommitted = record.history.some((event) => event.type === 'TaskScheduled' && event.eventId === eventId && event.messageId === id)
    if (!isCommitted) this.#violation(sender, `activity #${eventId} was sent before its turn was committed`)
  }

  #checkHistory(record: InstanceRecord, history: NonNullable<InstanceChange['history']>): void {
    const { instanceId } = record
    const executionId = startOf(history.events)
    if (history.kind === 'replace' && history.events.length > 0 && executionId === startOf(record.history)) this.#violation(instanceId, `the history of execution ${executionId} was replaced`)
    const whole = history.kind === 'append' ? [...record.history, ...history.events] : history.events
    if (history.kind === 'append' && record.history.length > 0 && executionId !== undefined) this.#violation(instanceId, 'a second start was appended')
    for (const problem of damage(whole)) this.#violation(instanceId, problem)
  }

  #violation(instanceId: InstanceId, problem: string): void {
    if (this.violations.length < 20) this.violations.push(`${instanceId}: ${problem}`)
  }
}

function startOf(events: readonly HistoryEvent[]): string | undefined {
  return events.find((event) => event.type === 'ExecutionStarted')?.instance.executionId
}

/** What must not be in any history. */
function damage(events: readonly HistoryEvent[]): string[] {
  const problems: string[] = []
  const scheduled = new Map<number, HistoryEvent>()
  let now = ''
  let ends = 0
  for (const event of events) {
    switch (event.type) {
      case 'OrchestratorStarted':
        now = event.timestamp
        break
      case 'TaskScheduled':
      case 'TimerCreated':
      case 'SubOrchestrationInstanceCreated':
        if (scheduled.has(event.eventId)) problems.push(`#${event.eventId} is scheduled twice`)
        scheduled.set(event.eventId, event)
        break
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'SubOrchestrationInstanceCompleted':
      case 'SubOrchestrationInstanceFailed':
        if (!scheduled.delete(event.taskScheduledId)) problems.push(`#${event.taskScheduledId} is completed twice, or was never scheduled`)
        break
      case 'TimerFired':
        if (event.timerId >= 0 && !scheduled.delete(event.timerId)) problems.push(`timer #${event.timerId} fired twice, or was never created`)
        if (event.timerId >= 0 && compareTicks(event.fireAt, now) > 0) problems.push(`timer #${event.timerId} fired at ${now}, before ${event.fireAt}`)
        break
      case 'ExecutionCompleted':
        if (++ends > 1) problems.push('it ends twice')
        break
      default:
    }
  }
  return problems
}
