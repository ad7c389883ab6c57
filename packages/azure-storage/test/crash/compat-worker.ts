/** A worker that writes the rows of instances as the .NET framework does: merged over whatever is there, without a condition. For the process of a test only: it changes the store of all services in it. */
import { instanceColumns } from '../../src/rows/instance-row.js'
import { splitInstanceRow } from '../../src/rows/large-columns.js'
import { entityOf, escapeKey, repeat } from '@dtfx/azure-common'
import { InstanceStore, type CommittedShow, type KnownRow } from '../../src/tracking/instance-store.js'

export function followDotNet(): void {
  InstanceStore.prototype.show = async function (this: InstanceStore, { state, sequence }: CommittedShow): Promise<{ readonly row: KnownRow; readonly isWritten: boolean }> {
    const { table, host, blobs, hub } = this.parts
    const { instanceId, executionId } = state
    const columns = instanceColumns({ state, sequence, startMessageId: undefined, startMessages: [] }, hub)
    const { columns: row, blobs: texts } = splitInstanceRow(columns, { instanceId, checkpointId: `${executionId}.${sequence}`, containerUrl: blobs.container.url })
    for (const { blobName, text } of texts) await blobs.put(blobName, text)
    await repeat(`writing the state of '${instanceId}'`, host, () => table.upsertEntity(entityOf({ partitionKey: escapeKey(instanceId), rowKey: '', columns: row }), 'Merge'))
    return { row: { etag: undefined, executionId, startMessageId: undefined }, isWritten: true }
  }
}
