/** Memory: heap bytes per suspended execution that the engine keeps, with one activity done and one event waited for. Needs `--expose-gc` (the script gives it). */
import { createEngine, Registry } from '@dtfx/core/engine'
import type { AnyOrchestration } from '@dtfx/core'
import type { HistoryEvent } from '@dtfx/core/provider'
import type { Workload } from '../measurement.js'
import { waiting } from '../ours/definitions.js'

const timestamp = '2026-01-01T00:00:00.000Z'

export const memory: Workload = {
  name: 'memory',
  summary: 'heap bytes per cached instance',
  defaultCount: 10_000,
  defaultRuns: 3,
  open: async ({ count }) => ({
    name: 'dtfx',
    run: async () => {
      if (globalThis.gc === undefined) throw new Error('the memory workload needs node --expose-gc; run it through `pnpm bench`')
      const before = heapBytes()
      const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [waiting]), determinism: 'guard' })
      for (let i = 0; i < count; i++) await engine.run({ key: { instanceId: `i${i}`, executionId: `e${i}` }, past: [], fresh: begin(i), keep: true })
      const bytes = (heapBytes() - before) / count
      await engine.run({ key: { instanceId: 'i0', executionId: 'e0' }, fresh: [{ type: 'OrchestratorStarted', eventId: -1, timestamp }], keep: false })
      return [{ case: 'default', metric: 'bytes_per_instance', value: bytes, unit: 'bytes' }]
    },
    close: async () => {},
  }),
}

function begin(i: number): HistoryEvent[] {
  const instance = { instanceId: `i${i}`, executionId: `e${i}` }
  return [
    { type: 'OrchestratorStarted', eventId: -1, timestamp },
    { type: 'ExecutionStarted', eventId: -1, timestamp, instance, name: 'Waiting' },
  ]
}

function heapBytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
