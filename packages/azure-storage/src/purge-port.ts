/**
 * Deletes finished instances: the history, then blobs, then the row that clients see, so that a purge that was cut off is found and done again.
 *
 * Invariants:
 * 1. Only what belongs to this very id is deleted; blobs are told apart by the slash behind the id, which .NET forgets.
 * 2. What was started under the id meanwhile stays whole: histories and rows go on condition that nobody wrote them, and only blobs that were there before the instance was seen finished.
 */
import { isFinal, type InstanceId, type PurgePort } from '@dtfx/core/provider'
import { isInstanceRowBlob } from './rows/large-columns.js'
import { escapeKey, outcomeOf, repeat } from '@dtfx/azure-common'
import { HistoryEraser } from './tracking/history-eraser.js'
import type { WorkerParts } from './worker-parts.js'

export class AzurePurgePort implements PurgePort {
  readonly #eraser: HistoryEraser

  constructor(readonly parts: Pick<WorkerParts, 'clients' | 'names' | 'host' | 'instances' | 'blobs' | 'gate' | 'suspicions'>) {
    this.#eraser = new HistoryEraser(parts.clients.table(parts.names.historyTable), parts.host)
  }

  async purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'> {
    const { instances, blobs, suspicions } = this.parts
    // A read that comes first costs one request where there is nothing to purge.
    const first = await instances.read(instanceId, { payloads: false })
    if (first === undefined) return 'not-found'
    if (!isFinal(first.state.status)) return 'not-finished'
    const names = [...(await blobs.namesOf(instanceId))]
    const row = names.length === 0 ? first : await instances.read(instanceId, { payloads: false })
    if (row === undefined) return 'not-found'
    if (!isFinal(row.state.status)) return 'not-finished'
    if (!(await this.#eraser.erase(instanceId, row.state.executionId))) return 'not-finished'
    await this.#deleteBlobs(names.filter((name) => !isInstanceRowBlob(instanceId, name)))
    await suspicions.clear(instanceId)
    if (!(await this.#deleteRow(instanceId, row.etag))) return 'not-finished'
    await this.#deleteBlobs(names.filter((name) => isInstanceRowBlob(instanceId, name)))
    return 'purged'
  }

  #deleteBlobs(names: readonly string[]): Promise<void> {
    const { gate, blobs } = this.parts
    return gate.all(names, (name) => blobs.delete(name))
  }

  /** False: the instance was started anew meanwhile. */
  async #deleteRow(instanceId: InstanceId, etag: string): Promise<boolean> {
    const { clients, names, host } = this.parts
    try {
      await repeat(`deleting the state of '${instanceId}'`, host, () => clients.table(names.instancesTable).deleteEntity(escapeKey(instanceId), '', { etag }))
    } catch (error) {
      if (outcomeOf(error) === 'conflict') return false
      if (outcomeOf(error) !== 'missing') throw error
    }
    return true
  }
}
