/** Fan-out in durabletask-js. */
import { expectResult, type Side } from '../../measurement.js'
import { sumTo } from '../../ours/definitions.js'
import { openDurabletask } from './session.js'

export async function openFanOut(count: number): Promise<Side> {
  const session = await openDurabletask()
  return {
    name: 'durabletask-js',
    run: async () => {
      const startedMs = performance.now()
      const output = await session.run('Parallel', count)
      const durationMs = performance.now() - startedMs
      expectResult('durabletask-js', output, sumTo(count))
      return [
        { case: 'default', metric: 'duration_ms', value: durationMs, unit: 'ms' },
        { case: 'default', metric: 'activities_per_second', value: (count / durationMs) * 1000, unit: 'activities/s' },
      ]
    },
    close: () => session.close(),
  }
}
