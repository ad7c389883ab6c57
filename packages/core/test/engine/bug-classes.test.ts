/**
 * Bugs that were found in other engines of this kind, those that concern the engine: one test each. The rest is in the conformance suite.
 */
import { describe, expect, it, vi } from 'vitest'
import { defineOrchestration } from '../../src/authoring/definitions.js'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { at, completed, failed, fired, raised, resumed, started, suspended, taskScheduled, turnEnd, turnStart } from './history-events.js'
import { codeOf, endOf, failureOf, instanceOf, resultOf, shown, type OrchestrationFunction } from './test-instance.js'

const ended = async (run: OrchestrationFunction, ...events: readonly HistoryEvent[]): Promise<unknown> => {
  const instance = instanceOf(run)
  await instance.begin()
  return resultOf(await instance.turn(...events))
}

describe('bug classes', () => {
  it('bug-class: falsy results dropped (0, "", false, null)', async () => {
    const all: OrchestrationFunction = async (ctx) => Promise.all(['a', 'b', 'c', 'd'].map((name) => ctx.callActivity(name)))
    expect(await ended(all, completed(0, 0), completed(1, ''), completed(2, false), completed(3, null))).toStrictEqual([0, '', false, null])
  })

  it('bug-class: whenAll([]) never completes', async () => {
    const turn = await instanceOf(async (ctx) => [await Promise.all([]), await Promise.allSettled([]), await ctx.map([], async () => 1)]).begin()
    expect(resultOf(turn)).toStrictEqual([[], [], []])
  })

  it('bug-class: task id 0 treated as missing', async () => {
    expect(await ended(async (ctx) => ctx.callActivity('first'), completed(0, 'done'))).toBe('done')
    expect(await ended(async (ctx) => ctx.createTimer(1).then(() => 'fired'), fired(0))).toBe('fired')
    expect(await ended(async (ctx) => ctx.callSubOrchestration('first').catch(() => 'failed'), { type: 'SubOrchestrationInstanceFailed', eventId: -1, timestamp: at(0), taskScheduledId: 0 })).toBe('failed')
  })

  it('bug-class: children already complete at whenAll construction', async () => {
    const run: OrchestrationFunction = async (ctx) => {
      const early = ctx.callActivity('early')
      await ctx.callActivity('gate')
      return Promise.all([early, early, Promise.race([early, ctx.callActivity('never')])])
    }
    expect(await ended(run, completed(0, 'e'), completed(1))).toStrictEqual(['e', 'e', 'e'])
  })

  it('bug-class: fail-fast whenAll deadlock', async () => {
    const run: OrchestrationFunction = async (ctx) => {
      try {
        await Promise.all([ctx.callActivity('a'), ctx.callActivity('b')])
      } catch {
        return ctx.callActivity('compensate')
      }
      return 'no error'
    }
    const instance = instanceOf(run)
    await instance.begin()
    expect(shown(await instance.turn(failed(0)))).toStrictEqual(['activity 2 compensate'])
    expect(resultOf(await instance.turn(failed(1), completed(2, 'ok')))).toBe('ok')
  })

  it('bug-class: awaiting a non-task', async () => {
    expect(await ended(async (ctx) => [await 5, await null, await Promise.resolve('x'), await ctx.callActivity('a')], completed(0, 1))).toStrictEqual([5, null, 'x', 1])
    expect(codeOf(await instanceOf(async () => new Promise(() => {})).begin())).toBe('DTFX_BLOCKED_ON_FOREIGN_PROMISE')
  })

  it('bug-class: the wall clock used inside createTimer', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2050, 0) })
    try {
      expect(shown(await instanceOf(async (ctx) => ctx.createTimer('10s')).begin())).toStrictEqual([`timer 0 ${at(10)}`])
    } finally {
      vi.useRealTimers()
    }
  })

  it('bug-class: locale-dependent lower-casing of event names', async () => {
    const lower = vi.spyOn(String.prototype, 'toLocaleLowerCase').mockImplementation(() => 'broken')
    try {
      expect(await ended(async (ctx) => ctx.waitForExternalEvent('TITLE'), raised('title', 'x'))).toBe('x')
      expect(lower).not.toHaveBeenCalled()
    } finally {
      lower.mockRestore()
    }
  })

  it('bug-class: locale-dependent sort order of actions', async () => {
    const turn = await instanceOf(async (ctx) => Promise.all(['z', 'ä', 'A', 'a', 'Z', '10', '9'].map((name) => ctx.callActivity(name)))).begin()
    expect(turn.actions.map(({ id }) => id)).toStrictEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('bug-class: continue-as-new drops fire-and-forget actions', async () => {
    const turn = await instanceOf(async (ctx) => {
      ctx.sendEvent('other', 'Ready')
      ctx.startSubOrchestration('Report')
      return ctx.continueAsNew(1)
    }).begin()
    expect(shown(turn)).toStrictEqual(['event 0 Ready', 'child 1 Report', 'end 2 ContinuedAsNew'])
  })

  it('bug-class: continue-as-new reorders events', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.waitForExternalEvent('go')
      return ctx.continueAsNew(1)
    })
    await instance.begin(raised('x', 1), raised('y', 2))
    const turn = await instance.turn(raised('x', 3), raised('go'), raised('y', 4), raised('x', 5))
    expect(endOf(turn).carryOver?.map(({ input }) => input)).toStrictEqual(['1', '2', '3', '4', '5'])
  })

  it('bug-class: stale timers after continue-as-new', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.waitForExternalEvent('x')
      await ctx.createTimer('1h')
      return 'fired'
    })
    await instance.begin(fired(0, at(1)))
    await instance.turn(fired(0, at(1)), raised('x'))
    expect(shown(await instance.turn(fired(7, at(5))))).toStrictEqual([])
    expect(resultOf(await instance.turn(fired(0, at(3600 + 1))))).toBe('fired')
  })

  it('bug-class: custom status that cannot be serialised', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const status of [1n, circular, () => 1, Number.NaN, new Map()]) {
      expect(codeOf(await instanceOf(async (ctx) => ctx.setCustomStatus(status)).begin())).toBe('DTFX_NOT_SERIALIZABLE')
    }
  })

  it('bug-class: suspend/resume buffer infinite loop', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('a'))
    await instance.begin()
    await instance.turn(suspended(), suspended(), completed(0, 1))
    await instance.turn(suspended(), raised('x'))
    expect(resultOf(await instance.turn(resumed(), resumed()))).toBe(1)
  })

  it('bug-class: retry handler returning NaN', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('a', 1, { retry: { maxAttempts: 3, retryIf: () => Number.NaN as never } }))
    await instance.begin()
    expect(failureOf(await instance.turn(failed(0, 'the original'))).errorMessage).toContain('the original')
  })

  it('bug-class: duplicate completion actions', async () => {
    const instance = instanceOf(async (ctx) => {
      void (async () => {
        await ctx.callActivity('b')
        throw new Error('in the background')
      })().catch(() => {})
      return ctx.callActivity('a')
    }, { waitForOpenTasks: true })
    await instance.begin()
    expect(shown(await instance.turn(completed(1, 1)))).toStrictEqual([])
    expect(shown(await instance.turn(failed(0)))).toStrictEqual(['end 2 Completed'])
  })

  it('bug-class: anonymous function names', () => {
    const anonymous = (() => async (): Promise<void> => {})()
    expect(() => defineOrchestration(anonymous.name, anonymous)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_NAME' }))
    expect(() => defineOrchestration(anonymous as never, anonymous)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_NAME' }))
  })

  it('bug-class: default timeout on a sub-orchestration', async () => {
    const instance = instanceOf(async (ctx) => ctx.callSubOrchestration('Child'))
    expect(shown(await instance.begin())).toStrictEqual(['child 0 Child'])
    for (let i = 0; i < 60; i++) expect(shown(await instance.turn())).toStrictEqual([])
  })

  it('bug-class: error cause chain lost', async () => {
    const instance = instanceOf(async (ctx) => {
      try {
        return await ctx.callActivity('a')
      } catch (cause) {
        throw new Error('step failed', { cause })
      }
    })
    await instance.begin()
    const inner = { errorType: 'SyntaxError', errorMessage: 'root', isNonRetriable: false }
    const failure = failureOf(await instance.turn(failed(0, 'middle', { errorType: 'RangeError', innerFailure: inner })))
    const chain = []
    for (let each: typeof failure | undefined = failure; each !== undefined; each = each.innerFailure) chain.push(`${each.errorType}: ${each.errorMessage}`)
    expect(chain).toStrictEqual(['Error: step failed', "TaskFailedError: Activity 'a' (#0) failed: middle", 'RangeError: middle', 'SyntaxError: root'])
  })

  it('bug-class: invalid timer inputs (NaN, negative, invalid Date)', async () => {
    for (const time of [Number.NaN, -1, new Date(Number.NaN), '', 'soon']) {
      const turn = await instanceOf(async (ctx) => ctx.createTimer(time as number)).begin()
      expect(codeOf(turn)).toMatch(/^DTFX_INVALID_(DURATION|TIME)$/)
    }
  })

  it('bug-class: empty event names', async () => {
    for (const call of [(ctx: OrchestrationContext) => ctx.waitForExternalEvent(''), (ctx: OrchestrationContext) => ctx.sendEvent('x', ' ')]) {
      expect(codeOf(await instanceOf(async (ctx) => call(ctx)).begin())).toBe('DTFX_INVALID_NAME')
    }
  })

  it('bug-class: null vs undefined divergence between live and replay', async () => {
    const run: OrchestrationFunction = async (ctx) => [typeof (await ctx.callActivity('a')), typeof (await ctx.callActivity('b')), typeof (await ctx.waitForExternalEvent('e'))]
    const instance = instanceOf(run)
    await instance.begin()
    await instance.turn(completed(0, null))
    await instance.turn(completed(1, undefined))
    const live = resultOf(await instance.turn(raised('e', undefined)))
    expect(live).toStrictEqual(['object', 'undefined', 'undefined'])
    const history = [turnStart(0), started('orderFlow'), taskScheduled(0, 'a'), turnEnd(), turnStart(1), completed(0, null), taskScheduled(1, 'b'), turnEnd(), completed(1, undefined), raised('e', undefined)]
    expect(resultOf(await instanceOf(run).replay(history))).toStrictEqual(live)
  })
})
