/**
 * Carries out one step of a script with a client and writes into the ledger how it ended. A call whose outcome is unknown is made again where that is safe; a raise is made again with a fresh
 * nonce, so that an event that did arrive is not doubled.
 */
import { DurableError, type TaskHubClient } from '@dtfx/core'
import { programName } from './interpret.js'
import type { CallOutcome, Ledger, Nonce } from './ledger.js'
import type { ProgramInput } from './program.js'
import type { RaiseStep, Scenario, ScriptStep, StartStep } from './scenario.js'

export interface StepWorld {
  readonly scenario: Scenario
  readonly ledger: Ledger
  /** The client that makes the next call. */
  readonly client: () => TaskHubClient
}

/** What clients give as their reason. */
export const commandReason = 'by the script'

/** Calls that fail without a known outcome in a row, for one event: beyond this the store is broken, not faulty. */
const maxTries = 100

/** `again`: not possible yet, or not known to have worked: perform the same step once more, later. */
export type StepResult = 'done' | 'again'

export async function performStep(world: StepWorld, step: ScriptStep): Promise<StepResult> {
  const { ledger, client } = world
  const { instanceId } = step
  switch (step.kind) {
    case 'start':
      return start(world, step)
    case 'raise':
      return raise(world, step)
    case 'suspend':
    case 'resume':
      return command(ledger, step, () => client()[step.kind](instanceId, commandReason))
    case 'terminate':
      return command(ledger, step, () => client().terminate(instanceId, commandReason, { recursive: step.recursive }))
    case 'rewind': {
      const status = (await client().state(instanceId))?.status
      if (status === 'Completed') return 'done'
      // It was suspended and failed in one turn: what resumed it came too late, and a rewind leads back to where it was.
      if (status === 'Suspended') await command(ledger, step, () => client().resume(instanceId, commandReason))
      if (status !== 'Failed') return 'again'
      ledger.forgive(instanceId)
      await command(ledger, step, () => client().rewind(instanceId, commandReason))
      return 'again'
    }
  }
}

async function start(world: StepWorld, step: StartStep): Promise<StepResult> {
  const { scenario, ledger, client } = world
  const { instanceId, event, delayMs } = step
  const program = scenario.instances.find((planned) => planned.instanceId === instanceId)?.program
  const input = { program, root: instanceId, generation: 0, carried: [] } as unknown as ProgramInput
  const one = async (reuse: 'error' | 'skip'): Promise<CallOutcome> => {
    const nonce = event === undefined ? undefined : ledger.issueEvent(instanceId, event, delayMs === undefined)
    const ends = (outcome: CallOutcome, executionId?: string): CallOutcome => {
      ledger.record({ kind: 'start', instanceId, outcome, executionId })
      if (nonce !== undefined) ledger.endEvent(nonce, outcome)
      return outcome
    }
    try {
      const handle = await client().start(programName, input, { instanceId, reuse, startAt: delayMs, event: event === undefined ? undefined : { event, payload: nonce as never } })
      return ends(handle.executionId === undefined ? 'refused' : 'acknowledged', handle.executionId)
    } catch (error) {
      return ends(DurableError.is(error, 'DTFX_INSTANCE_EXISTS') ? 'refused' : 'unknown')
    }
  }
  const outcomes = await Promise.all((['error', ...step.rivals] as const).map(one))
  // One refusal or acknowledgement proves that the instance exists.
  const isKnown = outcomes.some((outcome) => outcome !== 'unknown')
  const last = isKnown ? undefined : await one('skip')
  if (last === 'unknown') return 'again'
  // The start that won may have done so without its event: then that is raised.
  if (event === undefined || last === 'acknowledged' || outcomes.includes('acknowledged')) return 'done'
  return raise(world, { kind: 'raise', atMs: step.atMs, instanceId, event, count: 1, atOnce: true })
}

async function raise({ scenario, ledger, client }: StepWorld, step: RaiseStep): Promise<StepResult> {
  const { instanceId, event, count, atOnce } = step
  // What comes before the time of the start is put off, message by message, by the clock of the worker that meets it: its place among what comes later is not guaranteed (docs/reliability.md).
  const isDelayed = scenario.script.some((other) => other.kind === 'start' && other.instanceId === instanceId && other.delayMs !== undefined)
  const one = async (): Promise<void> => {
    for (let tries = 0; tries < maxTries; tries++) {
      const nonce = ledger.issueEvent(instanceId, event, !atOnce && !isDelayed)
      if ((await ended(ledger, nonce, () => client().raiseEvent(instanceId, event, nonce))) === 'acknowledged') return
    }
    throw new Error(`event ${event} could not be raised at ${instanceId} in ${maxTries} tries`)
  }
  if (atOnce) await Promise.all(Array.from({ length: count }, one))
  else for (let sent = 0; sent < count; sent++) await one()
  return 'done'
}

async function ended(ledger: Ledger, nonce: Nonce, send: () => Promise<void>): Promise<CallOutcome> {
  let outcome: CallOutcome = 'unknown'
  try {
    await send()
    outcome = 'acknowledged'
  } catch (error) {
    if (DurableError.is(error, 'DTFX_CLOSED')) throw error
  }
  ledger.endEvent(nonce, outcome)
  return outcome
}

/** Commands may be given twice. */
async function command(ledger: Ledger, { kind, instanceId }: ScriptStep, call: () => Promise<void>): Promise<StepResult> {
  try {
    await call()
    ledger.record({ kind, instanceId, outcome: 'acknowledged' })
    return 'done'
  } catch (error) {
    ledger.record({ kind, instanceId, outcome: DurableError.is(error, 'DTFX_REWIND_NOT_FAILED') ? 'refused' : 'unknown' })
    return 'again'
  }
}
