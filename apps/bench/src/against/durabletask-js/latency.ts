/** Latency in durabletask-js. */
import { expectResult, type Side } from '../../measurement.js'
import { greetings } from '../../ours/definitions.js'
import { percentile } from '../../statistics.js'
import { openDurabletask } from './session.js'

export async function openLatency(count: number): Promise<Side> {
  const session = await openDurabletask()
  return {
    name: 'durabletask-js',
    run: async () => {
      const samples: number[] = []
      for (let i = 0; i < count; i++) {
        const startedMs = performance.now()
        expectResult('durabletask-js', await session.run('OneActivity'), greetings[0])
        samples.push(performance.now() - startedMs)
      }
      return [
        { case: 'default', metric: 'latency_p50_ms', value: percentile(samples, 0.5), unit: 'ms' },
        { case: 'default', metric: 'latency_p99_ms', value: percentile(samples, 0.99), unit: 'ms' },
      ]
    },
    close: () => session.close(),
  }
}
