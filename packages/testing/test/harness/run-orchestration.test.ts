import { describe, expect, expectTypeOf, it } from 'vitest'
import { declareOrchestration, defineActivity, defineEvent, defineOrchestration, TaskFailedError } from '@dtfx/core'
import { runOrchestration, stub } from '@dtfx/testing'

const hello = defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`)
const approved = defineEvent<{ by: string }>('Approved')

describe('runOrchestration', () => {
  it('runs activities to the result, typed', async () => {
    const flow = defineOrchestration('Flow', async (ctx, names: string[]) => Promise.all(names.map((name) => ctx.callActivity(hello, name))))
    const run = await runOrchestration(flow, { input: ['a', 'b'], activities: [hello] })
    expectTypeOf(run.output).toEqualTypeOf<string[] | undefined>()
    expect(run).toMatchObject({ status: 'Completed', output: ['Hello a!', 'Hello b!'], elapsedMs: 0, generations: 1, waitsFor: undefined })
    expect(run.history.map(({ type }) => type)).toEqual([
      ...['OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'TaskScheduled', 'OrchestratorCompleted'],
      ...['OrchestratorStarted', 'TaskCompleted', 'TaskCompleted', 'ExecutionCompleted', 'OrchestratorCompleted'],
    ])
  })

  it('lets virtual time pass for timers, delays and retries', async () => {
    const flaky = stub(hello).failsTimes(2).delays('1m').returns('late')
    const flow = defineOrchestration('Flow', async (ctx) => {
      await ctx.createTimer('30d')
      return [await ctx.callActivity(flaky, 'x', { retry: { maxAttempts: 3, firstDelay: '1h' } }), ctx.now.toISOString()]
    })
    const run = await runOrchestration(flow, { activities: [flaky] })
    expect(run.output).toEqual(['late', '2030-01-31T02:03:00.000Z'])
    expect(run.elapsedMs).toBe(30 * 86_400_000 + 2 * 3_600_000 + 3 * 60_000)
    expect(flaky.callCount).toBe(3)
    expect((await runOrchestration(flow, { activities: [stub(hello).returns('x')], startAt: '2024-02-01T00:00:00Z' })).output).toEqual(['x', '2024-03-02T00:00:00.000Z'])
  })

  it('raises events when the script says', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => {
      const approval = await ctx.waitForExternalEvent(approved, { timeout: '2d', onTimeout: 'undefined' })
      return approval?.by ?? 'nobody'
    })
    expect(await runOrchestration(flow, { events: [{ event: approved, payload: { by: 'me' }, after: '1d' }] })).toMatchObject({ output: 'me', elapsedMs: 86_400_000 })
    expect(await runOrchestration(flow, { events: [{ event: 'approved', payload: { by: 'early' } }] })).toMatchObject({ output: 'early', elapsedMs: 0 })
    expect(await runOrchestration(flow)).toMatchObject({ output: 'nobody', elapsedMs: 2 * 86_400_000 })
  })

  it('tells what an orchestration waits for when nothing more can happen', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => {
      ctx.setCustomStatus('waiting')
      await ctx.waitForExternalEvent(approved)
      await Promise.all([ctx.waitForExternalEvent('Other'), ctx.waitForExternalEvent(approved)])
    })
    expect(await runOrchestration(flow)).toMatchObject({ status: 'Running', customStatus: 'waiting', waitsFor: "event 'Approved' (raise it)" })
    expect((await runOrchestration(flow, { events: [{ event: approved, payload: { by: 'x' } }] })).waitsFor).toBe("event 'Other' (raise it), event 'Approved' (raise it)")
  })

  it('answers sub-orchestrations from the script', async () => {
    const invoice = declareOrchestration<{ id: number }, string>('Invoice')
    const flow = defineOrchestration('Flow', async (ctx) => {
      ctx.startSubOrchestration(invoice, { id: 9 })
      const first = await ctx.callSubOrchestration(invoice, { id: 1 })
      const second = await ctx.callSubOrchestration(invoice, { id: 2 }).catch((error: Error) => error.message)
      return [first, second]
    })
    const answer = async (input: unknown): Promise<string> => {
      if ((input as { id: number }).id === 2) throw new Error('no paper')
      return `invoice ${(input as { id: number }).id}`
    }
    const run = await runOrchestration(flow, { subOrchestrations: { Invoice: answer } })
    expect(run.output).toEqual(['invoice 1', expect.stringContaining('no paper')])
    await expect(runOrchestration(flow)).rejects.toMatchObject({ code: 'DTFX_UNKNOWN_ORCHESTRATION' })
  })

  it('follows continueAsNew and carries events over', async () => {
    const counter = defineOrchestration('Counter', async (ctx, total: number) => {
      const { by } = await ctx.waitForExternalEvent<{ by: number }>('Add')
      await ctx.createTimer('1s')
      return by === 0 ? total : ctx.continueAsNew(total + by)
    })
    const events = [1, 2, 3, 0].map((by) => ({ event: 'Add', payload: { by } }))
    const run = await runOrchestration(counter, { input: 0, events })
    expect(run).toMatchObject({ status: 'Completed', output: 6, generations: 4, elapsedMs: 4_000 })
    expect(await runOrchestration(counter, { input: 0, events, maxGenerations: 2 })).toMatchObject({ status: 'ContinuedAsNew', generations: 2 })
  })

  it('drops results of an execution that continued as new', async () => {
    const slow = stub(hello).delays('1h').returns('late')
    const flow = defineOrchestration('Flow', async (ctx, round: number) => {
      if (round === 1) return ctx.createTimer('2h').then(() => 'done')
      void ctx.callActivity(slow, 'x')
      await ctx.createTimer('1s')
      return ctx.continueAsNew(1)
    })
    const run = await runOrchestration(flow, { input: 0, activities: [slow] })
    expect(run).toMatchObject({ status: 'Completed', output: 'done' })
    expect(run.history.filter(({ type }) => type === 'TaskCompleted')).toEqual([])
  })

  it('reports failures as data, also misuse', async () => {
    const failing = defineOrchestration('Flow', async (ctx) => ctx.callActivity(hello, 'x'))
    const run = await runOrchestration(failing, { activities: [stub(hello).throws(new RangeError('too far'))] })
    expect(run).toMatchObject({ status: 'Failed', output: undefined, failure: { errorType: TaskFailedError.name, innerFailure: { errorType: 'RangeError', errorMessage: 'too far' } } })
    let calls = 0
    const erratic = defineOrchestration('Erratic', async (ctx) => {
      if (calls++ > 0) await ctx.createTimer('1s')
      await ctx.callActivity(hello, 'x')
    })
    const second = await runOrchestration(erratic, { activities: [hello] })
    expect(second).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_NONDETERMINISTIC' } } })
  })

  it('records events sent to others, patch markers and custom status', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => {
      ctx.sendEvent('other', approved, { by: 'flow' })
      ctx.setCustomStatus({ step: 1 })
      return ctx.patched('fast')
    })
    const run = await runOrchestration(flow, { tags: { a: 'b' }, instanceId: 'mine' })
    expect(run).toMatchObject({ output: true, sentEvents: [{ instanceId: 'other', name: 'Approved', payload: { by: 'flow' } }], customStatus: { step: 1 } })
    expect(run.history.find(({ type }) => type === 'GenericEvent')).toMatchObject({ data: 'dtfx:patch:fast' })
  })

  it('rejects mistakes in the script', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(hello, 'x').catch(() => 'caught'))
    await expect(runOrchestration(flow)).rejects.toMatchObject({ code: 'DTFX_UNKNOWN_ACTIVITY' })
    await expect(runOrchestration(flow, { input: new Map() as never })).rejects.toMatchObject({ code: 'DTFX_NOT_SERIALIZABLE' })
    await expect(runOrchestration(flow, { events: [{ event: 'x', after: 'never' as never }] })).rejects.toMatchObject({ code: 'DTFX_INVALID_DURATION' })
  })
})
