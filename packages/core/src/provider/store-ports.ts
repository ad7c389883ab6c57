/** Optional ports: present exactly when the capability of the same name is declared. */
import type { Ticks } from '../base/ticks.js'
import type { HistoryEvent } from '../model/events.js'
import type { InstanceId } from '../model/instance.js'
import type { MessageId, TaskMessage } from '../model/message.js'
import type { InstanceFilter, Page, PageRequest } from '../model/query.js'

export interface QueryPort {
  query(filter: InstanceFilter, page: PageRequest): Promise<Page>
}

export interface HistoryPort {
  /** Events of the current execution in order, in chunks of the provider's choice; empty for an unknown instance. */
  read(instanceId: InstanceId): AsyncIterable<readonly HistoryEvent[]>
}

export interface PurgePort {
  /** Deletes a finished instance with its history and payloads. `not-finished` leaves a live one alone. */
  purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'>
}

export interface QuarantinedMessage {
  readonly id: MessageId
  readonly instanceId?: InstanceId | undefined
  /** Absent when it could not be decoded. */
  readonly message?: TaskMessage | undefined
  readonly code: string
  readonly reason: string
  readonly quarantinedAt: Ticks
}

export interface QuarantinePort {
  list(): AsyncIterable<QuarantinedMessage>
  /** Puts the message back into its queue, counts reset. */
  replay(id: MessageId): Promise<boolean>
  delete(id: MessageId): Promise<boolean>
}

export interface ScaleMetrics {
  /** Messages that wait for orchestrations, and the age of the oldest visible one. */
  readonly orchestrationBacklog: number
  readonly activityBacklog: number
  readonly oldestMessageAgeMs: number
}

export interface ScalePort {
  metrics(): Promise<ScaleMetrics>
}
