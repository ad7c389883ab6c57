/**
 * The orchestration that carries out a program and the activities it calls. What it saw is its output, step by step: the trace.
 * Invariant: between two durable calls it does nothing that depends on anything but its input and its durable results.
 */
import { defineActivity, defineOrchestration, NonRetryableError, type AnyActivity, type AnyOrchestration, type ContinuedAsNew, type OrchestrationContext } from '@dtfx/core'
import type { Ledger } from './ledger.js'
import type { Program, ProgramStep } from './program.js'
import { eventName } from './scenario.js'

/** What a step saw; `child` and `all` hold the traces below them. */
export type TraceEntry = readonly [stepId: number, saw: string] | readonly [stepId: number, events: readonly string[]] | { readonly id: number; readonly child: Outcome } | { readonly id: number; readonly all: readonly Trace[] }
export type Trace = readonly TraceEntry[]

export interface Outcome {
  readonly instanceId: string
  readonly trace: Trace
}

export interface ProgramInput {
  readonly body: Program
  /** Of the generations before. */
  readonly trace: Trace
  /** Whom to ask, in a child that talks. */
  readonly asks?: Asks | undefined
}

export interface Asks {
  readonly parentId: string
  /** Name of the event. */
  readonly name: string
}

export interface World {
  readonly ledger: Ledger
  /** Waits in virtual time. */
  readonly pause: (durationMs: number, signal: AbortSignal) => Promise<void>
}

const orchestrationName = 'Simulated'
const retry = { maxAttempts: 8, firstDelay: 50, backoff: 2 } as const

export function simulationDefinitions({ ledger, pause }: World): { readonly orchestrations: readonly AnyOrchestration[]; readonly activities: readonly AnyActivity[] } {
  const work = defineActivity('Work', async (ctx, { id, takesMs }: { id: number; takesMs: number }): Promise<string> => {
    const nonce = ledger.issue({ instanceId: ctx.instanceId, name: 'Work', stepId: id })
    if (takesMs > 0) await pause(takesMs, ctx.signal)
    return nonce
  })
  const flaky = defineActivity('Flaky', (ctx, { id, failures }: { id: number; failures: number }): Promise<string> => {
    if (ledger.executed(id) < failures) throw new Error('not yet')
    return Promise.resolve(ledger.issue({ instanceId: ctx.instanceId, name: 'Flaky', stepId: id }))
  })
  const bad = defineActivity('Bad', (): Promise<string> => {
    throw new NonRetryableError('never')
  })
  const broken = defineActivity('Broken', (ctx, { id }: { id: number }): Promise<string> => {
    if (!ledger.isMended) throw new NonRetryableError('broken')
    return Promise.resolve(ledger.issue({ instanceId: ctx.instanceId, name: 'Broken', stepId: id }))
  })
  const simulated = defineOrchestration(orchestrationName, (ctx, input: ProgramInput) => carryOut(ctx, input))
  return { orchestrations: [simulated], activities: [work, flaky, bad, broken] }
}

async function carryOut(ctx: OrchestrationContext, { body, trace, asks }: ProgramInput): Promise<Outcome | ContinuedAsNew> {
  const seen: TraceEntry[] = [...trace]
  for (const [at, step] of body.entries()) {
    if (step.kind === 'again') {
      seen.push([step.id, 'again'])
      return ctx.continueAsNew({ body: body.slice(at + 1), trace: seen, asks } satisfies ProgramInput)
    }
    seen.push(await runStep(ctx, step, asks))
  }
  return { instanceId: ctx.instanceId, trace: seen }
}

async function runStep(ctx: OrchestrationContext, step: ProgramStep, asks: Asks | undefined): Promise<TraceEntry> {
  const { id } = step
  switch (step.kind) {
    case 'work':
      return [id, await ctx.callActivity<string>('Work', { id, takesMs: step.takesMs })]
    case 'flaky':
      return [id, await ctx.callActivity<string>('Flaky', { id, failures: step.failures }, { retry })]
    case 'bad':
      return [id, await ctx.callActivity('Bad', { id }).then(() => 'passed', () => 'failed')]
    case 'broken':
      return [id, await ctx.callActivity<string>('Broken', { id })]
    case 'timer':
      await ctx.createTimer(step.delayMs)
      return [id, 'fired']
    case 'race': {
      const timer = ctx.createTimer(step.delayMs)
      const result = await Promise.race([ctx.callActivity<string>('Work', { id, takesMs: step.takesMs }), timer.then(() => 'late')])
      if (result !== 'late') timer.cancel()
      return [id, result]
    }
    case 'collect': {
      const events: string[] = []
      while (events.length < step.count) events.push(await ctx.waitForExternalEvent<string>(eventName(id)))
      return [id, events]
    }
    case 'all': {
      const all = await Promise.all(step.branches.map((branch) => runBranch(ctx, branch, asks)))
      return { id, all }
    }
    case 'patch':
      return [id, String(ctx.patched(`patch${id}`))]
    case 'ask':
      if (asks !== undefined) {
        ctx.sendEvent(asks.parentId, asks.name, { from: ctx.instanceId, id })
        return [id, await ctx.waitForExternalEvent<string>(`Answer${id}`)]
      }
      return [id, 'nobody']
    default:
      return runChild(ctx, step)
  }
}

async function runBranch(ctx: OrchestrationContext, branch: Program, asks: Asks | undefined): Promise<Trace> {
  const seen: TraceEntry[] = []
  for (const step of branch) seen.push(await runStep(ctx, step, asks))
  return seen
}

async function runChild(ctx: OrchestrationContext, step: Extract<ProgramStep, { kind: 'child' | 'talk' | 'detached' | 'again' }>): Promise<TraceEntry> {
  const { id } = step
  switch (step.kind) {
    case 'child': {
      const options = step.explicitId ? { instanceId: `${ctx.instanceId}.${id}` } : {}
      return { id, child: await ctx.callSubOrchestration<Outcome>(orchestrationName, { body: step.body, trace: [] } satisfies ProgramInput, options) }
    }
    case 'detached':
      ctx.startSubOrchestration(orchestrationName, { body: step.body, trace: [] } satisfies ProgramInput)
      return [id, 'started']
    case 'talk':
      return { id, child: await talk(ctx, step.body, `Ask${id}`) }
    case 'again':
      throw new Error('continue-as-new is only found at the top')
  }
}

/** Answers whoever asks until the child has ended: a child that a lost turn started may ask too. */
async function talk(ctx: OrchestrationContext, body: Program, name: string): Promise<Outcome> {
  const input: ProgramInput = { body, trace: [], asks: { parentId: ctx.instanceId, name } }
  let outcome: Outcome | undefined
  const child = ctx.callSubOrchestration<Outcome>(orchestrationName, input).then((result) => (outcome = result))
  while (outcome === undefined) {
    const asked = await Promise.race([child.then(() => undefined), ctx.waitForExternalEvent<{ from: string; id: number }>(name)])
    if (asked !== undefined) ctx.sendEvent(asked.from, `Answer${asked.id}`, `answer${asked.id}`)
  }
  return outcome
}
