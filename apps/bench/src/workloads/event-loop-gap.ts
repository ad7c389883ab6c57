/** Event-loop gap: the longest time the event loop had to wait while `count` histories of 1 000 activities were replayed at once. */
import { createEngine, Registry } from '@dtfx/core/engine'
import type { AnyOrchestration } from '@dtfx/core'
import type { Workload } from '../measurement.js'
import { sequential } from '../ours/definitions.js'
import { sequentialHistory } from '../ours/histories.js'

export const eventLoopGap: Workload = {
  name: 'event-loop-gap',
  summary: 'longest wait of the event loop while many histories replay',
  defaultCount: 500,
  defaultRuns: 5,
  open: async ({ count }) => {
    const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [sequential]), determinism: 'guard' })
    const history = sequentialHistory(1_000)
    const [past, fresh] = [history.slice(0, -1), history.slice(-1)]
    return {
      name: 'dtfx',
      run: async () => {
        const probe = watchLoop()
        await Promise.all(
          Array.from({ length: count }, (_, i) => engine.run({ key: { instanceId: `i${i}`, executionId: 'e' }, past, fresh, keep: false })),
        )
        return [{ case: 'default', metric: 'event_loop_gap_ms', value: probe.stop(), unit: 'ms' }]
      },
      close: async () => {},
    }
  },
}

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
