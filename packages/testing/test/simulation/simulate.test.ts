import { describeFailure, simulate, type FaultOptions, type SimulationOptions } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'
import { checkFaults, noFaults } from '../../src/simulation/fault-options.js'
import { faultProfile } from '../../src/simulation/fault-profile.js'

const seeds = Number(process.env['DTFX_SIM_SEEDS'] ?? 300)

const none: FaultOptions = { crash: 0, transient: 0, ambiguous: 0, delay: 0, pause: 0, loseLock: 0, duplicate: 0, late: 0, reorder: 0, stop: 0, clockSkewMs: 0 }

async function campaign(from: number, count: number, more: Omit<SimulationOptions, 'seed'>): Promise<void> {
  const failures: string[] = []
  for (let seed = from; seed < from + count; seed++) {
    const report = await simulate({ seed, ...more })
    if (report.violations.length > 0) failures.push(describeFailure(report))
  }
  expect(failures).toEqual([])
}

describe('simulation', () => {
  for (const commit of ['atomic', 'messages-first', 'state-first-outbox'] as const) {
    const count = Math.ceil(seeds / 3)
    it(`keeps every promise under ${commit}, ${count} seeds`, () => campaign(0, count, { commit }), 600_000)
    it(`… with the cache off, ${Math.ceil(count / 4)} seeds`, () => campaign(50_000, Math.ceil(count / 4), { commit, cache: false }), 600_000)
  }

  it('keeps the order of events where nothing changes their places', () => campaign(60_000, Math.ceil(seeds / 10), { faults: { reorder: 0 } }), 600_000)

  it('changes the code of all processes under way', async () => {
    const report = await simulate({ seed: 4, workers: 2, faults: { ...none, deploy: 1 } })
    expect(report.violations).toEqual([])
    expect(report.faults.deploy).toBe(1)
    expect(report.processes).toBe(4)
  })

  it('stops workers in good order: what was begun is not lost, and others go on', async () => {
    for (const commit of ['atomic', 'messages-first', 'state-first-outbox'] as const) {
      const report = await simulate({ seed: 4, commit, faults: { ...none, deploy: 0, stop: 1 } })
      expect(report.violations).toEqual([])
      expect(report.faults.stop).toBeGreaterThan(3)
    }
  })

  it('has a heavier world for a fifth of the seeds, and what is given wins', () => {
    const heavy = Array.from({ length: 500 }, (_, seed) => faultProfile(seed)).filter(({ ambiguous }) => ambiguous !== undefined)
    expect(heavy.length).toBeGreaterThan(70)
    expect(heavy.length).toBeLessThan(130)
    const seed = Array.from({ length: 500 }, (_, index) => index).find((index) => faultProfile(index).late !== undefined) as number
    expect(checkFaults({ late: 0.5 }, seed)).toMatchObject({ ...faultProfile(seed), late: 0.5 })
    expect(checkFaults(false, seed)).toEqual(noFaults)
  })

  it('gives the same run for the same seed', async () => {
    const [first, second] = [await simulate({ seed: 7, commit: 'messages-first' }), await simulate({ seed: 7, commit: 'messages-first' })]
    expect(second).toEqual(first)
  })

  it('does without faults what the scenario says', async () => {
    const report = await simulate({ seed: 3, faults: false, workers: 1 })
    expect(report.violations).toEqual([])
    expect(report.processes).toBe(1)
    expect(Object.values(report.faults).every((count) => count === 0)).toBe(true)
  })
})
