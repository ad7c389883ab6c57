/** Starting is one operation: whoever dies in the middle of it, there is one instance, with the whole input, or none; and nothing that was recorded stays for ever. */
import { TableClient } from '@azure/data-tables'
import { defineActivity, defineOrchestration, TaskHubClient } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import { describe, expect } from 'vitest'
import { onlyEmulated, useBed } from './bed.js'
import { eventually, eventuallyEqual } from './eventually.js'
import { jumpStartPartition } from '../src/tracking/dotnet-rows.js'
import { useHubs, type TestHub } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)
const echo = defineOrchestration('Echo', (_ctx, input: string) => Promise.resolve(input))
const long = 'a long input, far beyond what .NET keeps of it. '.repeat(2_000)

const recordsOf = ({ name }: TestHub): TableClient => TableClient.fromConnectionString(bed.storageConnectionString, `JumpStart00${name}`, { allowInsecureConnection: true })

async function recorded(hub: TestHub): Promise<number> {
  let count = 0
  for await (const _row of recordsOf(hub).listEntities()) count++
  return count
}

/** Records and claims the start; its client dies before it is sent. `ageMs`: so long ago. */
async function startUnsent(hub: TestHub, input: string, ageMs: number): Promise<void> {
  const busy = hub.busy('orchestrator')
  await expect(hub.client.start(echo, input, { instanceId: 'a' })).rejects.toThrow()
  busy.remove()
  const table = recordsOf(hub)
  for await (const { etag: _etag, timestamp: _timestamp, ...row } of table.listEntities<Record<string, unknown>>()) {
    await table.createEntity({ ...row, partitionKey: jumpStartPartition(new Date(Date.now() - ageMs).toISOString()), rowKey: String(row.rowKey) })
    await table.deleteEntity(String(row.partitionKey), String(row.rowKey))
  }
}

describe.concurrent('a start that was recorded but not sent', { timeout: 90_000 }, () => {
  for (const [age, ageMs] of [['a minute', 60_000], ['three days', 3 * 86_400_000]] as const) {
    onlyEmulated(`is sent whole after ${age}, and its record goes`, async () => {
      const hub = await newHub({ jumpStartInterval: '100ms' })
      await startUnsent(hub, long, ageMs)
      expect([await hub.view.names('orchestrator'), await recorded(hub)]).toEqual([[], 1])
      await hub.work({ orchestrations: [echo] })
      expect(await hub.client.get('a').result({ timeout: '40s' })).toBe(long)
      await eventuallyEqual(() => recorded(hub), 0)
      await hub.empty()
    })
  }

  onlyEmulated('is the same to others who start it: it is sent by them, and there is one', async () => {
    const hub = await newHub()
    await startUnsent(hub, long, 0)
    await expect(hub.client.start(echo, 'other', { instanceId: 'a' })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })
    await hub.work({ orchestrations: [echo] })
    expect(await hub.client.get('a').result({ timeout: '40s' })).toBe(long)
    await hub.empty()
  })

  onlyEmulated('and one that was sent is not sent again: its record is only deleted', async () => {
    const hub = await newHub({ jumpStartInterval: '100ms' })
    await startUnsent(hub, 'i', 60_000)
    await hub.client.start(echo, 'i', { instanceId: 'a', reuse: 'skip' })
    const first = await hub.work({ orchestrations: [echo] }, { jumpStartInterval: '1h' })
    expect(await hub.client.get('a').result({ timeout: '40s' })).toBe('i')
    await hub.empty()
    await first.die()
    const { service } = await hub.work({ orchestrations: [echo] })
    await eventuallyEqual(() => recorded(hub), 0)
    expect(service.requests['bus send orchestrator']).toBeUndefined()
    await hub.empty()
  })
})

describe.concurrent('many starters of one id', { timeout: 90_000 }, () => {
  onlyEmulated('50 of them, while sends fail and clients die: one instance, run once', async () => {
    const hub = await newHub({ jumpStartInterval: '200ms' })
    let runs = 0
    const once = defineActivity('Once', () => ++runs)
    const counts = defineOrchestration('Counts', async (ctx, starter: number) => [starter, await ctx.callActivity(once)])
    for (const effect of ['before', 'after'] as const) bed.bus.faults.inject({ on: 'send', queue: `${hub.name}/orchestrator`, fault: { kind: 'lose-acknowledgement', effect, thenDrop: true }, times: 4, skip: effect === 'before' ? 0 : 3 })
    await hub.work({ orchestrations: [counts], activities: [once] })
    const starting = Array.from({ length: 50 }, async (_, starter) => {
      const service = hub.open()
      // Every fifth dies at once.
      if (starter % 5 === 0) setImmediate(() => void service.close())
      return new TaskHubClient(service).start(counts, starter, { instanceId: 'one' })
    })
    const outcomes = await Promise.allSettled(starting)
    const output = await hub.client.get<[number, number]>('one').result({ timeout: '60s' })
    expect(output[1]).toBe(1)
    expect(runs).toBe(1)
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    expect((await hub.client.get('one').history()).events.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(1)
    await hub.empty()
  })

  onlyEmulated('replace terminates a live one, waits for its end, then creates', async () => {
    const hub = await newHub()
    const isOver = deferred<void>()
    const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent<string>('Never'))
    // Nobody terminates it yet: the start waits.
    const first = await hub.work({ orchestrations: [waits, echo] })
    const handle = await hub.client.start(waits, undefined, { instanceId: 'a' })
    await eventuallyEqual(async () => (await handle.state())?.status, 'Running')
    const { executionId } = (await handle.state()) ?? {}
    await first.die()
    const replacing = hub.client.start(echo, 'next', { instanceId: 'a', reuse: 'replace' }).finally(() => isOver.resolve())
    await eventually('it is asked to end', async () => (await hub.view.names('orchestrator')).includes('ExecutionTerminated a'))
    expect(await hub.view.names('orchestrator')).toEqual(['ExecutionTerminated a'])
    expect((await handle.state())?.executionId).toBe(executionId)
    await hub.work({ orchestrations: [waits, echo] })
    await replacing
    await isOver.promise
    expect(await hub.client.get('a').result({ timeout: '40s' })).toBe('next')
    expect((await handle.state())?.executionId).not.toBe(executionId)
    const table = TableClient.fromConnectionString(bed.storageConnectionString, `InstanceHistory00${hub.name}`, { allowInsecureConnection: true })
    expect(await table.getEntity('IS', `ID_EID_a_${executionId}`)).toMatchObject({ OrchestrationStatus: 'Terminated' })
    await hub.empty()
  })
})
