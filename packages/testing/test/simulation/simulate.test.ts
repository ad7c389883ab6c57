import { describeFailure, simulate, type SimulationOptions } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'

const seeds = Number(process.env['DTFX_SIM_SEEDS'] ?? 300)

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
