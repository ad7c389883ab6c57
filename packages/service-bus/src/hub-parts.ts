/** What the parts of one service share: the connections, the names of the hub, and the services of the process. */
import type { RequestCounter } from '@dtfx/azure-common'
import type { OrchestrationService } from '@dtfx/core/provider'
import type { BusConnection } from './bus/bus-connection.js'
import type { BusLog } from './bus-log.js'
import type { HubBlobs } from './messages/hub-blobs.js'
import type { MessageSender } from './messages/message-sender.js'
import type { HubNames } from './names.js'
import type { SessionStore } from './sessions/session-store.js'
import type { ServiceBusSettings } from './settings.js'
import type { InstanceStore } from './tracking/instance-store.js'

export interface HubParts {
  readonly host: OrchestrationService['host']
  readonly settings: ServiceBusSettings
  readonly names: HubNames
  readonly requests: RequestCounter
  readonly log: BusLog
  readonly sender: MessageSender
  readonly sessions: SessionStore
  /** Undefined: without an instance store. */
  readonly store: InstanceStore | undefined
  readonly blobs: HubBlobs | undefined
  /** A connection of its own, for one kind of work. */
  connect(): BusConnection
}
