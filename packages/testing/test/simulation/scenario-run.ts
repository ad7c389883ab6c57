/** Plays a scenario on a test hub: no faults but worker restarts. */
import { seededRandom } from '@dtfx/core/provider'
import { createTestHub } from '../../src/harness/test-hub.js'
import { activitySleep } from '../../src/harness/activity-clock.js'
import type { ObservedInstance } from '../../src/simulation/check-world.js'
import { simulationDefinitions } from '../../src/simulation/definitions.js'
import { Ledger } from '../../src/simulation/ledger.js'
import { observeWorld } from '../../src/simulation/observe-world.js'
import { performStep } from '../../src/simulation/perform-step.js'
import type { Scenario } from '../../src/simulation/scenario.js'

export interface ScenarioRun {
  readonly ledger: Ledger
  readonly observed: ObservedInstance[]
  readonly left: ObservedInstance[]
}

export async function playScenario(scenario: Scenario): Promise<ScenarioRun> {
  const ledger = new Ledger()
  const random = seededRandom(scenario.seed + 1)
  const world = { isChanged: random.next() < 0.7 }
  const definitions = simulationDefinitions(ledger, { pause: activitySleep, isChanged: () => world.isChanged })
  await using hub = await createTestHub({ ...definitions, seed: scenario.seed, stuckAfterMs: 10_000 })
  const startMs = hub.clock.nowMs()
  const perform = { scenario, ledger, client: () => hub.client }
  for (const step of scenario.script) {
    await hub.advance(Math.max(0, startMs + step.atMs - hub.clock.nowMs()))
    for (let tries = 0; (await performStep(perform, step)) === 'again' && tries < 100; tries++) await hub.advance('30s')
    if (random.next() < 0.15) {
      world.isChanged = true
      await hub.restartWorker()
    }
  }
  await hub.advance('30m')
  const observed = await observeWorld(hub.service)
  for (const instanceId of scenario.purges) await hub.client.purge(instanceId).catch(() => 0)
  return { ledger, observed, left: await observeWorld(hub.service) }
}
