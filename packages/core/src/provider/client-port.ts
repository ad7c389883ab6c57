/** A client's door to the store. */
import type { InstanceId, InstanceState } from '../model/instance.js'
import type { OutboundMessage } from './checkpoint.js'

/**
 * What happens when the id exists already.
 * - `error`: any existing instance refuses the start.
 * - `replaceFinished`: a finished one is replaced, a live one refuses.
 * - `skip`: the existing one is returned, whatever its state.
 *
 * (The client's fourth policy, `replace`, is made of these: terminate, wait for the end, `replaceFinished`.)
 */
export type CreatePolicy = 'error' | 'replaceFinished' | 'skip'

export interface CreateRequest {
  /** An ExecutionStarted to the instance; `deliverAt` is the scheduled start. */
  readonly start: OutboundMessage
  /** Sent with the start, in this order, and not delivered before it, however late that is. Messages that others send until a scheduled start may be delivered before them. */
  readonly messages?: readonly OutboundMessage[] | undefined
  readonly reuse: CreatePolicy
}

export type CreateResult =
  | { readonly outcome: 'created' | 'replaced' }
  | { readonly outcome: 'exists'; readonly state: InstanceState }

export interface ClientPort {
  /**
   * One operation: of many concurrent callers with one id exactly one creates. Repeating a call with the same message id returns `created` and creates nothing. The instance is Pending when it resolves.
   * Where it is two writes (claim the id with `pendingState`, send `startMessages`), a caller that dies in between leaves an id that nothing will ever run: keep the messages with the claim, and let every
   * call that finds the instance Pending send them again. Their ids make that harmless.
   */
  create(request: CreateRequest): Promise<CreateResult>
  /** Stores messages durably; they are delivered in order per target. Messages to unknown or finished instances are accepted and dropped by the worker. */
  send(messages: readonly OutboundMessage[]): Promise<void>
  getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined>
  /** Resolves with true soon after the instance changed, with false when `signal` aborts. May resolve early: the caller reads the state again. Absent: the caller polls. */
  watch?(instanceId: InstanceId, signal: AbortSignal): Promise<boolean>
}
