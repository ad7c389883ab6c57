/** The same small programmes for both sides: what one begins the other can go on with. */
import { defineActivity, defineOrchestration, type AnyActivity, type AnyOrchestration } from '@dtfx/core'
import type { DotnetActivities } from './dotnet-activity-worker.js'
import type { DotnetProgramme } from './dotnet-worker.js'

const cities = ['Tokyo', 'Seattle', 'London', 'Paris', 'Cairo']
const options = { timerHopMs: 'none', waitForOpenTasks: true } as const

export const ours: readonly AnyOrchestration[] = [
  defineOrchestration(
    'HelloSequence',
    async (ctx) => {
      const greetings: string[] = []
      for (const city of cities) greetings.push(await ctx.callActivity<string>('Hello', city))
      return greetings
    },
    options,
  ),
  defineOrchestration('WaitEvent', async (ctx, name: string) => `got:${await ctx.waitForExternalEvent<string>(name)}`, options),
  defineOrchestration('Stages', async (ctx) => `${await ctx.callActivity<string>('Hello', '1')}${await ctx.waitForExternalEvent<string>('A')}${await ctx.callActivity<string>('Hello', '2')}${await ctx.waitForExternalEvent<string>('B')}`, options),
  defineOrchestration('Flow', async (ctx) => `${await ctx.callActivity<string>('Hello', 'a')}${await ctx.callActivity<string>('Flaky', 'k')}${await ctx.waitForExternalEvent<string>('Go')}`, options),
  defineOrchestration('Echo', async (ctx, text: string) => ctx.callActivity<string>('Twice', text), options),
  defineOrchestration('Timer', async (ctx) => {
    await ctx.createTimer('3s')
    return 'fired'
  }, options),
] as readonly AnyOrchestration[]

export const theirs: Readonly<Record<string, DotnetProgramme>> = {
  *HelloSequence() {
    const greetings: unknown[] = []
    for (const input of cities) greetings.push(yield { activity: 'Hello', input })
    return greetings
  },
  *WaitEvent(name) {
    return `got:${String(yield { event: String(name) })}`
  },
  *Stages() {
    return `${String(yield { activity: 'Hello', input: '1' })}${String(yield { event: 'A' })}${String(yield { activity: 'Hello', input: '2' })}${String(yield { event: 'B' })}`
  },
  *Flow() {
    return `${String(yield { activity: 'Hello', input: 'a' })}${String(yield { activity: 'Flaky', input: 'k' })}${String(yield { event: 'Go' })}`
  },
  *Echo(text) {
    return yield { activity: 'Twice', input: text }
  },
}

/** Fails at the first attempt of each run. */
function flaky(): () => string {
  let attempts = 0
  return () => {
    if (++attempts === 1) throw new Error('flaky attempt 1')
    return `ok after ${attempts}`
  }
}

export function ourActivities(): readonly AnyActivity[] {
  const run = flaky()
  return [defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`), defineActivity('Flaky', async () => run()), defineActivity('Twice', async (_ctx, text: string) => text + text)]
}

export function theirActivities(): DotnetActivities {
  return { Hello: (name) => `Hello ${String(name)}!`, Flaky: flaky(), Twice: (text) => `${String(text)}${String(text)}` }
}

export const helloResult = cities.map((city) => `Hello ${city}!`)
