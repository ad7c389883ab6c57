/** What the store keeps of one instance: the committed data, and its inbox. Only the commit disciplines, client-port.ts and store-ports.ts change the committed part; only inboxes.ts the inbox. */
import type { ConsumedIds, HistoryEvent, InstanceId, InstanceState, MessageId, OutboundMessage } from '@dtfx/core/provider'
import type { ActivityItem } from './activity-item.js'
import type { Holder } from './held-item.js'
import type { InstanceOwner } from './local/instance-owner.js'
import type { OutboxEntry } from './local/outbox-backup.js'
import type { OrchestrationItem } from './orchestration-item.js'
import type { QueuedMessage } from './queued-message.js'

export const noMessages: readonly OutboundMessage[] = Object.freeze([])
const noConsumedIds: ConsumedIds = Object.freeze({ deleted: Object.freeze([]), pending: Object.freeze([]) })

export class InstanceRecord {
  /** Undefined: nothing is stored under the id, only messages wait. */
  state: InstanceState | undefined = undefined
  /** The state as clients and queries see it: behind `state` between two steps of a commit. */
  shown: InstanceState | undefined = undefined
  /** Grows in place; what `load` handed out is a copy of the list. */
  history: HistoryEvent[] = []
  consumedIds: ConsumedIds = noConsumedIds
  /** 0 when nothing is stored; never used twice. */
  version = 0
  /** Of the last commit. */
  checkpointId: string | undefined = undefined
  /** Message that created the stored execution, when a client did. */
  startMessageId: MessageId | undefined = undefined
  /** While it is Pending and where a start is several writes: what its creator sends. */
  startMessages: readonly OutboundMessage[] = noMessages
  /** Under `state-first-outbox`: what the last commit sends, sent or not. */
  outbox: readonly OutboxEntry[] = []
  /** Turns begun on suspect inputs since the last commit or release. */
  suspicions = 0

  /** Visible messages, in order of arrival. */
  waiting: QueuedMessage[] = []
  item: OrchestrationItem | undefined = undefined
  /** `item`, while no turn is in progress: the lock is kept for local activities. */
  session: OrchestrationItem | undefined = undefined
  /** Process that had it last. */
  lastHolder: Holder | undefined = undefined
  /** The process that runs activities for it itself, and what it runs. */
  local: InstanceOwner | undefined = undefined
  /** In the list of instances that have work. */
  queued = false
  /** Messages that are not visible yet. */
  delayed: Set<QueuedMessage> | undefined = undefined
  /** Activities in progress that want to know when nobody waits for them any more. */
  running: Set<ActivityItem> | undefined = undefined

  constructor(readonly instanceId: InstanceId) {}

  /** Forgets the committed part. */
  erase(): void {
    this.state = undefined
    this.shown = undefined
    this.history = []
    this.consumedIds = noConsumedIds
    this.outbox = []
    this.version = 0
    this.checkpointId = undefined
    this.startMessageId = undefined
    this.startMessages = noMessages
    this.suspicions = 0
  }

  /** Nothing would be lost by forgetting it. */
  get isEmpty(): boolean {
    return this.state === undefined && this.waiting.length === 0 && this.item === undefined && this.delayed === undefined && this.running === undefined
  }
}
