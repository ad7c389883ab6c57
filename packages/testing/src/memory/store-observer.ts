/** Sees every change of a hub as it happens, for checkers. */
import type { InstanceId, OutboundMessage } from '@dtfx/core/provider'
import type { InstanceRecord } from './instance-record.js'
import type { InstanceChange } from './store.js'

export interface StoreObserver {
  /** Before the change. */
  writing(record: InstanceRecord, change: InstanceChange): void
  sent(message: OutboundMessage, sender: InstanceId | undefined): void
}
