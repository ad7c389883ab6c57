/** Queries: the filter is SQL's. A continuation is the last id of a page, so that pages stay right while instances come and go. */
import type { InstanceFilter, Page, PageRequest, QueryPort } from '@dtfx/core/provider'
import type { HubAccess } from './hub-access.js'
import { stateFrom, type StateRow } from './instances/state-columns.js'
import { pageQuery } from './sql/query-sql.js'

export class SqliteQueryPort implements QueryPort {
  constructor(readonly hub: HubAccess) {}

  query(filter: InstanceFilter, page: PageRequest): Promise<Page> {
    if (filter.status?.length === 0) return Promise.resolve({ instances: [] })
    const { text, values } = pageQuery(filter, page)
    return this.hub.file.read((sql) => {
      const rows = sql.all<StateRow>(text, ...values)
      const instances = rows.slice(0, page.size).map((row) => stateFrom(row))
      const last = instances[instances.length - 1]
      return rows.length <= page.size || last === undefined ? { instances } : { instances, continuation: last.instanceId }
    })
  }
}
