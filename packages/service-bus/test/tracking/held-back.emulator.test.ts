/** What the tracking store is to be told waits for the next commit while local activities run: it is not lost with the session, nor by the next generation, and does not wait for long. */
import { TableClient } from '@azure/data-tables'
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { deferred, sleep, systemClock } from '@dtfx/core/provider'
import { expect, it } from 'vitest'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { patientClock } from '../patient-clock.js'

const bed = useBed()
const quick = defineActivity('Quick', () => 'quick')

onlyEmulated('the session is lost while something is held back: whoever gets it next tells all of it', { timeout: 60_000 }, async () => {
  const taskHub = newHubName()
  let runs = 0
  let told: number | undefined
  const slow = defineActivity('Slow', async (ctx) => {
    if (++runs > 1) return 'slow'
    told = service.requests['bus send tracking'] ?? 0
    bed.bus.faults.expireSession(`${taskHub}/orchestrator`, ctx.instanceId)
    await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }))
    return 'too late'
  })
  const two = defineOrchestration('Two', async (ctx) => [await ctx.callActivity(quick), await ctx.callActivity(slow)])
  const service = bed.open({ taskHub }, { clock: patientClock })
  const worker = new TaskHubWorker(service, { orchestrations: [two], activities: [quick, slow] })
  await worker.start()
  const handle = await new TaskHubClient(bed.open({ taskHub })).start(two)
  expect(await handle.result({ timeout: '30s' })).toEqual(['quick', 'slow'])
  expect(told).toBe(0)
  expect((await handle.history()).events.map(({ type }) => type)).toEqual([
    'OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'OrchestratorCompleted',
    'OrchestratorStarted', 'TaskCompleted', 'TaskScheduled', 'OrchestratorCompleted',
    'OrchestratorStarted', 'TaskCompleted', 'ExecutionCompleted', 'OrchestratorCompleted',
  ])
  await worker.stop()
})

it('clients see an instance while its first local activity runs', { timeout: 30_000 }, async () => {
  const taskHub = newHubName()
  const end = deferred<void>()
  const waits = defineActivity('Waits', () => end.promise)
  const flow = defineOrchestration('Flow', (ctx) => ctx.callActivity(waits))
  const worker = new TaskHubWorker(bed.open({ taskHub }), { orchestrations: [flow], activities: [waits] })
  await worker.start()
  const handle = await new TaskHubClient(bed.open({ taskHub })).start(flow)
  const endMs = systemClock.monotonicMs() + 10_000
  while ((await handle.state())?.status !== 'Running' && systemClock.monotonicMs() < endMs) await sleep(systemClock, 20)
  expect((await handle.state())?.status).toBe('Running')
  expect((await handle.history()).events.at(-1)?.type).toBe('OrchestratorCompleted')
  end.resolve()
  await handle.result({ timeout: '10s' })
  await worker.stop()
})

it('continue-as-new: what the generation before did is told, though its events are replaced', { timeout: 30_000 }, async () => {
  const taskHub = newHubName()
  const generations = defineOrchestration('Generations', async (ctx, n: number) => {
    await ctx.callActivity(quick)
    return n === 2 ? n : ctx.continueAsNew(n + 1)
  })
  const service = bed.open({ taskHub }, { clock: patientClock })
  const worker = new TaskHubWorker(service, { orchestrations: [generations], activities: [quick] })
  await worker.start()
  const handle = await new TaskHubClient(service).start(generations, 0)
  expect(await handle.result({ timeout: '20s' })).toBe(2)
  const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${taskHub}`, { allowInsecureConnection: true })
  const rows = new Map<string, number>()
  for await (const { rowKey = '' } of table.listEntities({ queryOptions: { filter: `PartitionKey eq 'IH_${handle.instanceId}'` } })) {
    const executionId = rowKey.split('_')[2] ?? ''
    rows.set(executionId, (rows.get(executionId) ?? 0) + 1)
  }
  expect(rows.size).toBe(3)
  expect(rows.get(handle.executionId ?? '')).toBe(4)
  await worker.stop()
})
