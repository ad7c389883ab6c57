/** Local activities under every order of commit: the process dies, or does not learn what became of a write, at each of its writes in turn. Nothing is lost, nothing is swapped, nothing is left. */
import { describe, expect, it } from 'vitest'
import type { CommitDiscipline } from '@dtfx/core/provider'
import { runWorld, type Outcome, type WorldPlan } from './local-world.js'

/** The writes of one process for start → 5 activities → complete, when nothing fails: `local`, and with the activities sent through the store. */
const writes: Readonly<Record<CommitDiscipline, { readonly local: string; readonly sent: string }>> = {
  atomic: {
    local: 'write 5×answer 2×write',
    sent: 'write 5×answer 2×write',
  },
  'messages-first': {
    local: '5×send write show settle write show delete write show 4×delete',
    sent: '5×send write show settle 5×answer 5×delete write show settle write show 4×settle',
  },
  'state-first-outbox': {
    local: 'write show write show delete write show settle 4×delete',
    sent: 'write show 5×send settle 5×answer 5×delete write show settle write show 4×settle',
  },
}
const orders = Object.keys(writes) as readonly CommitDiscipline[]

function spelt(steps: readonly string[]): string {
  const runs: { name: string; count: number }[] = []
  for (const name of steps) {
    const last = runs.at(-1)
    if (last?.name === name) last.count++
    else runs.push({ name, count: 1 })
  }
  return runs.map(({ name, count }) => (count === 1 ? name : `${count}×${name}`)).join(' ')
}

/** The names of the writes, one by one. */
function each(text: string): string[] {
  return text.split(' ').flatMap((part) => {
    const [count, name] = part.split('×')
    return name === undefined ? [part] : Array.from({ length: Number(count) }, () => name)
  })
}

/** Right results: one per activity, of a run of it with that input. */
function expectRight({ status, output, runs, left }: Outcome): void {
  expect(status).toBe('Completed')
  expect((output as readonly string[]).map((nonce) => runs.find((run) => run.nonce === nonce)?.input)).toEqual([1, 2, 3, 4, 5])
  expect(left).toBe(0)
}

describe.each(orders)('%s', (commit) => {
  const run = (plan: Omit<WorldPlan, 'commit'> = {}): Promise<Outcome> => runWorld({ commit, ...plan })

  it('takes exactly these writes', async () => {
    const local = await run()
    expectRight(local)
    expect(spelt(local.steps)).toBe(writes[commit].local)
    const sent = await run({ localActivities: false })
    expectRight(sent)
    expect(spelt(sent.steps)).toBe(writes[commit].sent)
    for (const { runs } of [local, sent]) expect(runs).toHaveLength(5)
  })

  const steps = each(writes[commit].local).map((name, index) => ({ at: index + 1, name }))

  it.each(steps)('killed before write $at ($name)', async ({ at }) => {
    const outcome = await run({ fault: { at, kind: 'crash-before' } })
    expectRight(outcome)
    expect(outcome.processes).toBe(2)
    // A message of a lost turn is delivered where messages go first; a backup is no exception.
    if (commit !== 'messages-first') expect(outcome.begunBeforeCommit).toBe(0)
  })

  it.each(steps)('killed after write $at ($name)', async ({ at }) => {
    const outcome = await run({ fault: { at, kind: 'crash-after' } })
    expectRight(outcome)
    expect(outcome.processes).toBe(2)
    if (commit !== 'messages-first') expect(outcome.begunBeforeCommit).toBe(0)
  })

  it.each(steps)('write $at ($name) fails, or nobody knows whether it did: without another process', async ({ at }) => {
    for (const kind of ['transient', 'unknown-done', 'unknown-not-done', 'unknown-later'] as const) {
      const outcome = await run({ fault: { at, kind } })
      expectRight(outcome)
      expect(outcome).toMatchObject({ processes: 1, begunBeforeCommit: 0 })
    }
  })

  it.each(steps)('stands still for longer than the lock before write $at ($name)', async ({ at }) => {
    expectRight(await run({ fault: { at, kind: 'pause' } }))
  })

  it.each([1, 2, 3, 4, 5])('killed when activity %i has begun', async (dieAtRun) => {
    const outcome = await run({ dieAtRun, takesMs: 1_000 })
    expectRight(outcome)
    expect(outcome.processes).toBe(2)
  })

  it('keeps an activity that takes longer than the lock', async () => {
    const outcome = await run({ takesMs: 100_000 })
    expectRight(outcome)
    expect(outcome.runs).toHaveLength(5)
  })
})
