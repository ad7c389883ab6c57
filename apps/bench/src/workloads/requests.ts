/** Requests: storage requests by operation. A provider without a store behind it makes none, and the workload says so. */
import { loadOrchestrationService } from '@dtfx/core'
import type { Workload } from '../measurement.js'

export const requests: Workload = {
  name: 'requests',
  summary: 'storage requests per orchestration and per idle minute',
  counts: 'orchestrations',
  defaultCount: 1,
  defaultRuns: 1,
  open: async ({ provider, options }) => {
    // An unknown provider is that error, not this one.
    await (await loadOrchestrationService({ provider, options })).close()
    throw new Error(`not applicable: provider ${provider} counts no storage requests`)
  },
}
