import { describe, expect, it } from 'vitest'
import type { StandardSchema } from '../../src/authoring/schema.js'
import type { HistoryEventOf } from '../../src/model/events.js'
import { at, completed, fired, raised, resumed, suspended, terminated } from './history-events.js'
import { codeOf, endOf, failureOf, instanceOf, shown, type Decided } from './test-instance.js'

const carried = (turn: Decided): unknown[] => (endOf(turn).carryOver ?? []).map((event: HistoryEventOf<'EventRaised'>) => [event.name, event.input])

describe('the next generation', () => {
  it('gets the input, encoded at the call, and the version', async () => {
    const instance = instanceOf(async (ctx) => {
      const next = { n: 1 }
      const mark = ctx.continueAsNew(next, { version: '2.0' })
      next.n = 99
      return mark
    })
    expect(endOf(await instance.begin())).toStrictEqual({ type: 'Complete', id: 0, status: 'ContinuedAsNew', result: '{"n":1}', newVersion: '2.0', carryOver: [] })
  })

  it.each([[0], [''], [false], [null], [undefined]])('input %j stays what it is', async (input) => {
    expect(endOf(await instanceOf(async (ctx) => ctx.continueAsNew(input)).begin()).result).toBe(input === undefined ? undefined : JSON.stringify(input))
  })

  it('the last call wins, and nothing depends on what the function returns', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.continueAsNew('first', { carryOverEvents: false })
      ctx.continueAsNew('second')
      return 'something else'
    })
    const end = endOf(await instance.begin(raised('Go', 1)))
    expect([end.status, end.result, end.carryOver?.length]).toStrictEqual(['ContinuedAsNew', '"second"', 1])
  })

  it('takes effect when the function returns, not at the call', async () => {
    const instance = instanceOf(async (ctx) => {
      const mark = ctx.continueAsNew(1)
      await ctx.callActivity('cleanup')
      return mark
    })
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 cleanup'])
    expect(shown(await instance.turn(completed(0)))).toStrictEqual(['end 1 ContinuedAsNew'])
  })

  it('a throw after it fails the instance', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.continueAsNew(1)
      throw new Error('after all')
    })
    const turn = await instance.begin(raised('Go'))
    expect(failureOf(turn).errorMessage).toBe('after all')
    expect(endOf(turn).carryOver).toBeUndefined()
  })

  it('input that cannot be encoded, or does not fit the schema, throws at the call', async () => {
    const schema: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof value === 'number' ? { value } : { issues: [{ message: 'a number' }] }) } }
    expect(codeOf(await instanceOf(async (ctx) => ctx.continueAsNew(new Map())).begin())).toBe('DTFX_NOT_SERIALIZABLE')
    expect(codeOf(await instanceOf(async (ctx) => ctx.continueAsNew('x'), { input: schema as never }).begin())).toBe('DTFX_SCHEMA_MISMATCH')
  })
})

describe('what goes along', () => {
  it('events nobody consumed, in the order of arrival, those of the same turn included', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.waitForExternalEvent('Go')
      return ctx.continueAsNew(0)
    })
    await instance.begin(raised('Other', 'a'))
    expect(carried(await instance.turn(raised('other', 'b'), raised('GO', 1), raised('go', 2), raised('Other', 'c')))).toStrictEqual([
      ['Other', '"a"'], ['other', '"b"'], ['go', '2'], ['Other', '"c"'],
    ])
  })

  it('an event that came after the end is carried, not given to a waiter of the old code', async () => {
    const instance = instanceOf(async (ctx) => {
      void ctx.waitForExternalEvent('Go')
      await ctx.callActivity('a')
      return ctx.continueAsNew(0)
    })
    await instance.begin()
    expect(carried(await instance.turn(completed(0), raised('Go', 7)))).toStrictEqual([['Go', '7']])
  })

  it('carryOverEvents: false drops them', async () => {
    const instance = instanceOf(async (ctx) => ctx.continueAsNew(0, { carryOverEvents: false }))
    expect(carried(await instance.begin(raised('Go', 7)))).toStrictEqual([])
  })

  it('actions nobody waits for are kept', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.startSubOrchestration('Report', 1)
      ctx.sendEvent('other', 'Done')
      void ctx.callActivity('Log')
      void ctx.createTimer('1h')
      return ctx.continueAsNew(0)
    })
    const turn = await instance.begin()
    expect(shown(turn)).toStrictEqual(['child 0 Report', 'event 1 Done', 'activity 2 Log', `timer 3 ${at(3600)}`, 'end 4 ContinuedAsNew'])
    expect(turn.warnings[0]?.message).toContain("ended as ContinuedAsNew while tasks are open: activity 'Log' (#2, never awaited), timer 'timer' (#3, never awaited)")
  })

  it('with waitForOpenTasks the end waits for the open tasks', async () => {
    const instance = instanceOf(
      async (ctx) => {
        void ctx.callActivity('Log')
        return ctx.continueAsNew(0)
      },
      { waitForOpenTasks: true },
    )
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 Log'])
    expect(shown(await instance.turn(raised('Go', 1)))).toStrictEqual([])
    expect(carried(await instance.turn(completed(0)))).toStrictEqual([['Go', '1']])
  })
})

describe('together with suspend and terminate', () => {
  const next = async (ctx: Parameters<Parameters<typeof instanceOf>[0]>[0]): Promise<unknown> => {
    await ctx.callActivity('a')
    return ctx.continueAsNew(0)
  }

  it('a suspend in the same turn holds the next generation back until the resume, and loses no event', async () => {
    const instance = instanceOf(next)
    await instance.begin()
    expect(shown(await instance.turn(completed(0), suspended(), raised('Go', 1)))).toStrictEqual([])
    expect(shown(await instance.turn(raised('Go', 2)))).toStrictEqual([])
    expect(carried(await instance.turn(resumed()))).toStrictEqual([['Go', '1'], ['Go', '2']])
  })

  it('a terminate in the same turn wins: the next generation does not escape', async () => {
    const instance = instanceOf(next)
    await instance.begin()
    expect(shown(await instance.turn(completed(0), terminated('stop')))).toStrictEqual(['end 1 Terminated'])
  })

  it('a terminate of one that failed after continueAsNew leaves the failure', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      ctx.continueAsNew(0)
      throw new Error('after all')
    })
    await instance.begin()
    expect(failureOf(await instance.turn(completed(0), terminated('stop'))).errorMessage).toBe('after all')
  })

  it('timers of the old generation mean nothing to the new one', async () => {
    const instance = instanceOf(async (ctx) => ctx.waitForExternalEvent('Go'))
    await instance.begin(fired(0, at(1)))
    expect(shown(await instance.turn(fired(5, at(1)), completed(0, 'stale')))).toStrictEqual([])
  })
})
