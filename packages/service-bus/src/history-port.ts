/** Reads histories for people and tools, in chunks. Of an instance that is alive, what was tracked so far. */
import type { HistoryEvent, HistoryPort, InstanceId } from '@dtfx/core/provider'
import type { InstanceStore } from './tracking/instance-store.js'

const chunkSize = 1_000

export class ServiceBusHistoryPort implements HistoryPort {
  constructor(readonly store: InstanceStore) {}

  async *read(instanceId: InstanceId): AsyncIterable<readonly HistoryEvent[]> {
    const executionId = (await this.store.read(instanceId, { payloads: false }))?.state.executionId ?? (await this.store.readDotnetState(instanceId, { payloads: false }))?.executionId
    if (executionId === undefined) return
    const history = await this.store.histories.read(instanceId, executionId)
    for (let at = 0; at < history.length; at += chunkSize) yield history.slice(at, at + chunkSize)
  }
}
