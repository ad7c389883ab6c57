/** Hello-sequence-5 in durabletask-js. */
import { expectResult, type Side } from '../../measurement.js'
import { greetings } from '../../ours/definitions.js'
import { openDurabletask } from './session.js'

export async function openHello(count: number): Promise<Side> {
  const session = await openDurabletask()
  return {
    name: 'durabletask-js',
    run: async () => {
      const startedMs = performance.now()
      const outputs = await Promise.all(Array.from({ length: count }, () => session.run('HelloSequence')))
      const durationMs = performance.now() - startedMs
      for (const output of outputs) expectResult('durabletask-js', output, greetings)
      return [
        { case: 'default', metric: 'orchestrations_per_second', value: (count / durationMs) * 1000, unit: 'orchestrations/s' },
        { case: 'default', metric: 'duration_ms', value: durationMs, unit: 'ms' },
      ]
    },
    close: () => session.close(),
  }
}
