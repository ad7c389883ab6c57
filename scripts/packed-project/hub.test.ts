/** A user's first test: a hub in virtual time, a stub, and the replay of the history it recorded. */
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { createTestHub, replayHistory, stub } from '@dtfx/testing'
import { expect, test } from 'vitest'

const charge = defineActivity('Charge', async (_ctx, order: { id: string }) => ({ receipt: `r-${order.id}` }))
const orderFlow = defineOrchestration('OrderFlow', async (ctx, order: { id: string }) => {
  await ctx.createTimer('2d')
  return ctx.callActivity(charge, order, { retry: { maxAttempts: 3, firstDelay: '1m' } })
})
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
  await expect(replayHistory(changedFlow, history)).rejects.toThrow(/history/)
})
