import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { completed, patchMarker, started, taskScheduled, turnEnd, turnStart } from './history-events.js'
import { codeOf, instanceOf, resultOf, shown } from './test-instance.js'

const oldCode = async (ctx: OrchestrationContext): Promise<unknown> => [await ctx.callActivity('first'), await ctx.callActivity('old')]
const newCode = async (ctx: OrchestrationContext): Promise<unknown> => [await ctx.callActivity('first'), await ctx.callActivity(ctx.patched('p1') ? 'new' : 'old')]
const finalCode = async (ctx: OrchestrationContext): Promise<unknown> => {
  const first = await ctx.callActivity('first')
  ctx.deprecatePatch('p1')
  return [first, await ctx.callActivity('new')]
}

describe('patched', () => {
  it('is true where the call is reached first, and records a marker before the other decisions', async () => {
    const instance = instanceOf(newCode)
    await instance.begin()
    expect(shown(await instance.turn(completed(0, 1)))).toStrictEqual(['patch p1', 'activity 1 new'])
    expect(resultOf(await instance.turn(completed(1, 2)))).toStrictEqual([1, 2])
  })

  it('is false while replaying a history that passed the call without it', async () => {
    const before = instanceOf(oldCode)
    await before.begin()
    await before.turn(completed(0, 1))
    const after = instanceOf(newCode)
    expect(shown(await after.replay([...before.history, turnStart(2), completed(1, 2)]))).toStrictEqual(['end 2 Completed'])
  })

  it('is true in an old instance that has not come to the call yet', async () => {
    const before = instanceOf(oldCode)
    await before.begin()
    const after = instanceOf(newCode, { modes: ['replay'] })
    after.history.push(...before.history)
    after.turns = 1
    expect(shown(await after.turn(completed(0, 1)))).toStrictEqual(['patch p1', 'activity 1 new'])
  })

  it('is true while replaying a history with the marker, and records it once', async () => {
    const history = [turnStart(0), started('orderFlow'), taskScheduled(0, 'first'), turnEnd(), turnStart(1), completed(0, 1), patchMarker('p1'), taskScheduled(1, 'new'), turnEnd(), turnStart(2), completed(1, 2)]
    expect(shown(await instanceOf(newCode).replay(history))).toStrictEqual(['end 2 Completed'])
  })

  it('never changes its answer within an execution', async () => {
    const twice = async (ctx: OrchestrationContext): Promise<unknown> => {
      const answers = [ctx.patched('p1')]
      await ctx.callActivity('first')
      answers.push(ctx.patched('p1'), ctx.patched('p2'))
      return answers
    }
    const before = [turnStart(0), started('orderFlow'), taskScheduled(0, 'first'), turnEnd()]
    const after = instanceOf(twice, { modes: ['replay'] })
    after.history.push(...before)
    after.turns = 1
    expect(resultOf(await after.turn(completed(0)))).toStrictEqual([false, false, true])
  })

  it('markers of several patches are kept apart and in the order of calls', async () => {
    const instance = instanceOf(async (ctx) => [ctx.patched('b'), ctx.patched('a'), ctx.patched('b')])
    expect(shown(await instance.begin())).toStrictEqual(['patch b', 'patch a', 'end 0 Completed'])
  })

  it('takes no id', async () => {
    const instance = instanceOf(async (ctx) => (ctx.patched('x'), ctx.callActivity('a')))
    expect((await instance.begin()).actions.map(({ id }) => id)).toStrictEqual([-1, 0])
  })

  it.each(['', ' ', 'a\u0000b', 3])('refuses the id %j', async (id) => {
    expect(codeOf(await instanceOf(async (ctx) => ctx.patched(id as string)).begin())).toBe('DTFX_INVALID_NAME')
    expect(codeOf(await instanceOf(async (ctx) => ctx.deprecatePatch(id as string)).begin())).toBe('DTFX_INVALID_NAME')
  })
})

describe('deprecatePatch', () => {
  it('replays histories with the marker, and records it in new ones so that code of before still replays them', async () => {
    const instance = instanceOf(finalCode)
    await instance.begin()
    expect(shown(await instance.turn(completed(0, 1)))).toStrictEqual(['patch p1', 'activity 1 new'])
    expect(shown(await instanceOf(newCode).replay(instance.history))).toStrictEqual([])
    const patched = instanceOf(newCode)
    await patched.begin()
    await patched.turn(completed(0, 1))
    expect(shown(await instanceOf(finalCode).replay(patched.history))).toStrictEqual([])
  })

  it('code without the branch does not replay a history from before the patch: the report says so', async () => {
    const before = instanceOf(oldCode)
    await before.begin()
    await before.turn(completed(0, 1))
    expect(codeOf(await instanceOf(finalCode).replay(before.history))).toBe('DTFX_NONDETERMINISTIC')
  })
})
