/** Requests: storage requests by operation. A provider without storage makes none, and the workload says so. */
import type { Workload } from '../measurement.js'

export const requests: Workload = {
  name: 'requests',
  summary: 'storage requests per orchestration and per idle minute',
  defaultCount: 1,
  defaultRuns: 1,
  open: async ({ provider }) => {
    throw new Error(`provider ${provider} makes no storage requests; this workload is for providers that do`)
  },
}
