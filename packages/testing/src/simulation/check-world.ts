/** What must be true when a simulation has come to its end. */
import { isFinal, type CommitDiscipline, type InstanceState } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/index.js'
import { checkTrace, ownNonces } from './check-trace.js'
import type { Outcome } from './definitions.js'
import type { Ledger } from './ledger.js'
import type { PlannedInstance, Scenario } from './scenario.js'
import type { ScriptRunner } from './script-runner.js'

export interface WorldEnd {
  readonly service: MemoryService
  readonly scenario: Scenario
  readonly ledger: Ledger
  readonly commit: CommitDiscipline
  readonly script: Pick<ScriptRunner, 'terminated'>
  readonly isConverged: boolean
}

export async function checkWorld(end: WorldEnd): Promise<string[]> {
  const states = await allStates(end.service)
  const problems = end.scenario.instances.flatMap((planned) => checkRoot(planned, states.get(planned.instanceId), end))
  if (!end.isConverged) problems.push(`not everything came to its end: ${describeRest(end.service, states)}`)
  problems.push(...checkNonces(states), ...checkChildren(states, end.commit))
  for await (const message of end.service.quarantine.list()) problems.push(`${message.instanceId}: a message was quarantined: ${message.reason}`)
  return problems
}

function checkRoot({ instanceId, program }: PlannedInstance, state: InstanceState | undefined, { ledger, script, scenario }: WorldEnd): string[] {
  if (state === undefined) return [`${instanceId}: it is not there`]
  const isMeantToEnd = scenario.script.some((step) => step.kind === 'terminate' && step.instanceId === instanceId)
  if (state.status === 'Terminated') return isMeantToEnd ? [] : [`${instanceId}: it was terminated, by nobody`]
  if (state.status !== 'Completed') return [`${instanceId}: it is ${state.status}${script.terminated.has(instanceId) ? ', though it was terminated' : ''}${state.failure === undefined ? '' : `: ${state.failure.errorMessage}`}`]
  const outcome = JSON.parse(state.output ?? 'null') as Outcome
  return checkTrace(outcome, program, { ledger, events: eventsFor(scenario, instanceId) })
}

function eventsFor({ script }: Scenario, instanceId: string): Map<number, string[]> {
  const events = new Map<number, string[]>()
  for (const step of script) {
    if (step.kind !== 'raise' || step.instanceId !== instanceId) continue
    const id = Number(step.name.slice('Event'.length))
    events.set(id, [...(events.get(id) ?? []), step.nonce])
  }
  return events
}

/** Every result was seen once, by one instance. */
function checkNonces(states: ReadonlyMap<string, InstanceState>): string[] {
  const seenBy = new Map<string, string>()
  const problems: string[] = []
  for (const { instanceId, status, output } of states.values()) {
    if (status !== 'Completed' || output === undefined) continue
    for (const nonce of ownNonces((JSON.parse(output) as Outcome).trace)) {
      const before = seenBy.get(nonce)
      if (before !== undefined) problems.push(`${instanceId}: saw ${nonce}, which ${before} has seen`)
      seenBy.set(nonce, instanceId)
    }
  }
  return problems
}

/** No child is left behind, but those that a lost turn has started. */
function checkChildren(states: ReadonlyMap<string, InstanceState>, commit: CommitDiscipline): string[] {
  if (commit === 'messages-first') return []
  return [...states.values()].filter(({ status, parent }) => parent !== undefined && !isFinal(status)).map(({ instanceId, status, parent }) => `${instanceId}: child of ${parent?.instance.instanceId} is still ${status}`)
}

async function allStates(service: MemoryService): Promise<Map<string, InstanceState>> {
  const states = new Map<string, InstanceState>()
  let continuation: string | undefined
  do {
    const page = await service.query.query({}, { size: 1_000, payloads: true, continuation })
    for (const state of page.instances) states.set(state.instanceId, state)
    continuation = page.continuation
  } while (continuation !== undefined)
  return states
}

function describeRest(service: MemoryService, states: ReadonlyMap<string, InstanceState>): string {
  const open = [...states.values()].filter(({ status }) => !isFinal(status)).map(({ instanceId, status }) => `${instanceId} ${status}`)
  const delayed = service.delayedMessages().map(({ instanceId, eventType, dueAt }) => `${eventType} to ${instanceId} at ${dueAt}`)
  return JSON.stringify({ ...service.occupancy(), open, messages: delayed.slice(0, 5) })
}
