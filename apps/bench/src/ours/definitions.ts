/** The orchestrations and activities that all our workloads are made of. */
import { defineActivity, defineOrchestration } from '@dtfx/core'

export const cities = ['Tokyo', 'Seattle', 'London', 'Paris', 'Cairo']
export const greetings = cities.map((city) => `Hello ${city}!`)

export const hello = defineActivity('Hello', (_ctx, city: string) => `Hello ${city}!`)
export const next = defineActivity('Next', (_ctx, { i }: { i: number }) => ({ v: i + 1 }))

export const helloSequence = defineOrchestration('HelloSequence', async (ctx) => {
  const result: string[] = []
  for (const city of cities) result.push(await ctx.callActivity(hello, city))
  return result
})

export const sequential = defineOrchestration('Sequential', async (ctx, count: number) => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += (await ctx.callActivity(next, { i })).v
  return sum
})

export const parallel = defineOrchestration('Parallel', async (ctx, count: number) => {
  const tasks = Array.from({ length: count }, (_, i) => ctx.callActivity(next, { i }))
  return (await Promise.all(tasks)).reduce((sum, { v }) => sum + v, 0)
})

export const oneActivity = defineOrchestration('OneActivity', async (ctx) => ctx.callActivity(hello, 'Tokyo'))

/** Custom status of Waiting once its activity is done. */
export const waitingStatus = 'waiting'

export const waiting = defineOrchestration('Waiting', async (ctx) => {
  const first = await ctx.callActivity(hello, 'Tokyo')
  ctx.setCustomStatus(waitingStatus)
  await ctx.waitForExternalEvent('never')
  return first
})

/** 1 + 2 + … + count: what Sequential and Parallel give. */
export function sumTo(count: number): number {
  return (count * (count + 1)) / 2
}
