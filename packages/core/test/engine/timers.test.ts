import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DurableTimer } from '../../src/authoring/orchestration-context.js'
import { addMs, compareTicks, type Ticks } from '../../src/base/ticks.js'
import { limits } from '../../src/base/limits.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { at, completed, fired, taskScheduled, timerCreated, turnEnd, turnStart, started } from './history-events.js'
import { codeOf, instanceOf, resultOf, shown, type TestInstance } from './test-instance.js'

const day = 86_400
const waiting = (ms: number, options = {}): TestInstance =>
  instanceOf(async (ctx) => {
    await ctx.createTimer(ms)
    return 'fired'
  }, options)

describe('long timers are split into hops of six days', () => {
  it('FireAt is exact to ticks, every hop has its own id, the promise is that of the first', async () => {
    const instance = instanceOf(async (ctx) => {
      const timer = ctx.createTimer('15d')
      await timer
      return [timer.id, timer.fireAt.toISOString()]
    })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${at(6 * day)}`])
    expect(shown(await instance.turn(fired(0, at(6 * day))))).toStrictEqual([`timer 1 ${at(12 * day)}`])
    expect(shown(await instance.turn(fired(1, at(12 * day))))).toStrictEqual([`timer 2 ${at(15 * day)}`])
    expect(resultOf(await instance.turn(fired(2, at(15 * day))))).toStrictEqual([0, '2024-05-21T07:00:00.123Z'])
  })

  it('exactly six days are one hop; a millisecond more are two', async () => {
    expect(shown(await waiting(6 * day * 1000).begin())).toStrictEqual([`timer 0 ${at(6 * day)}`])
    const longer = waiting(6 * day * 1000 + 1)
    expect(shown(await longer.begin())).toStrictEqual([`timer 0 ${at(6 * day)}`])
    expect(shown(await longer.turn(fired(0, at(6 * day))))).toStrictEqual(['timer 1 2024-05-12T07:00:00.1244567Z'])
  })

  it('the recorded FireAt decides whether a hop was the last, not the clock, and to the tick', async () => {
    const early = waiting(1000)
    await early.begin()
    expect(shown(await early.turn(fired(0, '2024-05-06T07:00:01.1234566Z')))).toStrictEqual([`timer 1 ${at(1)}`])
    expect(resultOf(await early.turn(fired(1, at(1))))).toBe('fired')
    const exact = waiting(1000)
    await exact.begin()
    expect(resultOf(await exact.turn(fired(0, at(1))))).toBe('fired')
  })

  it('hops take their ids between those of other calls', async () => {
    const instance = instanceOf(async (ctx) => {
      const timer = ctx.createTimer('7d')
      await ctx.callActivity('a')
      await ctx.callActivity('b')
      await timer
    })
    await instance.begin()
    expect(shown(await instance.turn(fired(0, at(6 * day)), completed(1)))).toStrictEqual([`timer 2 ${at(7 * day)}`, 'activity 3 b'])
    await instance.turn(completed(3))
    expect(shown(await instance.turn(fired(2, at(7 * day))))).toStrictEqual(['end 4 Completed'])
  })

  it("timerHopMs 'none' makes one timer of any length, ended by any TimerFired", async () => {
    const instance = waiting(400 * day * 1000, { timerHopMs: 'none' })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${at(400 * day)}`])
    expect(resultOf(await instance.turn(fired(0, at(1))))).toBe('fired')
  })

  it('an own hop length is used', async () => {
    const instance = waiting(5000, { timerHopMs: 2000 })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${at(2)}`])
    expect(shown(await instance.turn(fired(0, at(2))))).toStrictEqual([`timer 1 ${at(4)}`])
    expect(shown(await instance.turn(fired(1, at(4))))).toStrictEqual([`timer 2 ${at(5)}`])
  })

  it('property: hops are at most six days, ascending, and end at the deadline exactly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 * day * 1000 }), async (ms) => {
        const instance = waiting(ms)
        let turn = await instance.begin()
        let last: Ticks = at(0)
        for (;;) {
          const action = turn.actions[0]
          if (action?.type !== 'CreateTimer') break
          expect(compareTicks(action.fireAt, addMs(last, limits.timerHopMs) as Ticks)).toBeLessThanOrEqual(0)
          last = action.fireAt
          turn = await instance.turn(fired(action.id, action.fireAt))
        }
        expect(resultOf(turn)).toBe('fired')
        expect(last).toBe(addMs(at(0), ms))
      }),
      { numRuns: 40 },
    )
  })
})

describe('cancelling', () => {
  const cancelled = (cancel: (timer: DurableTimer) => void, ms = 1000): TestInstance =>
    instanceOf(async (ctx) => {
      const timer = ctx.createTimer(ms)
      await ctx.callActivity('a')
      cancel(timer)
      return timer.then(
        () => 'fired',
        (error: Error) => error.name,
      )
    })

  it.each<[string, (timer: DurableTimer) => void]>([
    ['cancel()', (timer) => timer.cancel()],
    ['dispose', (timer) => timer[Symbol.dispose]()],
    ['cancel() twice', (timer) => (timer.cancel(), timer.cancel())],
  ])('%s rejects with TaskCanceledError', async (_, cancel) => {
    const instance = cancelled(cancel)
    await instance.begin()
    expect(resultOf(await instance.turn(completed(1)))).toBe('TaskCanceledError')
  })

  it('after it fired does nothing', async () => {
    const instance = cancelled((timer) => timer.cancel())
    await instance.begin()
    expect(resultOf(await instance.turn(fired(0, at(1)), completed(1)))).toBe('fired')
  })

  it('in a later hop works as in the first', async () => {
    const instance = cancelled((timer) => timer.cancel(), 20 * day * 1000)
    await instance.begin()
    await instance.turn(fired(0, at(6 * day)))
    const turn = await instance.turn(completed(1))
    expect(resultOf(turn)).toBe('TaskCanceledError')
    expect(turn.warnings).toStrictEqual([])
  })

  it('the action stays, as in .NET: a timer cancelled at once is still recorded, and the history replays', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.createTimer('1s').cancel()
      return ctx.callActivity('a')
    })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${at(1)}`, 'activity 1 a'])
    expect(resultOf(await instance.turn(fired(0, at(1)), completed(1, 1)))).toBe(1)
  })

  it('`using` cancels at the end of the block', async () => {
    const instance = instanceOf(
      async (ctx) => {
        {
          using timer = ctx.createTimer('1s')
          await Promise.race([timer, ctx.callActivity('a')])
        }
        return 'done'
      },
      { waitForOpenTasks: true },
    )
    await instance.begin()
    expect(resultOf(await instance.turn(completed(1)))).toBe('done')
  })

  it('an AbortSignal cancels; one that is aborted already does at once', async () => {
    const instance = instanceOf(async (ctx) => {
      const controller = new AbortController()
      const live = ctx.createTimer('1s', { signal: controller.signal }).catch((error: Error) => error.name)
      const dead = ctx.createTimer('1s', { signal: AbortSignal.abort() }).catch((error: Error) => error.name)
      const first = await Promise.race([live, dead])
      await ctx.callActivity('a')
      controller.abort()
      return [first, await live, await dead]
    })
    expect(shown(await instance.begin())).toHaveLength(3)
    expect(resultOf(await instance.turn(completed(2)))).toStrictEqual(['TaskCanceledError', 'TaskCanceledError', 'TaskCanceledError'])
  })
})

