/** Latency between processes: as `latency`, but the worker is another process, so that each side learns from the store what the other has written. */
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
    const framework: Framework = {
      name: 'dtfx',
      resume: async () => {},
      pause: async () => {},
      start: async () => {
        const handle = await worker.client.start(oneActivity)
        return { result: () => handle.result({ timeout: '60s' }), purge: async () => void (await handle.purge()) }
      },
      close: () => worker.close(),
    }
    return latencySide(framework, count)
  },
}
