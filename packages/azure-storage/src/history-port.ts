/** Reads histories for people and tools, in chunks. */
import type { HistoryEvent, HistoryPort, InstanceId } from '@dtfx/core/provider'
import type { WorkerParts } from './worker-parts.js'

const chunkSize = 1_000

export class AzureHistoryPort implements HistoryPort {
  constructor(readonly parts: Pick<WorkerParts, 'histories'>) {}

  async *read(instanceId: InstanceId): AsyncIterable<readonly HistoryEvent[]> {
    const history = await this.parts.histories.read(instanceId)
    for (let at = 0; at < history.length; at += chunkSize) yield history.slice(at, at + chunkSize)
  }
}
