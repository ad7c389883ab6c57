/** Queries over the rows of instances: what the table can tell it filters, and everything is looked at again here. A page is one request; a row that cannot be read does not stop the others. */
import { allOf, escapeKey, matchesFilter, odataText, odataTime, repeat, storedRow, textCell, type StoredRow } from '@dtfx/azure-common'
import { DurableError, type InstanceFilter, type InstanceState, type Page, type PageRequest, type QueryPort } from '@dtfx/core/provider'
import type { HubParts } from './hub-parts.js'
import { instancePrefix, instanceRangeEnd } from './tracking/instance-row.js'
import { describingColumns, type InstanceStore } from './tracking/instance-store.js'

export class ServiceBusQueryPort implements QueryPort {
  constructor(
    readonly parts: Pick<HubParts, 'host' | 'log'>,
    readonly store: InstanceStore,
  ) {}

  async query(filter: InstanceFilter, { size, continuation, payloads }: PageRequest): Promise<Page> {
    const queryOptions = { filter: pushedFilter(filter), ...(payloads ? undefined : { select: [...describingColumns] }) }
    const pages = this.store.table.listEntities({ queryOptions, disableTypeConversion: true })
    const { rows, next } = await repeat('querying instances', this.parts.host, async () => {
      const read = await pages.byPage({ maxPageSize: size, ...(continuation === undefined ? undefined : { continuationToken: continuation }) }).next()
      const page = read.done === true ? [] : read.value
      return { rows: page.map(storedRow), next: (page as { readonly continuationToken?: string }).continuationToken }
    })
    const states = await Promise.all(rows.map((row) => this.#decode(row, payloads)))
    const instances = states.filter((state): state is InstanceState => state !== undefined && matchesFilter(state, filter))
    return next === undefined ? { instances } : { instances, continuation: next }
  }

  async #decode(row: StoredRow, payloads: boolean): Promise<InstanceState | undefined> {
    try {
      return (await this.store.decode(row, { payloads })).state
    } catch (error) {
      if (!DurableError.is(error, 'DTFX_WIRE_INVALID')) throw error
      this.parts.log.unreadable(textCell(row.columns['InstanceId']) ?? row.partitionKey, error)
      return undefined
    }
  }
}

/** As much of the filter as the table can tell: tags it cannot. */
function pushedFilter({ createdAfter, createdBefore, completedAfter, completedBefore, status, name, version, idPrefix = '', parent }: InstanceFilter): string {
  const prefix = `${instancePrefix}${escapeKey(idPrefix)}`
  const last = prefix.charCodeAt(prefix.length - 1)
  // Surrogates and the last character of all have no next one that could stand alone.
  const end = idPrefix === '' || last >= 0xd7ff ? instanceRangeEnd : prefix.slice(0, -1) + String.fromCharCode(last + 1)
  const conditions = [`PartitionKey ge ${odataText(prefix)}`, `PartitionKey lt ${odataText(end)}`]
  if (createdAfter !== undefined) conditions.push(`CreatedTime ge ${odataTime(createdAfter)}`)
  if (createdBefore !== undefined) conditions.push(`CreatedTime lt ${odataTime(createdBefore)}`)
  if (completedAfter !== undefined) conditions.push(`CompletedTime ge ${odataTime(completedAfter)}`)
  if (completedBefore !== undefined) conditions.push(`CompletedTime lt ${odataTime(completedBefore)}`)
  if (status !== undefined && status.length > 0) conditions.push(status.map((each) => `OrchestrationStatus eq ${odataText(each)}`).join(' or '))
  if (name !== undefined) conditions.push(`Name eq ${odataText(name)}`)
  if (version !== undefined) conditions.push(`Version eq ${odataText(version)}`)
  if (parent !== undefined) conditions.push(`ParentInstanceId eq ${odataText(parent ?? '')}`)
  return allOf(conditions) ?? ''
}
