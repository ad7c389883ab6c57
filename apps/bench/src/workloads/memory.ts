/**
 * Memory: heap bytes that a worker holds per cached instance, each with one activity done and one external event waited for.
 * Measured as what the heap loses when the worker forgets all of them: what the store holds stays. Needs `--expose-gc`, which scripts/bench.mjs gives.
 */
import { setImmediate as nextLoop } from 'node:timers/promises'
import type { OrchestrationHandle } from '@dtfx/core'
import { expectResult, type Measurement, type Setup, type Workload } from '../measurement.js'
import { waiting, waitingStatus } from '../ours/definitions.js'
import { openSession } from '../ours/dtfx.js'

export const memory: Workload = {
  name: 'memory',
  summary: 'heap bytes per cached instance',
  counts: 'instances',
  defaultCount: 10_000,
  requestCount: 200,
  defaultRuns: 3,
  open: async ({ count, cache, ...setup }) => {
    if (cache === false) throw new Error('not applicable: the memory workload measures the cache, which --no-cache turns off')
    if (globalThis.gc === undefined) throw new Error('the memory workload needs node --expose-gc; `pnpm bench` gives it')
    return { run: async () => [await measure(setup, count)], close: async () => {} }
  },
}

async function measure(setup: Setup, count: number): Promise<Measurement> {
  const { client, worker, close } = await openSession(setup, count)
  try {
    const handles = await Promise.all(Array.from({ length: count }, () => client.start(waiting)))
    for (const handle of handles) await untilWaiting(handle)
    expectResult('dtfx', worker.cachedInstances, count)
    const withCacheBytes = heapBytes()
    worker.forgetAll()
    const bytes = (withCacheBytes - heapBytes()) / count
    for (const handle of handles) await handle.terminate()
    for (const handle of handles) await handle.result().catch(() => {})
    return { case: 'default', metric: 'bytes_per_instance', value: bytes, unit: 'bytes' }
  } finally {
    await close()
  }
}

async function untilWaiting(handle: OrchestrationHandle<string, void>): Promise<void> {
  while ((await handle.state())?.customStatus !== waitingStatus) await nextLoop()
}

function heapBytes(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
