/** Fan-out: one orchestration that starts `count` activities and joins them. */
import { openFanOut } from '../against/durabletask-js/fan-out.js'
import { expectResult, type Workload } from '../measurement.js'
import { next, parallel, sumTo } from '../ours/definitions.js'
import { openSession } from '../ours/session.js'

export const fanOut: Workload = {
  name: 'fan-out',
  summary: 'one orchestration, many activities, one join',
  defaultCount: 1_000,
  defaultRuns: 15,
  against: { 'durabletask-js': ({ count }) => openFanOut(count) },
  open: async ({ provider, count }) => {
    const session = await openSession(provider, { orchestrations: [parallel], activities: [next] })
    return {
      name: 'dtfx',
      run: async () => {
        const startedMs = performance.now()
        const handle = await session.client.start(parallel, count)
        const output = await handle.result({ timeout: '120s' })
        const durationMs = performance.now() - startedMs
        expectResult('dtfx', output, sumTo(count))
        await handle.purge()
        return [
          { case: 'default', metric: 'duration_ms', value: durationMs, unit: 'ms' },
          { case: 'default', metric: 'activities_per_second', value: (count / durationMs) * 1000, unit: 'activities/s' },
        ]
      },
      close: () => session.close(),
    }
  },
}
