/** Latency: orchestrations of one activity, one after the other on an idle worker, each from `start` to its result. */
import { setImmediate as nextLoop } from 'node:timers/promises'
import { rivalSides } from '../against/rivals.js'
import { whileRunning, type Framework } from '../framework.js'
import { expectResult, type Side, type Workload } from '../measurement.js'
import { greetings } from '../ours/definitions.js'
import { openDtfx } from '../ours/dtfx.js'
import { percentile } from '../statistics.js'

export const latency: Workload = {
  name: 'latency',
  summary: 'one orchestration of one activity at a time',
  counts: 'orchestrations',
  defaultCount: 1_000,
  requestCount: 100,
  rivalCounts: { openworkflow: 20 },
  defaultRuns: 15,
  open: async ({ count, ...setup }) => latencySide(await openDtfx(setup), count),
  against: rivalSides(latencySide),
}

export function latencySide(framework: Framework, count: number): Side {
  return {
    run: () =>
      whileRunning(framework, async () => {
        const samplesMs: number[] = []
        for (let i = 0; i < count; i++) samplesMs.push(await measureOne(framework))
        return [
          { case: 'default', metric: 'latency_p50_ms', value: percentile(samplesMs, 0.5), unit: 'ms' },
          { case: 'default', metric: 'latency_p99_ms', value: percentile(samplesMs, 0.99), unit: 'ms' },
        ]
      }),
    close: () => framework.close(),
  }
}

async function measureOne(framework: Framework): Promise<number> {
  const startedMs = performance.now()
  const orchestration = await framework.start('OneActivity')
  const output = await orchestration.result()
  const durationMs = performance.now() - startedMs
  expectResult(framework.name, output, greetings[0])
  await orchestration.purge()
  // What the last orchestration left to do ends before the next one starts.
  await nextLoop()
  await nextLoop()
  return durationMs
}
