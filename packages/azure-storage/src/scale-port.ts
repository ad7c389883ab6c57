/** How much waits, for whoever decides how many workers there are. Hidden messages (timers, backups of local activities) are in the service's own count, and are taken out as far as this can be told: by a peek. */
import type { ScaleMetrics, ScalePort } from '@dtfx/core/provider'
import { repeat } from '@dtfx/azure-common'
import type { WorkerParts } from './worker-parts.js'

/** What one peek shows. */
const maxPeeked = 32

interface Depth {
  readonly count: number
  readonly oldestAgeMs: number
}

export class AzureScalePort implements ScalePort {
  constructor(readonly parts: Pick<WorkerParts, 'clients' | 'names' | 'host' | 'gate'>) {}

  async metrics(): Promise<ScaleMetrics> {
    const { controlQueues, workItemQueue } = this.parts.names
    const [activities, ...control] = await Promise.all([workItemQueue, ...controlQueues].map((queue) => this.depth(queue)))
    return {
      orchestrationBacklog: control.reduce((sum, { count }) => sum + count, 0),
      activityBacklog: activities?.count ?? 0,
      oldestMessageAgeMs: Math.max(0, ...[activities, ...control].map((depth) => depth?.oldestAgeMs ?? 0)),
    }
  }

  /** Visible messages: exactly while a peek shows them all, else the service's count, which has the hidden ones too. */
  async depth(name: string): Promise<Depth> {
    const { clients, host, gate } = this.parts
    const queue = clients.queue(name)
    const { peekedMessageItems: peeked } = await gate.pass(() => repeat(`looking at queue '${name}'`, host, () => queue.peekMessages({ numberOfMessages: maxPeeked })))
    const oldestMs = Math.min(...peeked.map(({ insertedOn }) => insertedOn.getTime()))
    const oldestAgeMs = peeked.length === 0 ? 0 : Math.max(0, host.clock.nowMs() - oldestMs)
    if (peeked.length < maxPeeked) return { count: peeked.length, oldestAgeMs }
    const { approximateMessagesCount = peeked.length } = await gate.pass(() => repeat(`counting queue '${name}'`, host, () => queue.getProperties()))
    return { count: Math.max(approximateMessagesCount, peeked.length), oldestAgeMs }
  }
}
