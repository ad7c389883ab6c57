/** The orchestrations of the simulation: an event, activities one after the other and side by side, a next generation, a timer, a child. Activities answer with a nonce that they have logged. */
import { randomUUID } from 'node:crypto'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { ActivityRun, Result, Scenario } from '../scenario.js'

export const goEvent = defineEvent<string>('Go')
const inputs = ['go!', 'left', 'right', 'child', 'last']

/** Events of the last generation of a flow, in their order, and of its child. What differs from run to run is in which turn they are. */
export const wantedTypes = {
  flow: ['ExecutionStarted', 'TimerCreated', 'TimerFired', 'SubOrchestrationInstanceCreated', 'SubOrchestrationInstanceCompleted', 'TaskScheduled', 'TaskCompleted', 'ExecutionCompleted'],
  child: ['ExecutionStarted', 'TaskScheduled', 'TaskCompleted', 'ExecutionCompleted'],
} as const

export function simulatedProgram(record: (run: ActivityRun) => void): Scenario {
  const work = defineActivity('Work', (ctx, input: string): Result => {
    const nonce = randomUUID()
    record({ instanceId: ctx.instanceId, input, nonce })
    return { input, nonce }
  })
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, input))
  const flow = defineOrchestration('Flow', async (ctx, { results }: { readonly results: readonly Result[] }) => {
    if (results.length === 0) {
      const first = await ctx.callActivity(work, await ctx.waitForExternalEvent(goEvent))
      return ctx.continueAsNew({ results: [first, ...(await Promise.all(['left', 'right'].map((input) => ctx.callActivity(work, input))))] })
    }
    await ctx.createTimer(50)
    return [...results, await ctx.callSubOrchestration(child, 'child'), await ctx.callActivity(work, 'last')]
  })
  return { orchestrations: [flow, child], activities: [work] }
}

/** What is wrong with the output of a flow, against the log of what ran; empty: nothing. */
export function problemsOfFlow(output: unknown, runs: readonly ActivityRun[]): string[] {
  const results = Array.isArray(output) ? (output as readonly Result[]) : []
  const problems = results.map(({ input }) => input).join() === inputs.join() ? [] : [`results of ${JSON.stringify(output)}`]
  for (const { input, nonce } of results) if (!runs.some((run) => run.nonce === nonce && run.input === input)) problems.push(`'${input}' has ${nonce}, which no run of it gave`)
  return new Set(results.map(({ nonce }) => nonce)).size === results.length ? problems : [...problems, 'one result twice']
}
