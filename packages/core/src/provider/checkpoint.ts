/** One object for "complete a turn": everything that a turn changes, to be made durable together. */
import type { Ticks } from '../base/ticks.js'
import type { HistoryEvent } from '../model/events.js'
import type { InstanceId, InstanceState } from '../model/instance.js'
import type { MessageId, TaskMessage } from '../model/message.js'
import type { ConsumedIds, InstanceVersion, Settlement } from './work-items.js'

export interface OutboundMessage {
  readonly id: MessageId
  readonly target: { readonly kind: 'activity' } | { readonly kind: 'instance'; readonly instanceId: InstanceId }
  readonly message: TaskMessage
  /** Of a completion: the id of the message it answers. */
  readonly replyTo?: MessageId | undefined
  /** Not to be delivered before, however far away: a store that cannot hide a message for so long hides it again when it comes. */
  readonly deliverAt?: Ticks | undefined
}

export interface Checkpoint {
  readonly executionId: string
  /** Version the turn was built on, as `load` gave it; absent: the same as the version of nothing. */
  readonly base?: InstanceVersion | undefined
  /** Drawn once per attempt to commit; finding it stored means that this very checkpoint was committed. */
  readonly checkpointId: string
  /** One for each message of the item. */
  readonly settlements: readonly Settlement[]
  /** `replace`: a new generation, a restart or a rewind. */
  readonly history: { readonly kind: 'append' | 'replace'; readonly events: readonly HistoryEvent[] }
  readonly outbound: readonly OutboundMessage[]
  /** The whole new state; absent: the state stays (only messages were settled). */
  readonly state?: InstanceState | undefined
  /** All consumed ids from now on; absent: unchanged. */
  readonly consumedIds?: ConsumedIds | undefined
}
