/** A failing simulation is made smaller until nothing can be left out. */
import { describeFailure, shrink, simulate } from '@dtfx/testing'
import { expect, test } from 'vitest'
import { nodesOf } from '../../src/simulation/program.js'
import { randomScenario } from '../../src/simulation/random-scenario.js'
import type { Scenario } from '../../src/simulation/scenario.js'

/** A scenario that cannot end as planned: an event is never sent. */
function broken(seed: number): Scenario {
  const drawn = randomScenario(seed, { instances: 3, explicitChildIds: true })
  const lost = { kind: 'sequence', id: 9_000, children: [{ kind: 'timer', id: 9_001, delayMs: 20 }, { kind: 'forever', id: 9_002 }] } as const
  return {
    ...drawn,
    instances: [...drawn.instances, { instanceId: 'lost', program: lost, fate: 'completes' }],
    script: [...drawn.script, { kind: 'start', atMs: 0, instanceId: 'lost', rivals: ['error'] }],
  }
}

test('the smallest run that still fails has one instance, one worker and no faults', async () => {
  const options = { seed: 5, workers: 2, commit: 'state-first-outbox', scenario: broken(5) } as const
  const report = await simulate(options)
  expect(report.violations.some((violation) => violation.startsWith('status: lost: is Running instead of Completed'))).toBe(true)
  const { options: smallest, report: last } = await shrink(options, report)
  expect(last.violations.length).toBeGreaterThan(0)
  expect(smallest.workers).toBe(1)
  expect(smallest.scenario?.instances.map(({ instanceId }) => instanceId)).toEqual(['lost'])
  expect(smallest.scenario?.instances.flatMap(({ program }) => [...nodesOf(program)]).map(({ kind }) => kind)).toEqual(['forever'])
  expect(smallest.scenario?.script).toEqual([{ kind: 'start', atMs: 0, instanceId: 'lost', rivals: [] }])
  const text = describeFailure(report, { options: smallest, report: last, tries: 1 })
  expect(text).toContain('again: pnpm sim --from 5 --seeds 1 --commit state-first-outbox --shrink')
  expect(text).toContain('without crash, transient, ambiguous, delay, pause, loseLock, duplicate, late, reorder, stop, deploy, clockSkewMs')
  expect(text).toContain('lost, which completes: {"kind":"forever","id":9002}')
})
