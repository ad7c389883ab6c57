/** What a queue is, every property given. Made from options, from a configuration file or from a request of the administration API. */

export type QueueStatus = 'Active' | 'Disabled' | 'SendDisabled' | 'ReceiveDisabled'

export interface QueueSettings {
  /** As it was created; found in any case. */
  readonly name: string
  readonly requiresSession: boolean
  readonly lockDurationMs: number
  readonly maxDeliveryCount: number
  readonly requiresDuplicateDetection: boolean
  readonly duplicateDetectionWindowMs: number
  /** `Infinity`: messages live until they are settled. */
  readonly defaultTimeToLiveMs: number
  readonly deadLetteringOnMessageExpiration: boolean
  readonly maxMessageSizeBytes: number
  readonly maxSizeMegabytes: number
  readonly status: QueueStatus
  readonly userMetadata: string | undefined
  readonly enableBatchedOperations: boolean
}

export const defaultQueueSettings: Omit<QueueSettings, 'name'> = {
  requiresSession: false,
  lockDurationMs: 60_000,
  maxDeliveryCount: 10,
  requiresDuplicateDetection: false,
  duplicateDetectionWindowMs: 600_000,
  defaultTimeToLiveMs: Number.POSITIVE_INFINITY,
  deadLetteringOnMessageExpiration: false,
  maxMessageSizeBytes: 256 * 1024,
  maxSizeMegabytes: 1024,
  status: 'Active',
  userMetadata: undefined,
  enableBatchedOperations: true,
}

/** The dead-letter queue of a queue: no sessions, no expiry, no end of deliveries, no limit. */
export function deadLetterSettings(queue: QueueSettings): QueueSettings {
  return {
    ...queue,
    name: `${queue.name}/$DeadLetterQueue`,
    requiresSession: false,
    requiresDuplicateDetection: false,
    deadLetteringOnMessageExpiration: false,
    defaultTimeToLiveMs: Number.POSITIVE_INFINITY,
    maxDeliveryCount: Number.POSITIVE_INFINITY,
    maxSizeMegabytes: Number.POSITIVE_INFINITY,
  }
}