describe('times', () => {
  it.each([
    ['NaN', Number.NaN, 'DTFX_INVALID_DURATION'],
    ['negative', -1, 'DTFX_INVALID_DURATION'],
    ['infinite', Number.POSITIVE_INFINITY, 'DTFX_INVALID_DURATION'],
    ['text without a unit', '5', 'DTFX_INVALID_DURATION'],
    ['null', null, 'DTFX_INVALID_DURATION'],
    ['undefined', undefined, 'DTFX_INVALID_DURATION'],
    ['an invalid Date', new Date(Number.NaN), 'DTFX_INVALID_TIME'],
    ['a Date after the year 9999', new Date(8.64e15), 'DTFX_INVALID_TIME'],
    ['a Date before the year 1', new Date(-8.64e15), 'DTFX_INVALID_TIME'],
    ['a duration beyond the year 9999', 9e15, 'DTFX_INVALID_TIME'],
  ])('%s is refused, and takes no id', async (_, time, code) => {
    const turn = await instanceOf(async (ctx) => ctx.createTimer(time as never)).begin()
    expect(codeOf(turn)).toBe(code)
    expect(shown(turn)).toStrictEqual(['end 0 Failed'])
  })

  it.each<[string, number | Date, Ticks]>([
    ['0', 0, at(0)],
    ['1 ms', 1, '2024-05-06T07:00:00.1244567Z'],
    ['a past Date', new Date('2001-02-03T04:05:06.789Z'), '2001-02-03T04:05:06.789Z'],
    ['a Date', new Date('2024-05-06T08:00:00Z'), '2024-05-06T08:00:00.000Z'],
    ['the last moment of 9999', new Date('9999-12-31T23:59:59.999Z'), '9999-12-31T23:59:59.999Z'],
  ])('%s fires at the time meant', async (_, time, expected) => {
    const instance = instanceOf(async (ctx) => ctx.createTimer(time as number), { timerHopMs: 'none' })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${expected}`])
  })

  it('a Date is a Date also when it comes from an input', async () => {
    const instance = instanceOf(async (ctx, due: string) => ctx.createTimer(new Date(due)), { payload: '2024-05-06T09:00:00Z' })
    expect(shown(await instance.begin())).toStrictEqual(['timer 0 2024-05-06T09:00:00.000Z'])
  })

  it('the time of the turn is the base, also when it is replayed a day later', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      await ctx.createTimer('10s')
    })
    const history: HistoryEvent[] = [turnStart(0), started('orderFlow'), taskScheduled(0, 'a'), turnEnd(), turnStart(5), completed(0), timerCreated(1, at(15)), turnEnd(), turnStart(day), fired(1, at(15))]
    expect(shown(await instance.replay(history))).toStrictEqual(['end 2 Completed'])
  })
})
