import { describe, expect, expectTypeOf, it } from 'vitest'
import { declareActivity, defineActivity, defineOrchestration, type ActivityDefinition } from '@dtfx/core'
import { runActivity, runOrchestration, stub, type StubCall } from '@dtfx/testing'

interface Order {
  readonly id: string
}
const charge = defineActivity('Charge', async (_ctx, order: Order) => ({ receipt: order.id, at: new Date(0) }), { retry: { maxAttempts: 3 }, version: '2', concurrency: 4, timeout: '5s' })

describe('stub', () => {
  it('stands for the definition: same name, version, policies; its own code', () => {
    const { name, version, retry, timeoutMs, concurrency, kind } = stub(charge)
    expect({ name, version, retry, timeoutMs, concurrency, kind }).toEqual({ name: 'Charge', version: '2', retry: charge.retry, timeoutMs: 5_000, concurrency: 4, kind: 'activity' })
    expect(stub(declareActivity<Order, string>('Elsewhere')).name).toBe('Elsewhere')
    expect(() => stub({ name: 'no definition' } as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
  })

  it('is typed by the definition', () => {
    expectTypeOf(stub(charge)).toExtend<ActivityDefinition<Order, { receipt: string; at: string }>>()
    expectTypeOf(stub(charge).calls).toEqualTypeOf<readonly StubCall<Order>[]>()
    // @ts-expect-error the result has a receipt
    stub(charge).returns({ wrong: 1 })
  })

  it('returns values or what a function gives, and remembers its calls', async () => {
    const fixed = stub(charge).returns({ receipt: 'r', at: 'now' })
    expect(await runActivity(fixed, { id: '1' })).toEqual({ receipt: 'r', at: 'now' })
    expect(await runActivity(fixed, { id: '2' }, { taskId: 7 })).toEqual({ receipt: 'r', at: 'now' })
    expect(fixed.callCount).toBe(2)
    expect(fixed.calls.map(({ input, context }) => [input, context.taskId])).toEqual([[{ id: '1' }, 0], [{ id: '2' }, 7]])
    const computed = stub(charge).returns(async (order, ctx) => ({ receipt: `${order.id}/${ctx.taskId}`, at: '' }))
    expect(await runActivity(computed, { id: '3' })).toEqual({ receipt: '3/0', at: '' })
    expect(await runActivity(stub(charge), { id: '1' })).toBeUndefined()
  })

  it('fails always, or some times and then not', async () => {
    const broken = new Error('broken')
    const always = stub(charge).throws(broken)
    await expect(runActivity(always, { id: '1' })).rejects.toBe(broken)
    const flaky = stub(charge).failsTimes(2).failsTimes(1, broken).returns({ receipt: 'r', at: '' })
    await expect(runActivity(flaky, { id: '1' })).rejects.toThrow("Stub of 'Charge' fails as configured.")
    await expect(runActivity(flaky, { id: '1' })).rejects.toThrow(/as configured/)
    await expect(runActivity(flaky, { id: '1' })).rejects.toBe(broken)
    expect(await runActivity(flaky, { id: '1' })).toEqual({ receipt: 'r', at: '' })
    expect(flaky.callCount).toBe(4)
    expect(() => stub(charge).failsTimes(-1)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
    expect(() => stub(charge).failsTimes(1.5)).toThrow(/count is 1.5/)
  })

  it('forgets everything on reset', async () => {
    const used = stub(charge).throws(new Error('no')).failsTimes(3).delays('1h')
    used.reset()
    expect(await runActivity(used, { id: '1' })).toBeUndefined()
    expect(used.callCount).toBe(1)
  })

  it('takes its time on the clock of the run', async () => {
    const slow = stub(charge).delays('2h').returns({ receipt: 'r', at: '' })
    const flow = defineOrchestration('Flow', async (ctx, order: Order) => ctx.callActivity(slow, order))
    const run = await runOrchestration(flow, { input: { id: '1' }, activities: [slow] })
    expect(run).toMatchObject({ status: 'Completed', output: { receipt: 'r' }, elapsedMs: 7_200_000 })
    expect(() => slow.delays('soon' as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_DURATION' }))
  })

  it('ends early with the reason when its signal aborts', async () => {
    const stop = new AbortController()
    const waiting = runActivity(stub(charge).delays('1h'), { id: '1' }, { signal: stop.signal })
    stop.abort(new Error('worker stops'))
    await expect(waiting).rejects.toThrow('worker stops')
  })
})
