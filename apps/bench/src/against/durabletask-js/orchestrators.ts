/** The same orchestrations as ours, in the style of durabletask-js: async generators. */
import type { OrchestrationContext } from '@microsoft/durabletask-js'
import { durabletask } from './package-parts.js'
import { cities } from '../../ours/definitions.js'

export const helloName = 'Hello'
export const nextName = 'Next'

export function hello(_ctx: unknown, city: string): string {
  return `Hello ${city}!`
}

export function next(_ctx: unknown, { i }: { i: number }): { v: number } {
  return { v: i + 1 }
}

export async function* helloSequence(ctx: OrchestrationContext): AsyncGenerator<unknown, string[], string> {
  const result: string[] = []
  for (const city of cities) result.push(yield ctx.callActivity(helloName, city))
  return result
}

export async function* oneActivity(ctx: OrchestrationContext): AsyncGenerator<unknown, string, string> {
  return yield ctx.callActivity(helloName, cities[0])
}

export async function* sequential(ctx: OrchestrationContext, count: number): AsyncGenerator<unknown, number, { v: number }> {
  let sum = 0
  for (let i = 0; i < count; i++) sum += (yield ctx.callActivity(nextName, { i })).v
  return sum
}

export async function* parallel(ctx: OrchestrationContext, count: number): AsyncGenerator<unknown, number, { v: number }[]> {
  const tasks = Array.from({ length: count }, (_, i) => ctx.callActivity(nextName, { i }))
  const results = yield durabletask.whenAll(tasks)
  return results.reduce((sum, { v }) => sum + v, 0)
}
