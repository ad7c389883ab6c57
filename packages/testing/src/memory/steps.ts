/**
 * The writes that a store makes separately, each on behalf of one process: the places where that process can die, wait, or not learn what became of its write.
 * The provider passes every such write through here; nothing else happens here unless a simulation looks on.
 */
import type { Clock, InstanceId } from '@dtfx/core/provider'

export type StepName =
  /** One message of a turn or of a client. */
  | 'send'
  /** History, state and consumed ids, on condition of the version. */
  | 'write'
  /** What queries see. */
  | 'show'
  /** The end of one input message, or its return. */
  | 'settle'
  /** The conditional insert of a start. */
  | 'claim'
  /** The answer of an activity. */
  | 'answer'
  /** The deletion of an activity's message. */
  | 'delete'

export interface Step {
  readonly name: StepName
  readonly instanceId: InstanceId
}

export interface Steps {
  /** Runs `write`, once or not at all. Rejects before or after it, or settles never. */
  take<T>(step: Step, write: () => T | Promise<T>): Promise<T>
}

/** How a process gets at the hub. */
export interface StoreAccess {
  readonly steps: Steps
  /** By which it means the times it gives. */
  readonly clock: Clock
}

/** Nothing stands between a process and its store. */
export const directSteps: Steps = {
  take: (_step, write) => {
    try {
      return Promise.resolve(write())
    } catch (error) {
      return Promise.reject(error)
    }
  },
}
