/** Candidates of the shrinker are smaller, and consistent: they still end as planned. */
import { expect, test } from 'vitest'
import { checkWorld } from '../../src/simulation/check-world.js'
import { eventsNeeded, familyOf } from '../../src/simulation/program.js'
import { randomScenario } from '../../src/simulation/random-scenario.js'
import type { Scenario } from '../../src/simulation/scenario.js'
import { shrinkScenario } from '../../src/simulation/shrink-scenario.js'
import { playScenario } from './scenario-run.js'

const programOf = (scenario: Scenario): readonly string[] => scenario.instances.flatMap(({ program }) => [...familyOf(program)].map(({ kind }) => kind))

function eventsSent({ script }: Scenario, instanceId: string): Map<string, number> {
  const sent = new Map<string, number>()
  for (const step of script) {
    if (step.instanceId !== instanceId) continue
    if (step.kind === 'raise') sent.set(step.event, (sent.get(step.event) ?? 0) + step.count)
    if (step.kind === 'start' && step.event !== undefined) sent.set(step.event, (sent.get(step.event) ?? 0) + 1)
  }
  return sent
}

test('every candidate sends exactly the events that its programs take', () => {
  let candidates = 0
  for (let seed = 1; seed <= 30; seed++) {
    const scenario = randomScenario(seed, { explicitChildIds: true })
    for (const each of [scenario, ...shrinkScenario(scenario)]) {
      candidates++
      for (const { instanceId, program } of each.instances) expect([...eventsSent(each, instanceId)].sort(), `seed ${seed} ${instanceId}`).toEqual([...eventsNeeded(program)].sort())
      const ids = new Set(each.instances.map(({ instanceId }) => instanceId))
      expect([...each.script.map(({ instanceId }) => instanceId), ...each.purges].every((id) => ids.has(id))).toBe(true)
    }
  }
  expect(candidates).toBeGreaterThan(500)
})

test('shrinking ends at the one node that a fault needs', () => {
  const needs = (scenario: Scenario): boolean => programOf(scenario).includes('talk')
  let seed = 1
  while (!needs(randomScenario(seed, { explicitChildIds: true }))) seed++
  let scenario = randomScenario(seed, { explicitChildIds: true })
  for (let next: Scenario | undefined = scenario; next !== undefined; next = [...shrinkScenario(scenario)].find(needs)) scenario = next
  expect(scenario.instances).toHaveLength(1)
  expect(programOf(scenario)).toEqual(['talk', 'ask'])
  expect(scenario.script.filter(({ kind }) => kind === 'start' || kind === 'raise' || kind === 'suspend')).toHaveLength(1)
})

test('candidates end as planned', async () => {
  for (let seed = 301; seed <= 306; seed++) {
    const candidates = [...shrinkScenario(randomScenario(seed, { explicitChildIds: true }))]
    for (let index = 0; index < candidates.length; index += Math.ceil(candidates.length / 4)) {
      const scenario = candidates[index] as Scenario
      const { ledger, observed } = await playScenario(scenario)
      expect(checkWorld(scenario, ledger, observed), `seed ${seed}, candidate ${index}`).toEqual([])
    }
  }
})
