/** Names of the requests to the account of the instance store, for the counts: `table transaction instances`, `blob put`. Resources are named by their role, so that the counts of two hubs can be compared. */
import type { NameRequest } from '@dtfx/azure-common'
import type { HubNames } from './names.js'

const verbs: Readonly<Record<string, string>> = { GET: 'query', POST: 'insert', PUT: 'replace', PATCH: 'merge', MERGE: 'merge', DELETE: 'delete' }

export function operationOf(names: HubNames): NameRequest {
  return ({ service, method, url, table }) => {
    if (service !== 'table') return `${service} ${method.toLowerCase()}`
    const role = table === names.jumpStartTable ? 'jump-starts' : 'instances'
    const { pathname } = new URL(url)
    if (pathname.endsWith('/$batch')) return `table transaction ${role}`
    const isTable = /\/Tables(\('[^']*'\))?$/.test(pathname)
    return `table ${isTable ? (method === 'POST' ? 'create' : 'drop') : (verbs[method] ?? method.toLowerCase())} ${role}`
  }
}
