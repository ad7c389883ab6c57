import { describeFailure, simulate, type FaultOptions, type SimulationOptions } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'

const seeds = Number(process.env['DTFX_SIM_SEEDS'] ?? 300)

const none: FaultOptions = { crash: 0, transient: 0, ambiguous: 0, delay: 0, pause: 0, loseLock: 0, duplicate: 0, late: 0, reorder: 0, clockSkewMs: 0 }

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
