/** How much waits, for whoever decides how many workers there are. Scheduled messages do not count; messages that somebody has locked do. Needs the right to manage the namespace. */
import type { ScaleMetrics, ScalePort } from '@dtfx/core/provider'
import Long from 'long'
import type { BusAdmin } from './bus/bus-admin.js'
import type { BusConnection } from './bus/bus-connection.js'
import type { HubParts } from './hub-parts.js'

/** What one peek shows: scheduled messages are among them. */
const maxPeeked = 32

export class ServiceBusScalePort implements ScalePort {
  #connection: BusConnection | undefined

  constructor(
    readonly parts: Pick<HubParts, 'names' | 'host' | 'connect'>,
    readonly admin: BusAdmin,
  ) {}

  async metrics(): Promise<ScaleMetrics> {
    const { orchestratorQueue, workerQueue } = this.parts.names
    const [orchestrations, activities] = await Promise.all([this.admin.count(orchestratorQueue), this.admin.count(workerQueue)])
    const ages = await Promise.all([orchestrations.active === 0 ? 0 : this.#oldestMs(orchestratorQueue), activities.active === 0 ? 0 : this.#oldestMs(workerQueue)])
    return { orchestrationBacklog: orchestrations.active, activityBacklog: activities.active, oldestMessageAgeMs: Math.max(...ages) }
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }

  async #oldestMs(queue: string): Promise<number> {
    const connection = (this.#connection ??= this.parts.connect())
    const live = connection.use()
    const receiver = live.client.createReceiver(queue)
    try {
      const peeked = await connection.request('peek', live, () => receiver.peekMessages(maxPeeked, { fromSequenceNumber: Long.ONE }))
      const times = peeked.flatMap(({ state, enqueuedTimeUtc }) => (state === 'active' && enqueuedTimeUtc !== undefined ? [enqueuedTimeUtc.getTime()] : []))
      return times.length === 0 ? 0 : Math.max(0, this.parts.host.clock.nowMs() - Math.min(...times))
    } finally {
      await receiver.close().catch(() => {})
    }
  }
}
