/** A tiny run of each workload on both sides, on the in-memory provider's sources. What they compute is checked by the workloads themselves; no figure is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createEngine, Registry } from '@dtfx/core/engine'
import type { AnyOrchestration } from '@dtfx/core'
import type { HistoryEvent } from '@dtfx/core/provider'
import { beforeAll, describe, expect, it } from 'vitest'
import { PostgresServer } from '../src/against/dbos/postgres-server.js'
import { greetings, helloSequence, sequential } from '../src/ours/definitions.js'
import type { Setup } from '../src/measurement.js'
import { openSession } from '../src/ours/dtfx.js'
import { parallelHistory, sequentialHistory } from '../src/ours/histories.js'
import { expectCompletion } from '../src/ours/replay.js'
import { fillFile } from '../src/sqlite/fill-file.js'
import { runWorkload, type Pace } from '../src/runner.js'
import { workloads } from '../src/workloads/workloads.js'

const provider = new URL('../../../packages/testing/src/memory/index.ts', import.meta.url).href
const quick: Pace = { warmUpMs: 0, budgetMs: 60_000, nowMs: () => performance.now() }

beforeAll(() => {
  // The memory workload collects garbage; the test process was started without the flag.
  setFlagsFromString('--expose-gc')
  globalThis.gc ??= runInNewContext('gc') as NonNullable<typeof globalThis.gc>
})

function run(name: string, count: number, against?: string, setup: Partial<Setup> = {}) {
  const workload = workloads.find((each) => each.name === name)
  if (workload === undefined) throw new Error(name)
  return runWorkload(workload, { provider, ...setup, count, runs: 2, against }, quick)
}

describe.each([
  ['replay', 25, ['sequential activities_per_second', 'sequential duration_ms', 'parallel activities_per_second', 'parallel duration_ms'], ['sequential', 'parallel']],
  ['hello-sequence-5', 12, ['default orchestrations_per_second', 'default duration_ms'], ['default']],
  ['fan-out', 30, ['default duration_ms', 'default activities_per_second'], ['default']],
  ['latency', 5, ['default latency_p50_ms', 'default latency_p99_ms'], ['default']],
])('%s', (name, count, metrics, cases) => {
  it('runs against durabletask-js', async () => {
    const rows = await run(name, count, 'durabletask-js')
    const ratios = cases.map((each) => `${each} ratio`)
    expect(rows.map((row) => `${row.case} ${row.metric}`)).toEqual([...metrics, ...metrics, ...ratios])
    for (const row of rows) {
      expect(row.runs).toHaveLength(2)
      expect(row.value).toBeGreaterThan(0)
    }
  })
})

describe('the competitors with a store', () => {
  const sqlite = { provider: new URL('../../../packages/sqlite/src/index.ts', import.meta.url).href }

  it.each([
    ['hello-sequence-5', 3],
    ['fan-out', 5],
    ['latency', 1],
  ])('%s runs against openworkflow', async (name, count) => {
    const rows = await run(name, count, 'openworkflow', sqlite)
    expect(rows.filter((row) => row.metric === 'ratio')).toMatchObject([{ case: 'default', against: 'openworkflow' }])
    for (const row of rows) expect(row.value).toBeGreaterThan(0)
  }, 60_000)

  it('dbos without a server says what to set', async () => {
    await expect(PostgresServer.open('postgres://user:secret@127.0.0.1:1/postgres')).rejects.toThrow(/at 127\.0\.0\.1:1 .*set DTFX_BENCH_POSTGRES/)
  })

  it.runIf(process.env['DTFX_BENCH_POSTGRES'] !== undefined)('hello-sequence-5 runs against dbos', async () => {
    const rows = await run('hello-sequence-5', 3, 'dbos', sqlite)
    expect(rows.filter((row) => row.metric === 'ratio')).toMatchObject([{ case: 'default', against: 'dbos' }])
  }, 60_000)
})

describe.each([
  ['hello-sequence-5', 12],
  ['fan-out', 30],
  ['latency', 5],
])('%s', (name, count) => {
  it.each([
    { cache: false },
    { options: { commit: 'messages-first' } },
    { options: { commit: 'state-first-outbox', localActivities: false }, cache: false },
  ])('runs with %j', async (setup) => {
    for (const row of await run(name, count, undefined, setup)) expect(row.value).toBeGreaterThan(0)
  })
})

it('options that the provider does not know are refused', async () => {
  await expect(run('latency', 1, undefined, { options: { commits: 'atomic' } })).rejects.toThrow("'commits' is not known")
})

describe('workloads of the file', () => {
  const sqlite = { provider: new URL('../../../packages/sqlite/src/index.ts', import.meta.url).href }

  it('long-history gives the time of a step at both ends', async () => {
    const rows = await run('long-history', 40, undefined, sqlite)
    expect(rows.map((row) => `${row.case} ${row.metric}`)).toEqual(['first-tenth step_us', 'last-tenth step_us'])
    for (const row of rows) expect(row.value).toBeGreaterThanOrEqual(0)
  })

  it('growth fills files with instances that can be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dtfx-bench-fill-'))
    const { client, service, close } = await openSession({ ...sqlite, options: { file: join(folder, 'hub.db') } })
    try {
      const handle = await client.start(helloSequence, undefined, { instanceId: 'template' })
      await handle.result({ timeout: '30s' })
      fillFile(join(folder, 'hub.db'), 'template', 5)
      const events = (await handle.history()).events.length
      const ids: string[] = []
      for await (const state of client.query({ status: ['Completed'], name: 'HelloSequence', payloads: true })) {
        ids.push(state.instanceId)
        expect(state.output).toEqual(greetings)
        const history = await client.history(state.instanceId)
        expect(history.events).toHaveLength(events)
        if (state.instanceId !== 'template') expect(JSON.stringify(history)).not.toContain('template')
      }
      expect(new Set(ids).size).toBe(5)
      expect(await service.purge?.purge(ids.find((id) => id !== 'template') ?? '')).toBe('purged')
      expect(await (await client.start(helloSequence)).result({ timeout: '30s' })).toEqual(greetings)
    } finally {
      await close()
      rmSync(folder, { recursive: true })
    }
  })

  it('growth does not apply to others', async () => {
    await expect(run('growth', 5)).rejects.toThrow(/^not applicable: files that grow/)
  })

  it.each(['idle', 'latency-processes'])('%s does not apply to a hub of one process', async (name) => {
    await expect(run(name, 1)).rejects.toThrow(/^not applicable: provider .* lives in one process$/)
  })
})

describe('workloads without a comparison', () => {
  it('memory runs', async () => {
    const rows = await run('memory', 50)
    expect(rows.map((row) => `${row.metric} ${row.unit}`)).toEqual(['bytes_per_instance bytes'])
  })

  it('event-loop-gap runs', async () => {
    const rows = await run('event-loop-gap', 2)
    expect(rows.map((row) => `${row.metric} ${row.unit}`)).toEqual(['event_loop_gap_ms ms'])
  })

  it('requests says that it does not apply to a provider without a store', async () => {
    await expect(run('requests', 1)).rejects.toThrow(/^not applicable: provider .* counts no storage requests$/)
  })

  it('an unknown provider is told by its name', async () => {
    const fanOut = workloads.find((each) => each.name === 'fan-out')
    await expect(runWorkload(fanOut!, { provider: 'memori' }, quick)).rejects.toThrow("Did you mean 'memory'?")
  })
})

describe('on Azure Storage, each on an emulator of its own', () => {
  const azure = { provider: new URL('../../../packages/azure-storage/src/index.ts', import.meta.url).href }
  const once: Pace = { warmUpMs: 0, budgetMs: 0, nowMs: () => 0 }
  const runOnce = (name: string, count: number, setup: Partial<Setup> = {}) => {
    const workload = workloads.find((each) => each.name === name)
    return runWorkload(workload!, { ...azure, ...setup, count, runs: 1 }, once)
  }

  it.each([
    ['hello-sequence-5', 2],
    ['fan-out', 5],
    ['latency', 2],
    ['memory', 3],
  ])('%s runs', async (name, count) => {
    const rows = await runOnce(name, count)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.value).not.toBeNaN()
  }, 60_000)

  it.each([
    ['cache and local activities', {}],
    ['neither', { cache: false, options: { localActivities: false } }],
  ])('requests are counted with %s', async (_, setup) => {
    const rows = await runOnce('requests', 2, setup)
    const cases = ['hello-sequence-5', 'one-activity', 'idle-minute']
    expect([...new Set(rows.map((row) => row.case))]).toEqual(cases)
    for (const name of cases) {
      const [total, ...operations] = rows.filter((row) => row.case === name)
      expect(total).toMatchObject({ metric: 'requests_total', unit: 'requests' })
      expect(operations.every((row) => row.metric === 'requests_by_operation' && row.operation !== undefined)).toBe(true)
      const counted = operations.filter((row) => name === 'idle-minute' || row.operation?.includes(',') === false)
      expect(counted.reduce((sum, row) => sum + row.value, 0)).toBeCloseTo(total?.value ?? Number.NaN, 6)
    }
    expect(rows.find((row) => row.case === 'hello-sequence-5' && row.operation === 'table transaction History')?.value).toBe(6)
    expect(rows.find((row) => row.case === 'idle-minute' && row.operation === 'table query Partitions, lease')?.value).toBeGreaterThan(0)
  }, 120_000)
})

describe('what is replayed', () => {
  it('is a history as our worker records it', async () => {
    const { client, close } = await openSession({ provider })
    try {
      const handle = await client.start(helloSequence)
      await handle.result({ timeout: '30s' })
      const recorded = (await handle.history()).events.map((event) => event.type)
      // Five activities, then the events of the last turn: the replay has to decide those.
      expect(sequentialHistory(5).map((event) => event.type)).toEqual(recorded.slice(0, -2))
    } finally {
      await close()
    }
  })

  it.each([
    ['sequential', sequentialHistory(20)],
    ['parallel', parallelHistory(20)],
  ])('names every activity once: %s', (_, events) => {
    const ids = (of: (event: HistoryEvent) => number | undefined): number[] => events.map(of).filter((id) => id !== undefined)
    const all = Array.from({ length: 20 }, (__, i) => i)
    expect(ids((event) => (event.type === 'TaskScheduled' ? event.eventId : undefined))).toEqual(all)
    expect(ids((event) => (event.type === 'TaskCompleted' ? event.taskScheduledId : undefined))).toEqual(all)
  })

  it('is checked: a wrong sum and an unfinished history are refused', async () => {
    const engine = createEngine({ orchestrations: new Registry<AnyOrchestration>('Orchestration', [sequential]), determinism: 'guard' })
    const key = { instanceId: 'i', executionId: 'e' }
    const turn = (events: readonly HistoryEvent[]) => engine.run({ key, past: events.slice(0, -1), fresh: events.slice(-1), keep: false })
    const whole = sequentialHistory(3)
    expectCompletion(await turn(whole), 6)
    expect(() => expectCompletion({ kind: 'need-history' }, 6)).toThrow('wrong result')
    const result = await turn(whole)
    expect(() => expectCompletion(result, 7)).toThrow('wrong result')
    const unfinished = await turn(whole.slice(0, -2))
    expect(() => expectCompletion(unfinished, 6)).toThrow('wrong result')
  })
})
