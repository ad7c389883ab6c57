/** A running emulator, as its user sees it. */
import type { QueueCounts } from './broker/queue-counts.js'
import type { QueueOptions } from './config/queue-options.js'
import type { FaultControls } from './faults/fault-controls.js'

export interface ServiceBusEmulator extends AsyncDisposable {
  /** For `ServiceBusClient` and `ServiceBusAdministrationClient`. */
  readonly connectionString: string
  readonly host: string
  readonly port: number
  readonly faults: FaultControls
  /** Connections of AMQP clients that are open now. */
  readonly connectionCount: number
  /** Names of all queues. */
  readonly queues: readonly string[]
  createQueue(options: QueueOptions): void
  /** Deletes a queue with its messages; links to it are closed. */
  deleteQueue(name: string): void
  /** How many messages are where. `name/$DeadLetterQueue` counts those of a dead-letter queue. */
  counts(name: string): QueueCounts
  /** Ends all connections and frees the port. Repeated calls wait for the same end. */
  close(): Promise<void>
}
