/** What an activity function gets besides its input. */
import type { Tags } from '../model/instance.js'
import type { ContextLogger } from './context-logger.js'

export interface ActivityContext {
  readonly name: string
  readonly version: string | undefined
  /** Orchestration that called it. */
  readonly instanceId: string
  readonly executionId: string | undefined
  /** Id of the call within the orchestration. `instanceId`, `executionId` and `taskId` together identify the call for idempotency. */
  readonly taskId: number
  /** Stable over redeliveries and re-sends of the same call: use it as an idempotency key towards other systems. A call that a rewind makes anew has another one. */
  readonly idempotencyKey: string
  /** How often this call was handed to a worker, this time included. */
  readonly deliveryCount: number
  readonly tags: Tags
  readonly orchestrationTags: Tags
  /** Aborts when the lock is lost, the instance is gone, the timeout has passed or the worker stops; `signal.reason` is a DurableError that says which. */
  readonly signal: AbortSignal
  readonly log: ContextLogger
}
