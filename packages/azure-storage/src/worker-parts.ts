/** What the parts of one service share: the account, the names of the hub, and the services of the process. */
import type { OrchestrationService } from '@dtfx/core/provider'
import type { AzureStorageSettings } from './settings.js'
import type { HubNames } from './names.js'
import type { MessageBlobs } from './messages/message-blobs.js'
import type { MessageSender } from './messages/message-sender.js'
import type { QueueWakers } from './queues/queue-wakers.js'
import type { InstanceWatchers, RequestGate } from '@dtfx/azure-common'
import type { StorageClients } from './storage/storage-clients.js'
import type { HistoryStore } from './tracking/history-store.js'
import type { InstanceStore } from './tracking/instance-store.js'
import type { QuarantineStore } from './tracking/quarantine-store.js'
import type { SuspicionStore } from './tracking/suspicion-store.js'
import type { StorageLog } from './storage-log.js'

export interface WorkerParts {
  readonly host: OrchestrationService['host']
  readonly settings: AzureStorageSettings
  readonly names: HubNames
  readonly clients: StorageClients
  readonly gate: RequestGate
  readonly blobs: MessageBlobs
  readonly sender: MessageSender
  readonly wakers: QueueWakers
  readonly watchers: InstanceWatchers
  readonly histories: HistoryStore
  readonly instances: InstanceStore
  readonly quarantine: QuarantineStore
  readonly suspicions: SuspicionStore
  readonly log: StorageLog
}
