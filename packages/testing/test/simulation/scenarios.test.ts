/** Random scenarios without faults end as planned, whatever the seed. */
import { expect, test } from 'vitest'
import { checkReplay } from '../../src/simulation/check-replay.js'
import { checkPurged, checkWorld } from '../../src/simulation/check-world.js'
import { simulationDefinitions } from '../../src/simulation/definitions.js'
import { Ledger } from '../../src/simulation/ledger.js'
import { familyOf } from '../../src/simulation/program.js'
import { randomScenario } from '../../src/simulation/random-scenario.js'
import { playScenario } from './scenario-run.js'

test('200 random scenarios end as planned', async () => {
  const { orchestrations } = simulationDefinitions(new Ledger())
  const kinds = new Set<string>()
  for (let seed = 1; seed <= 200; seed++) {
    const scenario = randomScenario(seed, { explicitChildIds: seed % 2 === 0 })
    for (const { program } of scenario.instances) for (const { kind } of familyOf(program)) kinds.add(kind)
    const { ledger, observed, left } = await playScenario(scenario)
    const violations = checkWorld(scenario, ledger, observed)
    expect(violations, `seed ${seed}`).toEqual([])
    for (const instance of observed) expect(await checkReplay(instance, orchestrations), `seed ${seed}`).toEqual([])
    expect(checkPurged(scenario.purges, left.map(({ state }) => state)), `seed ${seed}`).toEqual([])
  }
  // Every kind of node was met.
  expect(kinds.size).toBe(23)
})

test('a seed draws the same scenario again, which is plain JSON, and no two seeds the same', () => {
  const texts = Array.from({ length: 50 }, (_, seed) => JSON.stringify(randomScenario(seed, { explicitChildIds: true })))
  expect(new Set(texts).size).toBe(50)
  texts.forEach((text, seed) => expect(JSON.stringify(randomScenario(seed, { explicitChildIds: true }))).toBe(text))
  expect(JSON.parse(texts[7] as string)).toEqual(JSON.parse(JSON.stringify(randomScenario(7, { explicitChildIds: true }))))
  expect(randomScenario(7, { instances: 3, explicitChildIds: true }).instances).toHaveLength(3)
  const explicit = /"explicitId":true/
  expect(texts.some((text) => explicit.test(text))).toBe(true)
  expect(Array.from({ length: 50 }, (_, seed) => JSON.stringify(randomScenario(seed, { explicitChildIds: false }))).some((text) => explicit.test(text))).toBe(false)
})
