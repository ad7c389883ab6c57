/** Children of an instance, found by query: for what concerns whole families of instances. */
import { limits } from '../base/limits.js'
import type { InstanceState } from '../model/instance.js'
import type { InstanceFilter } from '../model/query.js'
import type { ClientContext } from './client-context.js'

/** All instances that match, page by page, without payloads. @throws DTFX_NOT_SUPPORTED */
export async function* matching(context: ClientContext, filter: InstanceFilter, what: string): AsyncGenerator<InstanceState> {
  const query = context.require('query', what)
  let continuation: string | undefined
  do {
    const page = await context.call(() => query.query(filter, { size: limits.defaultPageSize, continuation, payloads: false }))
    yield* page.instances
    continuation = page.continuation
  } while (continuation !== undefined)
}

/** Children, their children and so on, parents before their children; each once. @throws DTFX_NOT_SUPPORTED */
export async function* descendants(context: ClientContext, instanceId: string, what: string): AsyncGenerator<InstanceState> {
  const seen = new Set([instanceId])
  const parents = [instanceId]
  for (let parent = parents.shift(); parent !== undefined; parent = parents.shift()) {
    for await (const child of matching(context, { parent }, what)) {
      if (seen.has(child.instanceId)) continue
      seen.add(child.instanceId)
      parents.push(child.instanceId)
      yield child
    }
  }
}
