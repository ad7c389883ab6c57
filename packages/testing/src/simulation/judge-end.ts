/** Judges the end of a simulation: everything is over, everything is as planned, completed instances replay to what they returned, and what is purged is gone. */
import { DurableError, TaskHubClient, type AnyOrchestration } from '@dtfx/core'
import { isFinal, type CommitDiscipline } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/index.js'
import { checkReplay } from './check-replay.js'
import { checkPurged, checkWorld, type CheckOptions, type ObservedInstance } from './check-world.js'
import type { Ledger } from './ledger.js'
import { observeWorld } from './observe-world.js'
import type { Scenario } from './scenario.js'
import type { Violation } from './violation.js'

export interface SimulationEnd {
  readonly service: MemoryService
  readonly scenario: Scenario
  readonly ledger: Ledger
  readonly commit: CommitDiscipline
  /** Messages change places. */
  readonly reorders: boolean
  /** The code that is deployed at the end. */
  readonly orchestrations: readonly AnyOrchestration[]
  readonly isConverged: boolean
}

export async function judgeEnd(end: SimulationEnd): Promise<Violation[]> {
  const { service, scenario, ledger, orchestrations } = end
  const observed = await observeWorld(service)
  const violations = checkWorld(scenario, ledger, observed, promisesOf(end))
  if (!end.isConverged) violations.push({ rule: 'end', detail: `not everything came to its end: ${describeRest(service, observed)}` })
  for await (const { instanceId, reason } of service.quarantine.list()) violations.push({ rule: 'quarantine', instanceId, detail: `a message was quarantined: ${reason}` })
  for (const instance of observed) if (instance.state.status === 'Completed') violations.push(...(await checkReplay(instance, orchestrations)))
  violations.push(...(await purge(service, scenario)))
  return violations
}

function promisesOf({ commit, reorders }: SimulationEnd): CheckOptions {
  return { eventOrder: commit === 'atomic' && !reorders, allowsRepeatedSends: commit === 'messages-first' }
}

async function purge(service: MemoryService, { purges }: Scenario): Promise<Violation[]> {
  const client = new TaskHubClient(service)
  const purged: string[] = []
  for (const instanceId of purges) {
    try {
      if ((await client.purge(instanceId)) > 0) purged.push(instanceId)
    } catch (error) {
      // That it has not ended is told by other rules.
      if (!DurableError.is(error, 'DTFX_INSTANCE_NOT_FINISHED')) throw error
    }
  }
  return checkPurged(purged, (await observeWorld(service)).map(({ state }) => state))
}

function describeRest(service: MemoryService, observed: readonly ObservedInstance[]): string {
  const open = observed.filter(({ state }) => !isFinal(state.status)).map(({ state }) => `${state.instanceId} ${state.status}`)
  const delayed = service.delayedMessages().map(({ instanceId, eventType, dueAt }) => `${eventType} to ${instanceId} at ${dueAt}`)
  return JSON.stringify({ ...service.occupancy(), open, messages: delayed.slice(0, 5) })
}
