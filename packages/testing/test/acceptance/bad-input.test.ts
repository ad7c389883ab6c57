/** Bad input beyond what the conformance suite gives to every provider: definitions, schemas, sizes, forbidden calls and code that holds the thread. */
import { describe, expect, it } from 'vitest'
import {
  defineActivity,
  defineEvent,
  defineOrchestration,
  TaskHubWorker,
  type OrchestrationFailedError,
  type StandardSchema,
  type TaskFailedError,
  type TaskHubWorkerOptions,
} from '@dtfx/core'
import { createTestHub } from '@dtfx/testing'
import { createOrchestrationService } from '@dtfx/testing/memory'

const positive: StandardSchema<number, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'number' && value > 0 ? { value } : { issues: [{ message: 'must be a positive number', path: ['total'] }] }),
  },
}
const later = { '~standard': { ...positive['~standard'], validate: async (value: unknown) => ({ value }) } } as unknown as StandardSchema<number, number>
const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)

const failureCode = async (result: Promise<unknown>): Promise<unknown> =>
  result.then(
    () => 'completed',
    (error: OrchestrationFailedError) => error.failure?.properties?.['code'] ?? error.code,
  )

describe('definitions', () => {
  const workerWith = (options: TaskHubWorkerOptions): (() => unknown) => () => new TaskHubWorker(createOrchestrationService({}), options)
  const coded = (code: string) => expect.objectContaining({ code })

  it('of a name and version are registered once', () => {
    const one = defineActivity('Work', () => 1)
    expect(workerWith({ activities: [one, defineActivity('Work', () => 2)] })).toThrow(coded('DTFX_DUPLICATE_DEFINITION'))
    expect(workerWith({ orchestrations: [echo, echo] })).toThrow("Orchestration 'Echo'")
    expect(workerWith({ activities: [one, defineActivity('Work', () => 2, { version: '2' })] })).not.toThrow()
  })

  it('without a function are refused', () => {
    expect(() => defineActivity('Work', 'code' as never)).toThrow(coded('DTFX_INVALID_OPTION'))
    expect(workerWith({ activities: [(() => 1) as never] })).toThrow(coded('DTFX_INVALID_OPTION'))
  })
})

describe('options of a worker', () => {
  it('that are misspelt are refused, with the name that was probably meant', () => {
    const make = (): unknown => new TaskHubWorker(createOrchestrationService({}), { orchestrations: [echo], activites: [] } as never)
    expect(make).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
    expect(make).toThrow("worker option activites: is not known. Did you mean 'activities'?")
  })
})

describe('schemas', () => {
  const priced = defineActivity('Priced', (_ctx, total: number) => total, { input: positive })
  const doubles = defineActivity('Doubles', (_ctx, total: number) => -total, { output: positive })
  const checked = defineOrchestration('Checked', async (_ctx, total: number) => total, { input: positive })
  const paid = defineEvent('Paid', positive)

  it('refuse the input of a start, of an activity and of an event at the producer, with the path', async () => {
    const calls = defineOrchestration('Calls', async (ctx) => {
      try {
        await ctx.callActivity(priced, -1)
      } catch (error) {
        return (error as Error).message
      }
      return 'accepted'
    })
    await using hub = await createTestHub({ orchestrations: [calls, checked], activities: [priced] })
    await expect(hub.client.start(checked, -1)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_MISMATCH', message: expect.stringContaining('must be a positive number') })
    await expect(hub.client.raiseEvent('i', paid, 0)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_MISMATCH' })
    expect(await (await hub.client.start(calls)).result()).toMatch(/Priced.*total.*must be a positive number/)
  })

  it('refuse the result of an activity: the call fails with the code', async () => {
    const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(doubles, 3).catch((error: TaskFailedError) => error.failure.properties?.['code']))
    await using hub = await createTestHub({ orchestrations: [calls], activities: [doubles] })
    expect(await (await hub.client.start(calls)).result()).toBe('DTFX_SCHEMA_MISMATCH')
  })

  it('that validate asynchronously are a coded error', async () => {
    const slow = defineOrchestration('Slow', async (_ctx, total: number) => total, { input: later })
    await using hub = await createTestHub({ orchestrations: [slow] })
    await expect(hub.client.start(slow, 1)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_ASYNC' })
  })
})

describe('orchestrations that ask too much', () => {
  it('100 000 tasks in one turn are a workload', { timeout: 120_000 }, async () => {
    const one = defineActivity('One', () => 1)
    const wide = defineOrchestration('Wide', async (ctx, n: number) => (await Promise.all(Array.from({ length: n }, () => ctx.callActivity(one)))).reduce((sum, each) => sum + each, 0))
    await using hub = await createTestHub({ orchestrations: [wide], activities: [one], determinism: 'guard', stuckAfterMs: 60_000 })
    expect(await (await hub.client.start(wide, 100_000)).result()).toBe(100_000)
  })

  it('more than the limit fail the instance with a code, and the worker goes on', { timeout: 60_000 }, async () => {
    const endless = defineOrchestration('Endless', async (ctx) => {
      for (;;) void ctx.callActivity('One')
    })
    await using hub = await createTestHub({ orchestrations: [endless, echo], determinism: 'guard', stuckAfterMs: 30_000 })
    expect(await failureCode((await hub.client.start(endless)).result())).toBe('DTFX_TOO_MANY_ACTIONS')
    expect(await (await hub.client.start(echo, 1)).result()).toBe(1)
  })

  it.each(['strict', 'guard'] as const)('awaiting fetch is a coded error with determinism %s', async (determinism) => {
    const fetches = defineOrchestration('Fetches', async () => (await fetch('data:text/plain,hello')).text())
    await using hub = await createTestHub({ orchestrations: [fetches, echo], determinism })
    expect(await failureCode((await hub.client.start(fetches)).result())).toBe('DTFX_FORBIDDEN_IN_ORCHESTRATION')
    expect(await (await hub.client.start(echo, 1)).result()).toBe(1)
  })

  it('one that holds the thread for a while delays the others and loses nothing', async () => {
    const holds = defineOrchestration('Holds', async () => {
      let sum = 0
      for (let i = 0; i < 50_000_000; i++) sum += i % 7
      return sum
    })
    await using hub = await createTestHub({ orchestrations: [holds, echo] })
    const handles = [await hub.client.start(holds), await hub.client.start(echo, 1), await hub.client.start(holds), await hub.client.start(echo, 2)]
    const outputs = await Promise.all(handles.map((handle) => handle.result()))
    expect([outputs[1], outputs[3], outputs[0] === outputs[2]]).toEqual([1, 2, true])
  })

  it('one that never lets microtasks end is not interrupted by others of its thread, but ends like any other', async () => {
    const spins = defineOrchestration('Spins', async () => {
      for (let i = 0; i < 200_000; i++) await null
      return 'done'
    })
    await using hub = await createTestHub({ orchestrations: [spins, echo] })
    const handles = [await hub.client.start(spins), await hub.client.start(echo, 1)]
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(['done', 1])
  })
})
