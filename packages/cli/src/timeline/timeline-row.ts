/** One line of an instance's history, as JSON output shows it: what happened when, what it belongs to, how long it took. */
import type { FailureDetails } from '@dtfx/core'
import type { HistoryEvent } from '@dtfx/core/provider'

export interface TimelineRow {
  /** Type of the event in the history. */
  readonly type: HistoryEvent['type']
  /** UTC. Of a timer that fired: when it was due. */
  readonly at: string
  readonly sinceStartMs: number
  /** Of the orchestration, activity, child, event or patch. */
  readonly name?: string | undefined
  /** Id of the task that begins or ends here. */
  readonly taskId?: number | undefined
  /** From the beginning of the task that ends here, or of the execution. */
  readonly tookMs?: number | undefined
  /** The task that begins here has not ended. */
  readonly isOpen?: true | undefined
  /** Which attempt of a call that is retried, from 2 on. */
  readonly attempt?: number | undefined
  /** Of a timer: the call that is tried again after it. */
  readonly retryOf?: string | undefined
  /** Of a timer: when it is due. */
  readonly fireAt?: string | undefined
  /** The child that is started, or the instance that an event is sent to. */
  readonly instanceId?: string | undefined
  readonly parentInstanceId?: string | undefined
  readonly generation?: number | undefined
  /** Final status. */
  readonly status?: string | undefined
  /** Result, input of an event, or reason: text as stored. */
  readonly payload?: string | undefined
  readonly failure?: FailureDetails | undefined
}
