import type { OrchestrationService } from '@dtfx/core/provider'
import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { describe, test } from 'vitest'

/** The in-memory provider without its optional parts: the suite has to test that what is not declared is not there, and that the rest works without it. */
function open(): OrchestrationService {
  const service = createOrchestrationService({})
  return {
    name: 'reduced',
    capabilities: { ...service.capabilities, query: false, history: false, historyAfterCompletion: false, purge: false, rewind: false, quarantine: false, scale: false },
    host: service.host,
    client: service.client,
    createHub: () => service.createHub(),
    deleteHub: () => service.deleteHub(),
    startWorker: (spec) => service.startWorker(spec),
    close: () => service.close(),
  }
}

conformance({ describe, test, name: 'reduced', open, capabilities: open().capabilities, variants: ['plain'] })
