/** Long history: one orchestration of `count` activities one after the other; the time of a step in its first and in its last tenth, as its history has it. */
import type { HistoryEvent } from '@dtfx/core/provider'
import { expectResult, type Measurement, type Workload } from '../measurement.js'
import { sequential, sumTo } from '../ours/definitions.js'
import { openSession, type Session } from '../ours/dtfx.js'

export const longHistory: Workload = {
  name: 'long-history',
  summary: 'time of a step at the beginning and at the end of one long orchestration',
  counts: 'activities',
  defaultCount: 10_000,
  requestCount: 200,
  defaultRuns: 1,
  warmUp: false,
  open: async ({ count, ...setup }) => {
    const session = await openSession(setup)
    // What is compiled in its first steps would make the first tenth slow.
    await measure(session, Math.ceil(count / 5))
    return { run: () => measure(session, count), close: () => session.close() }
  },
}

async function measure({ client }: Session, count: number): Promise<Measurement[]> {
  const handle = await client.start(sequential, count)
  expectResult('dtfx', await handle.result({ timeout: '10m' }), sumTo(count))
  const endsMs = (await handle.history()).events.filter(isEnd).map(({ timestamp }) => Date.parse(timestamp))
  await handle.purge()
  const tenth = Math.max(1, Math.floor(count / 10))
  const step = (from: number): number => (((endsMs[from + tenth] ?? 0) - (endsMs[from] ?? 0)) / tenth) * 1000
  const row = (caseName: string, from: number): Measurement => ({ case: caseName, metric: 'step_us', value: step(from), unit: 'µs' })
  return [row('first-tenth', 0), row('last-tenth', endsMs.length - 1 - tenth)]
}

function isEnd({ type }: HistoryEvent): boolean {
  return type === 'TaskCompleted'
}
