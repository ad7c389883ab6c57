/** Order of the runs, medians, ratios, rows, and what a wrong result does. */
import { describe, expect, it } from 'vitest'
import { openHere, ratioOf, runWorkload } from '../src/runner.js'
import { scriptedWorkload, steadyPace, wrong } from './scripted-workload.js'

const head = { workload: 'scripted', node: process.versions.node, cpu: expect.stringMatching(/ × \d+$/) }

describe('runWorkload', () => {
  it('warms up, then runs the sides in turn, then closes them', async () => {
    const workload = scriptedWorkload({ ours: [0, 1, 2], theirs: [0, 10, 20] })
    await runWorkload(workload, { provider: 'memory', against: 'them' }, steadyPace())
    expect(workload.log).toEqual(['ours 0', 'theirs 0', 'ours 1', 'theirs 10', 'ours 2', 'theirs 20', 'close ours', 'close theirs'])
  })

  it('gives a row per measurement: the median and all counted runs, the headline first', async () => {
    const rows = await runWorkload(scriptedWorkload({ ours: [99, 3, 1, 2] }), { provider: 'memory' }, steadyPace())
    expect(rows).toEqual([
      { ...head, case: 'one', provider: 'memory', metric: 'duration_ms', value: 2, unit: 'u', runs: [3, 1, 2] },
      { ...head, case: 'one', provider: 'memory', metric: 'latency_p99_ms', value: 20, unit: 'u', runs: [30, 10, 20] },
      { ...head, case: 'two', provider: 'memory', metric: 'duration_ms', value: 3, unit: 'u', runs: [4, 2, 3] },
    ])
  })

  it('takes a request that a run did not send for none', async () => {
    const runs = [[], [3], [1, 4]].map((values) => values.map((value, index) => ({ case: 'c', metric: 'requests_by_operation' as const, operation: `o${index}`, value, unit: 'requests' })))
    const workload = { ...scriptedWorkload({ ours: [] }), defaultRuns: 2, open: async () => ({ run: async () => runs.shift() ?? [], close: async () => {} }) }
    const rows = await runWorkload(workload, { provider: 'memory' }, steadyPace())
    expect(rows.map(({ operation, runs }) => [operation, runs])).toEqual([
      ['o0', [3, 1]],
      ['o1', [0, 4]],
    ])
  })

  it('gives rows of the other side and one ratio per case, the median of the pairs', async () => {
    const rows = await runWorkload(scriptedWorkload({ ours: [0, 1, 2, 4], theirs: [0, 10, 2, 20] }), { provider: 'memory', against: 'them' }, steadyPace())
    expect(rows.map((row) => [row.case, row.provider, row.metric, row.against])).toEqual([
      ['one', 'memory', 'duration_ms', undefined],
      ['one', 'memory', 'latency_p99_ms', undefined],
      ['two', 'memory', 'duration_ms', undefined],
      ['one', 'them', 'duration_ms', undefined],
      ['one', 'them', 'latency_p99_ms', undefined],
      ['two', 'them', 'duration_ms', undefined],
      ['one', 'memory', 'ratio', 'them'],
      ['two', 'memory', 'ratio', 'them'],
    ])
    expect(rows[6]).toEqual({ ...head, case: 'one', provider: 'memory', against: 'them', metric: 'ratio', value: 5, unit: 'times', runs: [10, 1, 5] })
  })

  it('runs fewer beside a slow competitor unless it is told how many, and opens sides where it is told', async () => {
    const opened: unknown[] = []
    const workload = { ...scriptedWorkload({ ours: [0, 1], theirs: [0, 1] }), defaultCount: 9, rivalCounts: { them: 4 } }
    const plan = async (more: object) => runWorkload(workload, { provider: 'memory', runs: 1, ...more }, steadyPace(), (each, against, options) => {
      opened.push([against, options.count])
      return openHere(each, against, options)
    })
    await plan({})
    await plan({ against: 'them' })
    await plan({ against: 'them', count: 5 })
    expect(opened).toEqual([[undefined, 9], [undefined, 4], ['them', 4], [undefined, 5], ['them', 5]])
  })

  it('throws no run away where none warms up', async () => {
    const workload = { ...scriptedWorkload({ ours: [1, 2] }), warmUp: false }
    await runWorkload(workload, { provider: 'memory', runs: 2 }, steadyPace())
    expect(workload.log).toEqual(['ours 1', 'ours 2', 'close ours'])
  })

  it('runs as often as it is told, whatever that takes', async () => {
    const [first] = await runWorkload(scriptedWorkload({ ours: [0, 1, 2, 3] }), { provider: 'memory', runs: 3 }, steadyPace(1_000))
    expect(first?.runs).toEqual([1, 2, 3])
  })

  it('ends early by default when the next round would take too long, with at least one round', async () => {
    const [slow] = await runWorkload(scriptedWorkload({ ours: [0, 1, 2, 3] }), { provider: 'memory' }, steadyPace(1_000))
    expect(slow?.runs).toEqual([1])
    const [medium] = await runWorkload(scriptedWorkload({ ours: [0, 1, 2, 3, 4, 5] }), { provider: 'memory' }, steadyPace(15))
    expect(medium?.runs).toEqual([1, 2])
  })

  it.each([
    ['our side', { ours: [0, 1, wrong], theirs: [0, 1, 1] }, 'ours gave a wrong result: expected "sense", got "nonsense"'],
    ['the other side', { ours: [0, 1, 1], theirs: [0, wrong] }, 'theirs gave a wrong result'],
    ['a warm-up', { ours: [wrong, 1], theirs: [0, 1] }, 'ours gave a wrong result'],
  ])('gives no row when %s is wrong, and closes both', async (_, script, message) => {
    const workload = scriptedWorkload(script)
    await expect(runWorkload(workload, { provider: 'memory', against: 'them' }, steadyPace())).rejects.toThrow(message)
    expect(workload.log.slice(-2)).toEqual(['close ours', 'close theirs'])
  })

  it('closes our side when the other one does not exist', async () => {
    const workload = scriptedWorkload({ ours: [0, 1] })
    await expect(runWorkload(workload, { provider: 'memory', against: 'nobody' }, steadyPace())).rejects.toThrow("cannot be compared with 'nobody'")
    expect(workload.log).toEqual(['close ours'])
  })
})

describe('ratioOf', () => {
  it.each([
    ['activities_per_second', 20, 10, 2],
    ['orchestrations_per_second', 10, 20, 0.5],
    ['duration_ms', 10, 20, 2],
    ['latency_p50_ms', 20, 10, 0.5],
    ['bytes_per_instance', 1, 4, 4],
  ] as const)('of %s %d : %d is %d: more than 1 says that ours is better', (metric, ours, theirs, expected) => {
    expect(ratioOf(metric, ours, theirs)).toBe(expected)
  })
})
