/**
 * Names of requests for the counts: `<service> <verb> <resource>`: `queue put control`, `table transaction History`, `blob put largemessages`. Resources are named by their role, so that the counts of two hubs can be compared.
 */

/** The operation that a request is. Of the host nothing is looked at, of the path only its last parts, so that it is the same for an emulator. */
export function operationOf(service: 'queue' | 'table' | 'blob', method: string, url: string): string {
  const { pathname, searchParams } = new URL(url)
  if (service === 'queue') return queueOperation(method, pathname, searchParams)
  return service === 'table' ? tableOperation(method, pathname) : blobOperation(method, pathname, searchParams)
}

function queueOperation(method: string, path: string, query: URLSearchParams): string {
  const messages = /\/([^/]+)\/messages(\/[^/]+)?$/.exec(path)
  if (messages === null) return `queue ${method === 'PUT' ? 'create' : method === 'DELETE' ? 'drop' : 'properties'} ${queueRole(lastPart(path))}`
  const role = queueRole(messages[1] ?? '')
  if (method === 'POST') return `queue put ${role}`
  if (method === 'PUT') return `queue update ${role}`
  if (method === 'DELETE') return `queue ${messages[2] === undefined ? 'clear' : 'delete'} ${role}`
  return `queue ${query.get('peekonly') === 'true' ? 'peek' : 'get'} ${role}`
}

function queueRole(name: string): string {
  return /-control-\d+$/.test(name) ? 'control' : name.endsWith('-workitems') ? 'workitems' : name
}

function tableOperation(method: string, path: string): string {
  const last = lastPart(path)
  if (last === '$batch') return 'table transaction'
  const name = /^([A-Za-z0-9]+)/.exec(last)?.[1] ?? last
  if (name === 'Tables') return `table ${method === 'POST' ? 'create' : method === 'DELETE' ? 'drop' : 'list'}`
  const role = /(History|Instances|Partitions|Quarantine)$/.exec(name)?.[1] ?? name
  const verbs: Readonly<Record<string, string>> = { GET: 'query', POST: 'insert', PUT: 'replace', PATCH: 'merge', MERGE: 'merge', DELETE: 'delete' }
  return `table ${verbs[method] ?? method.toLowerCase()} ${role}`
}

function blobOperation(method: string, path: string, query: URLSearchParams): string {
  const role = /-(leases|largemessages|applease)(\/|$)/.exec(path)?.[1] ?? 'other'
  const verb = query.get('comp') === 'lease' ? 'lease' : query.get('comp') === 'list' ? 'list' : method.toLowerCase()
  return `blob ${verb} ${role}${query.get('restype') === 'container' && verb !== 'lease' && verb !== 'list' ? ' container' : ''}`
}

function lastPart(path: string): string {
  return path.split('/').filter((part) => part !== '').at(-1) ?? ''
}
