/** Fan-out: one orchestration that starts `count` activities and joins them, from `start` to its result. */
import { rivalSides } from '../against/rivals.js'
import { whileRunning, type Framework } from '../framework.js'
import { activitiesPerSecond, durationOf, expectResult, type Side, type Workload } from '../measurement.js'
import { sumTo } from '../ours/definitions.js'
import { openDtfx } from '../ours/dtfx.js'

export const fanOut: Workload = {
  name: 'fan-out',
  summary: 'one orchestration, many activities, one join',
  counts: 'activities',
  defaultCount: 1_000,
  requestCount: 1_000,
  defaultRuns: 15,
  open: async ({ count, ...setup }) => fanOutSide(await openDtfx(setup), count),
  against: rivalSides(fanOutSide),
}

function fanOutSide(framework: Framework, count: number): Side {
  return {
    run: () =>
      whileRunning(framework, async () => {
        const startedMs = performance.now()
        const orchestration = await framework.start('Parallel', count)
        const output = await orchestration.result()
        const durationMs = performance.now() - startedMs
        expectResult(framework.name, output, sumTo(count))
        await orchestration.purge()
        return [durationOf('default', durationMs), activitiesPerSecond('default', count, durationMs)]
      }),
    close: () => framework.close(),
  }
}
