import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { at, completed, failed, fired, raised, resumed, started, suspended, terminated } from './history-events.js'
import { endOf, failureOf, instanceOf, resultOf, shown, type TestInstance } from './test-instance.js'

const two = async (ctx: OrchestrationContext): Promise<unknown> => [await ctx.callActivity('a'), await ctx.callActivity('b')]
const begun = async (run: Parameters<typeof instanceOf>[0] = two, options = {}): Promise<TestInstance> => {
  const instance = instanceOf(run, options)
  await instance.begin()
  return instance
}

describe('suspend', () => {
  it('keeps events and decides nothing until the resume', async () => {
    const instance = await begun()
    expect(shown(await instance.turn(suspended('hold')))).toStrictEqual([])
    expect(shown(await instance.turn(completed(0, 1)))).toStrictEqual([])
    expect(shown(await instance.turn(resumed()))).toStrictEqual(['activity 1 b'])
    expect(resultOf(await instance.turn(completed(1, 2)))).toStrictEqual([1, 2])
  })

  it('what was decided in the same turn is held back and comes with the resume, in order of ids', async () => {
    const instance = await begun()
    expect(shown(await instance.turn(completed(0, 1), suspended()))).toStrictEqual([])
    expect(shown(await instance.turn(raised('x'), resumed()))).toStrictEqual(['activity 1 b'])
    expect(resultOf(await instance.turn(completed(1, 2)))).toStrictEqual([1, 2])
  })

  it('at the very start holds back the first decisions, or even the start', async () => {
    const early = instanceOf(two)
    expect(shown(await early.begin(suspended()))).toStrictEqual([])
    expect(shown(await early.turn(resumed()))).toStrictEqual(['activity 0 a'])
    const before = instanceOf(two)
    expect(shown(await before.turn(suspended(), started('orderFlow')))).toStrictEqual([])
    expect(shown(await before.turn(resumed()))).toStrictEqual(['activity 0 a'])
  })

  it('twice is once, and one resume ends it', async () => {
    const instance = await begun()
    await instance.turn(suspended(), suspended())
    await instance.turn(suspended(), completed(0, 1))
    expect(shown(await instance.turn(resumed()))).toStrictEqual(['activity 1 b'])
  })

  it('and resume in one turn change nothing, in any order', async () => {
    for (const events of [[suspended(), resumed(), completed(0)], [completed(0), suspended(), resumed()], [suspended(), completed(0), resumed()], [resumed(), suspended(), resumed(), completed(0)]]) {
      const instance = await begun()
      expect(shown(await instance.turn(...events))).toStrictEqual(['activity 1 b'])
    }
  })

  it('a second suspend right after the resume keeps the rest of the queue', async () => {
    const instance = await begun(async (ctx) => {
      const seen: unknown[] = []
      for (let i = 0; i < 3; i++) seen.push(await ctx.waitForExternalEvent('e'))
      return seen
    })
    await instance.turn(suspended(), raised('e', 1), raised('e', 2))
    expect(shown(await instance.turn(resumed(), suspended(), raised('e', 3)))).toStrictEqual([])
    expect(resultOf(await instance.turn(resumed()))).toStrictEqual([1, 2, 3])
  })

  it('and far too many events end with the code of that limit, although a call takes no such number of arguments', async () => {
    const instance = await begun()
    await instance.turn(suspended(), ...Array<HistoryEvent>(100_000).fill(raised('x')))
    await instance.turn(...Array<HistoryEvent>(50_000).fill(raised('x')))
    expect(failureOf(await instance.turn(resumed())).properties).toMatchObject({ code: 'DTFX_TOO_MANY_EVENTS' })
  })

  it('of one that finished in the same turn lets it end', async () => {
    const instance = await begun(async (ctx) => {
      await ctx.callActivity('a')
      ctx.startSubOrchestration('Report')
      return 'done'
    })
    expect(shown(await instance.turn(completed(0), suspended(), raised('x')))).toStrictEqual(['child 1 Report', 'end 2 Completed'])
  })

  it('of one whose function returned but waits for open tasks holds its end', async () => {
    const instance = await begun(async (ctx) => void ctx.callActivity('a'), { waitForOpenTasks: true })
    expect(shown(await instance.turn(suspended(), completed(0)))).toStrictEqual([])
    expect(shown(await instance.turn(resumed()))).toStrictEqual(['end 1 Completed'])
  })

  it('is not mistaken for being blocked on a foreign promise', async () => {
    const instance = await begun()
    expect(shown(await instance.turn(suspended()))).toStrictEqual([])
    expect(shown(await instance.turn())).toStrictEqual([])
  })

  it('the time of the resume is the time of what was queued', async () => {
    const instance = await begun(async (ctx) => {
      await ctx.callActivity('a')
      await ctx.createTimer('1s')
    })
    await instance.turn(suspended(), completed(0))
    await instance.turn()
    expect(shown(await instance.turn(resumed()))).toStrictEqual([`timer 1 ${at(4)}`])
  })

  it('a custom status set before it is shown', async () => {
    const instance = await begun(async (ctx) => {
      await ctx.callActivity('a')
      ctx.setCustomStatus('half way')
      await ctx.callActivity('b')
    })
    expect((await instance.turn(completed(0), suspended())).customStatus).toBe('"half way"')
  })

  it('a patch marker is recorded although nothing else is', async () => {
    const instance = await begun(async (ctx) => {
      await ctx.callActivity('a')
      return ctx.callActivity(ctx.patched('new') ? 'new' : 'old')
    })
    expect(shown(await instance.turn(completed(0), suspended()))).toStrictEqual(['patch new'])
    expect(shown(await instance.turn(resumed()))).toStrictEqual(['activity 1 new'])
  })
})

