/**
 * Deletes finished instances: the histories of all executions, .NET's rows, texts in blobs, and last the row that says that the instance exists, so that a purge that was cut off is found and done again.
 * Invariant: the row goes on condition that nobody wrote it: what was started under the id meanwhile keeps it.
 */
import { escapeKey, outcomeOf, repeat } from '@dtfx/azure-common'
import { isFinal, type InstanceId, type PurgePort } from '@dtfx/core/provider'
import type { HubParts } from './hub-parts.js'
import type { HubBlobs } from './messages/hub-blobs.js'
import { instanceKey } from './tracking/instance-row.js'
import type { InstanceStore } from './tracking/instance-store.js'

export class ServiceBusPurgePort implements PurgePort {
  constructor(
    readonly parts: Pick<HubParts, 'host'>,
    readonly store: InstanceStore,
    readonly blobs: HubBlobs,
  ) {}

  async purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'> {
    const { store } = this
    const row = await store.read(instanceId, { payloads: false })
    const states = await store.dotnetStates(instanceId)
    if (row === undefined && states.length === 0) return 'not-found'
    if (row !== undefined && !isFinal(row.state.status)) return 'not-finished'
    if (row === undefined && states.some(({ columns }) => ['Running', 'Pending', 'Suspended'].includes(String(columns['OrchestrationStatus'])))) return 'not-finished'
    await store.histories.erase(instanceId)
    await Promise.all(states.map(({ partitionKey, rowKey }) => this.#delete(partitionKey, rowKey, undefined)))
    if (row !== undefined) {
      const { partitionKey, rowKey } = instanceKey(instanceId)
      if (!(await this.#delete(partitionKey, rowKey, row.etag))) return 'not-finished'
    }
    store.forget(instanceId)
    await this.blobs.deleteTexts(`${escapeKey(instanceId)}/`)
    return 'purged'
  }

  /** False: it is another one by now. */
  async #delete(partitionKey: string, rowKey: string, etag: string | undefined): Promise<boolean> {
    try {
      await repeat('deleting a row', this.parts.host, () => this.store.table.deleteEntity(partitionKey, rowKey, etag === undefined ? {} : { etag }))
    } catch (error) {
      if (outcomeOf(error) === 'conflict') return false
      if (outcomeOf(error) !== 'missing') throw error
    }
    return true
  }
}
