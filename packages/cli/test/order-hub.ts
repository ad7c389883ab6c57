/** A hub in memory with orchestrations of every fate, on a virtual clock. */
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { createTestHub, type TestHub } from '@dtfx/testing'

class CardError extends Error {
  override readonly name = 'CardError'
}

export interface Order {
  readonly id: string
  readonly failures?: number
  readonly declined?: true
  readonly approval?: true
  readonly rounds?: number
}

/** How often the activity failed, by order: it succeeds after `failures`. */
const failed = new Map<string, number>()

const charge = defineActivity('Charge', async (_, order: Order) => {
  if (order.declined === true) throw new CardError('card declined', { cause: new TypeError('no such account') })
  const before = failed.get(order.id) ?? 0
  failed.set(order.id, before + 1)
  if (before < (order.failures ?? 0)) throw new Error('gateway busy')
  return `receipt-${order.id}`
})

const ship = defineOrchestration('Ship', async (ctx, receipt: string) => {
  await ctx.createTimer('2s')
  return `shipped ${receipt}`
})

export const orderFlow = defineOrchestration('OrderFlow', async (ctx, order: Order): Promise<string> => {
  ctx.setCustomStatus({ phase: 'charging' })
  const receipt = await ctx.callActivity(charge, order, { retry: { maxAttempts: 3, firstDelay: '1s' } })
  if (order.approval === true) {
    ctx.setCustomStatus({ phase: 'waiting for approval' })
    await ctx.waitForExternalEvent('Approved')
  }
  const shipped = await ctx.callSubOrchestration(ship, receipt, { instanceId: `${order.id}-ship` })
  if ((order.rounds ?? 1) > 1) return ctx.continueAsNew({ ...order, rounds: (order.rounds ?? 1) - 1 }) as never
  return shipped
})

export const orchestrations = [orderFlow, ship]
export const activities = [charge]

export function orderHub(): Promise<TestHub> {
  failed.clear()
  return createTestHub({ orchestrations, activities })
}
