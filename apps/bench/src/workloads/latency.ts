/** Latency: orchestrations of one activity, one after the other on an idle worker, from `start` to `result`. */
import { openLatency } from '../against/durabletask-js/latency.js'
import { expectResult, type Workload } from '../measurement.js'
import { greetings, hello, oneActivity } from '../ours/definitions.js'
import { openSession } from '../ours/session.js'
import { percentile } from '../statistics.js'

export const latency: Workload = {
  name: 'latency',
  summary: 'one orchestration of one activity at a time',
  defaultCount: 1_000,
  defaultRuns: 7,
  against: { 'durabletask-js': ({ count }) => openLatency(Math.min(count, 200)) },
  open: async ({ provider, count }) => {
    const session = await openSession(provider, { orchestrations: [oneActivity], activities: [hello] })
    return {
      name: 'dtfx',
      run: async () => {
        const samples: number[] = []
        for (let i = 0; i < count; i++) {
          const startedMs = performance.now()
          const handle = await session.client.start(oneActivity)
          expectResult('dtfx', await handle.result({ timeout: '30s' }), greetings[0])
          samples.push(performance.now() - startedMs)
          await handle.purge()
        }
        return [
          { case: 'default', metric: 'latency_p50_ms', value: percentile(samples, 0.5), unit: 'ms' },
          { case: 'default', metric: 'latency_p99_ms', value: percentile(samples, 0.99), unit: 'ms' },
        ]
      },
      close: () => session.close(),
    }
  },
}
