/**
 * Counts the requests that this process sends to the account, by operation: the unit of the bill. Every request counts, also one that fails; what is repeated counts again.
 * Names are `<service> <verb> <resource>`: `queue put control`, `table transaction History`, `blob put largemessages`. Resources are named by their role, so that the counts of two hubs can be compared.
 */
export class RequestCounter {
  readonly #counts = new Map<string, number>()

  add(operation: string, by = 1): void {
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + by)
  }

  /** A request that is counted already turned out to be of another kind: a queue that was asked had nothing. */
  reclassify(from: string, to: string): void {
    this.add(from, -1)
    this.add(to)
  }

  /** Counts since the beginning, by operation. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

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
