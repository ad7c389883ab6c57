/** Event-loop gap: the longest time the event loop had to wait while `count` histories of 1 000 activities were replayed at once. */
import { setImmediate as nextLoop } from 'node:timers/promises'
import type { AnyOrchestration } from '@dtfx/core'
import { createEngine, Registry, type TurnExecutor } from '@dtfx/core/engine'
import type { Workload } from '../measurement.js'
import { sequential, sumTo } from '../ours/definitions.js'
import { sequentialHistory } from '../ours/histories.js'
import { expectCompletion } from '../ours/replay.js'

const activitiesPerHistory = 1_000

export const eventLoopGap: Workload = {
  name: 'event-loop-gap',
  summary: 'longest wait of the event loop while histories of 1 000 activities replay',
  counts: 'histories',
  defaultCount: 500,
  defaultRuns: 9,
  open: async ({ count }) => {
    const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [sequential]), determinism: 'guard' })
    return {
      run: async () => [{ case: 'default', metric: 'event_loop_gap_ms', value: await longestGapMs(engine, count), unit: 'ms' }],
      close: async () => {},
    }
  },
}

async function longestGapMs(engine: TurnExecutor, count: number): Promise<number> {
  const history = sequentialHistory(activitiesPerHistory)
  const [past, fresh] = [history.slice(0, -1), history.slice(-1)]
  const probe = watchLoop()
  await nextLoop()
  const results = await Promise.all(Array.from({ length: count }, (_, i) => engine.run({ key: { instanceId: `i${i}`, executionId: 'e' }, past, fresh, keep: false })))
  await nextLoop()
  const gapMs = probe.stop()
  for (const result of results) expectCompletion(result, sumTo(activitiesPerHistory))
  return gapMs
}

/** Comes round with every turn of the event loop. */
function watchLoop(): { stop(): number } {
  let lastMs = performance.now()
  let longestMs = 0
  let stopped = false
  const look = (): void => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    if (!stopped) setImmediate(look)
  }
  setImmediate(look)
  return {
    stop: () => {
      stopped = true
      return longestMs
    },
  }
}
