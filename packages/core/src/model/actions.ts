/**
 * What a turn decides. Ids are sequential per execution and taken at the call; the event that records an action has its id as `eventId`.
 * `PatchMarker` takes no id (−1), as .NET ignores the event that records it.
 */
import type { Ticks } from '../base/ticks.js'
import type { FailureDetails } from '../errors/failure-details.js'
import type { EventRaisedEvent } from './events.js'
import type { InstanceId, Tags } from './instance.js'

export interface ScheduleTaskAction {
  readonly type: 'ScheduleTask'
  readonly id: number
  readonly name: string
  readonly version?: string | undefined
  /** JSON array of the arguments. */
  readonly input?: string | undefined
  readonly tags?: Tags | undefined
}

export interface CreateTimerAction {
  readonly type: 'CreateTimer'
  readonly id: number
  readonly fireAt: Ticks
}

export interface CreateSubOrchestrationAction {
  readonly type: 'CreateSubOrchestration'
  readonly id: number
  readonly name: string
  readonly version?: string | undefined
  readonly instanceId: InstanceId
  /** Derived, so that a re-run of the turn creates the same execution. */
  readonly executionId: string
  readonly input?: string | undefined
  readonly tags?: Tags | undefined
  /** The parent does not wait and is not told of the end. */
  readonly fireAndForget?: boolean | undefined
}

export interface SendEventAction {
  readonly type: 'SendEvent'
  readonly id: number
  readonly instanceId: InstanceId
  readonly name: string
  readonly input?: string | undefined
}

export interface PatchMarkerAction {
  readonly type: 'PatchMarker'
  readonly id: -1
  readonly patchId: string
}

export interface CompleteAction {
  readonly type: 'Complete'
  readonly id: number
  readonly status: 'Completed' | 'Failed' | 'Terminated' | 'ContinuedAsNew'
  /** Serialised result; the reason when Terminated; the next input when ContinuedAsNew. */
  readonly result?: string | undefined
  readonly failure?: FailureDetails | undefined
  /** ContinuedAsNew: version of the next generation; absent = the same. */
  readonly newVersion?: string | undefined
  /** ContinuedAsNew: events nobody consumed, in the order of arrival. */
  readonly carryOver?: readonly EventRaisedEvent[] | undefined
  /** Terminated: also terminate the open children. */
  readonly recursive?: boolean | undefined
}

export type OrchestratorAction = ScheduleTaskAction | CreateTimerAction | CreateSubOrchestrationAction | SendEventAction | PatchMarkerAction | CompleteAction
