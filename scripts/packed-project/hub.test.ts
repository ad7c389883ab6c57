/** A user's first tests: a hub in virtual time, a stub, and the replay of histories, one just recorded and one that was recorded to a file before. */
import { readFileSync } from 'node:fs'
import { defineActivity, defineOrchestration, NonDeterminismError } from '@dtfx/core'
import { createTestHub, replayHistory, stub } from '@dtfx/testing'
import { expect, test } from 'vitest'

const charge = defineActivity('Charge', async (_ctx, order: { id: string }) => ({ receipt: `r-${order.id}` }))
const orderFlow = defineOrchestration('OrderFlow', async (ctx, order: { id: string }) => {
  await ctx.createTimer('2d')
  return ctx.callActivity(charge, order, { retry: { maxAttempts: 3, firstDelay: '1m' } })
})
/** As a later version might have it: without the wait. */
const changedFlow = defineOrchestration('OrderFlow', async (ctx, order: { id: string }) => ctx.callActivity(charge, order))

test('hub, stub and replay work together', async () => {
  const charging = stub(charge).failsTimes(1).returns({ receipt: 'stubbed' })
  const hub = await createTestHub({ orchestrations: [orderFlow], activities: [charging] })
  const order = await hub.client.start(orderFlow, { id: '7' }, { instanceId: 'order-7' })
  await hub.advance('2d')
  await hub.restartWorker()
  await hub.advance('1m')
  expect(await order.result()).toEqual({ receipt: 'stubbed' })
  expect(charging.callCount).toBe(2)
  const history = JSON.stringify(await hub.history('order-7'))
  await hub.stop()
  expect(await replayHistory(orderFlow, history)).toMatchObject({ status: 'Completed', output: { receipt: 'stubbed' } })
})

test('a recorded history fits the code of today', async () => {
  expect(await replayHistory(orderFlow, recorded())).toMatchObject({ status: 'Completed', output: { receipt: 'stubbed' } })
})

test('a recorded history gives the report when the code was changed', async () => {
  const failure: unknown = await replayHistory(changedFlow, recorded()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(NonDeterminismError)
  const report = (failure as NonDeterminismError).message
  expect(report).toContain("Orchestration 'OrderFlow' (order-7) does not do what its history says it did.")
  expect(report).toContain('history recorded a timer')
  expect(report).toContain("the code did     activity 'Charge'")
  expect(report).toContain('hub.test.ts')
})

function recorded(): string {
  return readFileSync(new URL('recorded-order.json', import.meta.url), 'utf8')
}
