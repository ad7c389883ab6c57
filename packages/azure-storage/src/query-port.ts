/** Queries over the Instances table: what the service can tell it filters, and everything is looked at again here. A page is one request; a row that cannot be read does not stop the others. */
import { DurableError, type InstanceFilter, type InstanceState, type Page, type PageRequest, type QueryPort } from '@dtfx/core/provider'
import { matchesFilter, repeat, storedRow, type StoredRow, unescapeKey } from '@dtfx/azure-common'
import { pushedFilter } from './rows/instance-filter.js'
import type { WorkerParts } from './worker-parts.js'

const columnsWithoutPayloads = [
  ...['ExecutionId', 'Name', 'Version', 'CustomStatus', 'CreatedTime', 'LastUpdatedTime', 'CompletedTime', 'ScheduledStartTime', 'RuntimeStatus', 'Generation', 'Tags', 'TagsBlobName'],
  ...['DtfxExecutionId', 'StateSequence', 'FailureDetails', 'FailureDetailsBlobName', 'CustomStatusBlobName', 'ParentInstance', 'DtfxExtra', 'DtfxExtraBlobName'],
]

export class AzureQueryPort implements QueryPort {
  constructor(readonly parts: Pick<WorkerParts, 'clients' | 'names' | 'host' | 'instances' | 'log'>) {}

  async query(filter: InstanceFilter, { size, continuation, payloads }: PageRequest): Promise<Page> {
    const { clients, names, host } = this.parts
    const { odata } = pushedFilter(filter, { excludeEntities: true })
    const queryOptions = { ...(odata === undefined ? undefined : { filter: odata }), ...(payloads ? undefined : { select: ['PartitionKey', 'RowKey', ...columnsWithoutPayloads] }) }
    const pages = clients.table(names.instancesTable).listEntities({ queryOptions, disableTypeConversion: true })
    const { rows, next } = await repeat('querying instances', host, async () => {
      const read = await pages.byPage({ maxPageSize: size, ...(continuation === undefined ? undefined : { continuationToken: continuation }) }).next()
      const page = read.done === true ? [] : read.value
      return { rows: page.map(storedRow), next: (page as { readonly continuationToken?: string }).continuationToken }
    })
    const states = await Promise.all(rows.map((row) => this.#decode(row, payloads)))
    const found = states.filter((state): state is InstanceState => state !== undefined && !state.instanceId.startsWith('@') && matchesFilter(state, filter))
    return next === undefined ? { instances: found } : { instances: found, continuation: next }
  }

  async #decode(row: StoredRow, payloads: boolean): Promise<InstanceState | undefined> {
    const { instances, log } = this.parts
    const instanceId = unescapeKey(row.partitionKey)
    try {
      return (await instances.decode(row, instanceId, { payloads })).state
    } catch (error) {
      if (!DurableError.is(error, 'DTFX_WIRE_INVALID')) throw error
      log.unreadable(instanceId, error)
      return undefined
    }
  }
}
