/** Idle: processor time of a worker that has nothing to do, in a process of its own, after it had something to do. `count` is the time, in seconds. */
import { expectResult, type Workload } from '../measurement.js'
import { greetings, oneActivity } from '../ours/definitions.js'
import { startWorkerProcess } from '../processes/worker-process.js'

/** What is left to do after the last orchestration is done by then, and all pauses are at their longest. */
const settleMs = 2_000

export const idle: Workload = {
  name: 'idle',
  summary: 'processor time of a worker without work, in a process of its own',
  counts: 'seconds',
  defaultCount: 20,
  defaultRuns: 1,
  warmUp: false,
  open: async ({ count, ...setup }) => {
    const worker = await startWorkerProcess(setup)
    expectResult('dtfx', await (await worker.client.start(oneActivity)).result({ timeout: '60s' }), greetings[0])
    await worker.processorShare(settleMs)
    return {
      run: async () => [{ case: 'default', metric: 'processor_percent', value: (await worker.processorShare(count * 1000)) * 100, unit: '% of a core' }],
      close: () => worker.close(),
    }
  },
}
