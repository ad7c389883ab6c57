/** Reads everything the checker looks at out of a store: all instances with their histories. */
import { dtfxError, type HistoryEvent, type OrchestrationService } from '@dtfx/core/provider'
import type { ObservedInstance } from './check-world.js'

const pageSize = 200

/** @throws DTFX_NOT_SUPPORTED when the store cannot be queried or shows no histories */
export async function observeWorld({ name, query, history }: OrchestrationService): Promise<ObservedInstance[]> {
  if (query === undefined || history === undefined) throw dtfxError('DTFX_NOT_SUPPORTED', { provider: name, what: 'simulation: it needs queries and histories' })
  const observed: ObservedInstance[] = []
  let continuation: string | undefined
  do {
    const page = await query.query({}, { size: pageSize, continuation, payloads: true })
    for (const state of page.instances) {
      const events: HistoryEvent[] = []
      for await (const chunk of history.read(state.instanceId)) events.push(...chunk)
      observed.push({ state, history: events })
    }
    continuation = page.continuation
  } while (continuation !== undefined)
  return observed
}
