/** What this worker has in memory of an instance of its partitions: messages that wait, the item in progress, what is known of its rows, and its local activities. All of it can be lost. */
import type { InstanceId, InstanceVersion } from '@dtfx/core/provider'
import type { InstanceOwner } from '../activities/instance-owner.js'
import type { OrchestrationItem } from './orchestration-item.js'
import type { KnownRow } from '../tracking/instance-store.js'
import type { OwnedPartition } from './owned-partition.js'
import type { ReceivedMessage } from './received-message.js'

/** As of the last load or commit here. Somebody else may have written since only if the partition was somebody else's meanwhile; a write on it then fails. */
export interface KnownRows {
  readonly version: InstanceVersion
  /** The row that clients see; undefined: not looked at yet. */
  readonly row: KnownRow | undefined
}

export class InstanceRecord {
  waiting: ReceivedMessage[] = []
  item: OrchestrationItem | undefined
  /** In the list of those that have work. */
  isQueued = false
  known: KnownRows | undefined
  local: InstanceOwner | undefined
  /** This worker counted a turn that may kill its process. */
  isSuspect = false

  constructor(
    readonly instanceId: InstanceId,
    readonly partition: OwnedPartition,
  ) {}

  get hasWork(): boolean {
    return this.waiting.length > 0 || this.local?.work.hasResults === true
  }

  get isIdle(): boolean {
    return !this.hasWork && this.item === undefined && this.local?.isBusy !== true
  }
}
