/** Latency between processes: as `latency`, but the worker is another process, so that each side learns from the store what the other has written. */
import { loadOrchestrationService, TaskHubClient } from '@dtfx/core'
import type { Framework } from '../framework.js'
import type { Workload } from '../measurement.js'
import { oneActivity } from '../ours/definitions.js'
import { startWorkerProcess } from '../processes/worker-process.js'
import { latencySide } from './latency.js'

export const latencyProcesses: Workload = {
  name: 'latency-processes',
  summary: 'one orchestration of one activity at a time, the worker in another process',
  counts: 'orchestrations',
  defaultCount: 300,
  requestCount: 50,
  defaultRuns: 5,
  open: async ({ count, ...setup }) => {
    const worker = await startWorkerProcess(setup)
    const service = await loadOrchestrationService({ provider: setup.provider, options: worker.options })
    const client = new TaskHubClient(service)
    const framework: Framework = {
      name: 'dtfx',
      resume: async () => {},
      pause: async () => {},
      start: async () => {
        const handle = await client.start(oneActivity)
        return { result: () => handle.result({ timeout: '60s' }), purge: async () => void (await handle.purge()) }
      },
      close: async () => {
        await service.close()
        await worker.close()
      },
    }
    return latencySide(framework, count)
  },
}
