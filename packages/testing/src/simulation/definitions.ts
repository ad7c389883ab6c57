/**
 * The code that simulated workers run: one orchestration that interprets a program, and the activities it calls, which take their results from the ledger.
 * Invariant: between two durable calls the interpreter does nothing that depends on anything but the program and its durable results; it returns all that it saw.
 */
import { defineActivity, defineOrchestration, type ActivityContext, type AnyActivity, type AnyOrchestration } from '@dtfx/core'
import { interpret, programName } from './interpret.js'
import type { Ledger, Nonce } from './ledger.js'
import { refusal } from './nonce-of-failure.js'
import type { ProgramInput } from './program.js'

export interface SimulationCodeOptions {
  /** How activities take time. Default: they take none. */
  readonly pause?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined
  /** False: the code from before its change, see `patched`. Asked at every such node. Default: always true. */
  readonly isChanged?: (() => boolean) | undefined
}

export interface SimulationDefinitions {
  readonly orchestrations: readonly AnyOrchestration[]
  readonly activities: readonly AnyActivity[]
}

export const workNames = ['Work0', 'Work1', 'Work2', 'Work3'] as const

export interface WorkInput {
  readonly at: string
  readonly takesMs?: number | undefined
  readonly failures?: number | undefined
  readonly root?: string | undefined
}

export function simulationDefinitions(ledger: Ledger, { pause = async () => {}, isChanged = () => true }: SimulationCodeOptions = {}): SimulationDefinitions {
  const program = defineOrchestration(programName, (ctx, input: ProgramInput) => interpret(ctx, input, isChanged))
  const placed = ({ instanceId, executionId, taskId, name }: ActivityContext, { at }: WorkInput) => ({ instanceId, executionId, taskId, name, at })
  const answer = (ctx: ActivityContext, input: WorkInput): { nonce: Nonce } => ({ nonce: ledger.issue(placed(ctx, input)) })
  const refuse = (ctx: ActivityContext, input: WorkInput): never => {
    throw refusal(ledger.issue(placed(ctx, input)))
  }
  const works = workNames.map((name) =>
    defineActivity(name, async (ctx, input: WorkInput) => {
      if ((input.takesMs ?? 0) > 0) await pause(input.takesMs ?? 0, ctx.signal)
      return answer(ctx, input)
    }),
  )
  const flaky = defineActivity('Flaky', async (ctx, input: WorkInput) => {
    if (ledger.attempt(placed(ctx, input)) <= (input.failures ?? 0)) return refuse(ctx, input)
    return answer(ctx, input)
  })
  const failing = defineActivity('Failing', async (ctx, input: WorkInput) => refuse(ctx, input))
  const doomed = defineActivity('Doomed', async (ctx, input: WorkInput) => {
    return ledger.isForgiven(input.root ?? '') ? answer(ctx, input) : refuse(ctx, input)
  })
  return { orchestrations: [program as AnyOrchestration], activities: [...works, flaky, failing, doomed] as readonly AnyActivity[] }
}