describe('terminate', () => {
  it('ends with the reason; what the turn decided before it is not sent', async () => {
    const instance = await begun()
    const turn = await instance.turn(completed(0, 1), terminated('enough', true))
    expect(turn.actions).toStrictEqual([{ type: 'Complete', id: 2, status: 'Terminated', result: 'enough', recursive: true }])
    expect(turn.warnings).toStrictEqual([])
  })

  it('while suspended ends at once', async () => {
    const instance = await begun()
    await instance.turn(suspended())
    expect(endOf(await instance.turn(terminated('enough'))).status).toBe('Terminated')
  })

  it('without a reason ends without a result', async () => {
    const end = endOf(await (await begun()).turn(terminated()))
    expect([end.status, end.result]).toStrictEqual(['Terminated', undefined])
  })

  it('later events of the turn change nothing, the first terminate counts', async () => {
    const instance = await begun()
    const end = endOf(await instance.turn(terminated('first'), terminated('second', true), completed(0), failed(0), raised('x'), suspended(), resumed(), fired(0)))
    expect([end.result, end.recursive]).toStrictEqual(['first', false])
  })

  it('after the function returned in the same turn changes nothing', async () => {
    const instance = await begun(async (ctx) => ctx.callActivity('a'))
    expect(resultOf(await instance.turn(completed(0, 'done'), terminated('late')))).toBe('done')
  })

  it('after it threw in the same turn leaves the failure', async () => {
    const instance = await begun(async (ctx) => ctx.callActivity('a'))
    expect(failureOf(await instance.turn(failed(0), terminated('late'))).errorMessage).toContain('boom')
  })

  it('of one whose function returned but waits for open tasks terminates', async () => {
    const instance = await begun(async (ctx) => void ctx.callActivity('a'), { waitForOpenTasks: true })
    expect(endOf(await instance.turn(terminated('stop'))).status).toBe('Terminated')
  })

  it('before the code started, in the same turn, ends without running it', async () => {
    let ran = false
    const instance = instanceOf(async () => void (ran = true))
    expect(endOf(await instance.turn(terminated('never'), started('orderFlow'))).status).toBe('Terminated')
    expect(ran).toBe(false)
  })

  it('the code runs no further, not even its finally blocks', async () => {
    const seen: string[] = []
    const instance = await begun(async (ctx) => {
      try {
        await ctx.callActivity('a')
        seen.push('went on')
      } finally {
        seen.push('finally')
      }
    })
    await instance.turn(terminated('stop'), completed(0))
    expect(seen).toStrictEqual([])
  })
})

describe('property: any order of suspend, resume and terminate', () => {
  const letters: Record<string, () => HistoryEvent> = {
    s: () => suspended(),
    r: () => resumed(),
    t: () => terminated('x'),
    a: () => completed(0, 'a'),
    b: () => completed(1, 'b'),
    e: () => raised('e', 'e'),
  }

  it('ends as the last word says, the same for one turn and for one turn per event', async () => {
    const run = async (ctx: OrchestrationContext): Promise<unknown> => {
      const [a, b] = [ctx.callActivity('a'), ctx.callActivity('b')]
      return [await a, await ctx.waitForExternalEvent('e'), await b]
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...'srtabesr'), { maxLength: 12 }), async (word) => {
        const together = instanceOf(run)
        await together.begin()
        const all = await together.turn(...word.map((letter) => (letters[letter] as () => HistoryEvent)()))
        const apart = await begun(run)
        let last = await apart.turn()
        for (const letter of word) {
          if (last.actions.at(-1)?.type === 'Complete') break
          last = await apart.turn((letters[letter] as () => HistoryEvent)())
        }
        const end = (turn: typeof all): unknown => {
          const action = turn.actions.at(-1)
          return action?.type === 'Complete' ? [action.status, action.result] : 'running'
        }
        expect(end(all)).toStrictEqual(end(last))
        expect(end(all)).toStrictEqual(model(word))
      }),
      { numRuns: 150 },
    )
  })

  /** What must come out, told without the engine. */
  function model(word: readonly string[]): unknown {
    const seen = new Set<string>()
    let held: string[] | undefined
    const done = (): boolean => ['a', 'b', 'e'].every((letter) => seen.has(letter))
    for (const letter of word) {
      if (letter === 't') return ['Terminated', 'x']
      if (letter === 's') held ??= []
      else if (letter === 'r') {
        for (const each of held ?? []) seen.add(each)
        held = undefined
      } else if (held !== undefined) held.push(letter)
      else seen.add(letter)
      if (done()) return ['Completed', '["a","e","b"]']
    }
    return 'running'
  }
})
