import { describe, expect, it } from 'vitest'
import { defineEvent } from '../../src/authoring/definitions.js'
import type { StandardSchema } from '../../src/authoring/schema.js'
import type { DurableEventWait, OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { at, completed, fired, raised } from './history-events.js'
import { codeOf, failureOf, instanceOf, resultOf, shown } from './test-instance.js'

const numbers: StandardSchema<number, number> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof value === 'number' ? { value: value * 10 } : { issues: [{ message: 'give a number', path: ['amount'] }] }) },
}

describe('order', () => {
  it('events that came before the wait are buffered and handed out in the order of arrival', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      return [await ctx.waitForExternalEvent('go'), await ctx.waitForExternalEvent('go'), await ctx.waitForExternalEvent('go')]
    })
    await instance.begin(raised('go', 1))
    await instance.turn(raised('go', 2), completed(0))
    expect(resultOf(await instance.turn(raised('go', 3)))).toStrictEqual([1, 2, 3])
  })

  it('waiters are served in the order of their calls', async () => {
    const instance = instanceOf(async (ctx) => Promise.all([ctx.waitForExternalEvent('go'), ctx.waitForExternalEvent('go')]))
    await instance.begin()
    expect(resultOf(await instance.turn(raised('go', 'first'), raised('go', 'second')))).toStrictEqual(['first', 'second'])
  })

  it('names are compared without regard to case, independent of locale; other names are kept apart', async () => {
    const instance = instanceOf(async (ctx) => [await ctx.waitForExternalEvent('INFO'), await ctx.waitForExternalEvent('other')])
    await instance.begin()
    expect(resultOf(await instance.turn(raised('other', 'o'), raised('info', 'i'), raised('ınfo', 'dotless')))).toStrictEqual(['i', 'o'])
  })

  it('a definition and its name mean the same event', async () => {
    const approved = defineEvent<{ by: string }>('Approved')
    const instance = instanceOf(async (ctx) => [await ctx.waitForExternalEvent(approved), await ctx.waitForExternalEvent('approved')])
    await instance.begin()
    expect(resultOf(await instance.turn(raised('approved', { by: 'x' }), raised('Approved', { by: 'y' })))).toStrictEqual([{ by: 'x' }, { by: 'y' }])
  })

  it.each<[string, unknown, unknown]>([
    ['0', 0, 0],
    ['""', '', ''],
    ['false', false, false],
    ['null', null, null],
    ['nothing', undefined, undefined],
  ])('a payload of %s arrives as it was', async (_, payload, expected) => {
    const instance = instanceOf(async (ctx) => {
      const value = await ctx.waitForExternalEvent('go')
      return { value, type: typeof value }
    })
    await instance.begin()
    expect(resultOf(await instance.turn(raised('go', payload)))).toEqual({ value: expected, type: typeof expected })
  })
})

describe('timeout', () => {
  const waiting = async (ctx: OrchestrationContext): Promise<unknown> => {
    const first = await ctx.waitForExternalEvent('go', { timeout: '10s' }).catch((error: Error & { timeoutMs: number }) => [error.name, error.timeoutMs])
    return [first, await ctx.callActivity('next')]
  }

  it('the event in time cancels the timer', async () => {
    const instance = instanceOf(waiting, { waitForOpenTasks: true })
    expect(shown(await instance.begin())).toStrictEqual([`timer 0 ${at(10)}`])
    expect(shown(await instance.turn(raised('go', 1), fired(0, at(10))))).toStrictEqual(['activity 1 next'])
    expect(resultOf(await instance.turn(completed(1, 2)))).toStrictEqual([1, 2])
  })

  it('the timer first rejects, and the late event is buffered for the next waiter', async () => {
    const instance = instanceOf(async (ctx) => [...((await waiting(ctx)) as unknown[]), await ctx.waitForExternalEvent('go')])
    await instance.begin()
    expect(shown(await instance.turn(fired(0, at(10)), raised('go', 'late')))).toStrictEqual(['activity 1 next'])
    expect(resultOf(await instance.turn(completed(1, 2)))).toStrictEqual([['TaskTimeoutError', 10_000], 2, 'late'])
  })

  it("with onTimeout 'undefined' the wait ends with undefined", async () => {
    const go = defineEvent<number>('go')
    const instance = instanceOf(async (ctx) => [(await ctx.waitForExternalEvent(go, { timeout: '10s', onTimeout: 'undefined' })) ?? 'nothing came'])
    await instance.begin()
    expect(resultOf(await instance.turn(fired(0, at(10))))).toStrictEqual(['nothing came'])
  })

  it('takes no timer, and no id, when the event is there already', async () => {
    const instance = instanceOf(waiting)
    expect(shown(await instance.begin(raised('go', 1)))).toStrictEqual([`timer 0 ${at(10)}`, 'activity 1 next'])
    const buffered = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      await waiting(ctx)
    })
    await buffered.begin(raised('go', 1))
    expect(shown(await buffered.turn(completed(0)))).toStrictEqual(['activity 1 next'])
  })

  it('longer than a hop of a timer still works', async () => {
    const instance = instanceOf(async (ctx) => ctx.waitForExternalEvent('go', { timeout: '8d' }).catch((error: Error) => error.name))
    await instance.begin()
    expect(shown(await instance.turn(fired(0, at(6 * 86_400))))).toStrictEqual([`timer 1 ${at(8 * 86_400)}`])
    expect(resultOf(await instance.turn(fired(1, at(8 * 86_400))))).toBe('TaskTimeoutError')
  })

  it.each([Number.NaN, -1, '1 hour'])('of %s is refused', async (timeout) => {
    expect(codeOf(await instanceOf(async (ctx) => ctx.waitForExternalEvent('go', { timeout: timeout as number })).begin())).toBe('DTFX_INVALID_DURATION')
  })
})

describe('cancelling a wait', () => {
  it.each<[string, { timeout?: number }]>([
    ['without a timeout', {}],
    ['with one', { timeout: 10_000 }],
  ])('%s: it rejects and takes no event', async (_, options) => {
    const instance = instanceOf(async (ctx) => {
      const wait = ctx.waitForExternalEvent('go', options)
      await ctx.callActivity('a')
      wait.cancel()
      return [await wait.catch((error: Error) => error.name), await ctx.waitForExternalEvent('go')]
    }, { waitForOpenTasks: true })
    const activity = (await instance.begin()).actions.find(({ type }) => type === 'ScheduleTask')?.id as number
    expect(resultOf(await instance.turn(completed(activity), raised('go', 1)))).toStrictEqual(['TaskCanceledError', 1])
  })

  it('the loser of a race, cancelled by `using`, leaves the event to the next waiter', async () => {
    const instance = instanceOf(async (ctx) => {
      {
        using wait = ctx.waitForExternalEvent('go')
        await Promise.race([wait, ctx.callActivity('a')])
      }
      return ctx.waitForExternalEvent('go')
    })
    await instance.begin()
    expect(resultOf(await instance.turn(completed(0), raised('go', 'mine')))).toBe('mine')
  })

  it('after the event came does nothing', async () => {
    const instance = instanceOf(async (ctx) => {
      const wait: DurableEventWait<unknown> = ctx.waitForExternalEvent('go')
      await ctx.callActivity('a')
      wait.cancel()
      return wait
    })
    await instance.begin()
    expect(resultOf(await instance.turn(raised('go', 4), completed(0)))).toBe(4)
  })
})

describe('payloads', () => {
  it('a schema gives its output, and refuses with the path; the event is consumed', async () => {
    const instance = instanceOf(async (ctx) => {
      const bad = await ctx.waitForExternalEvent('go', { schema: numbers }).catch((error: Error) => error.message)
      return [bad, await ctx.waitForExternalEvent('go', { schema: numbers })]
    })
    await instance.begin()
    expect(resultOf(await instance.turn(raised('go', 'x'), raised('go', 2)))).toStrictEqual(["event 'go' does not match its schema: amount: give a number", 20])
  })

  it('text that is no JSON rejects the waiter, nobody else', async () => {
    const instance = instanceOf(async (ctx) => {
      const bad = await ctx.waitForExternalEvent('go').catch((error: Error & { code: string }) => error.code)
      return [bad, await ctx.waitForExternalEvent('go')]
    })
    await instance.begin()
    expect(resultOf(await instance.turn({ ...raised('go'), input: '{' }, raised('go', 2)))).toStrictEqual(['DTFX_PAYLOAD_UNREADABLE', 2])
  })

  it('a late await of an undecodable buffered event gets the error', async () => {
    const instance = instanceOf(async (ctx) => {
      const wait = ctx.waitForExternalEvent('go')
      await ctx.callActivity('a')
      return wait
    })
    await instance.begin({ ...raised('go'), input: '{' })
    expect(codeOf(await instance.turn(completed(0)))).toBe('DTFX_PAYLOAD_UNREADABLE')
  })
})

describe('names', () => {
  it.each(['', '  ', 'a\nb', 'x'.repeat(513)])('%j is refused', async (name) => {
    expect(codeOf(await instanceOf(async (ctx) => ctx.waitForExternalEvent(name)).begin())).toBe('DTFX_INVALID_NAME')
    expect(codeOf(await instanceOf(async (ctx) => ctx.sendEvent('other', name)).begin())).toBe('DTFX_INVALID_NAME')
  })
})

describe('sendEvent', () => {
  it('takes an id, opens no task, and encodes at the call', async () => {
    const instance = instanceOf(async (ctx) => {
      const payload = { n: 1 }
      ctx.sendEvent('other', 'Go', payload)
      payload.n = 2
      return ctx.callActivity('a')
    })
    const { actions } = await instance.begin()
    expect(actions[0]).toStrictEqual({ type: 'SendEvent', id: 0, instanceId: 'other', name: 'Go', input: '{"n":1}' })
    expect(actions[1]?.id).toBe(1)
  })

  it.each(['', ' ', '@entity', 'x'.repeat(257), undefined])('target %j is refused before an id is taken', async (target) => {
    const turn = await instanceOf(async (ctx) => ctx.sendEvent(target as string, 'Go')).begin()
    expect(codeOf(turn)).toBe('DTFX_INVALID_INSTANCE_ID')
    expect(shown(turn)).toStrictEqual(['end 0 Failed'])
  })
})

it('more events than can be buffered fail the instance instead of eating memory', async () => {
  const instance = instanceOf(async (ctx) => ctx.callActivity('a'), { modes: ['sticky'] })
  await instance.begin()
  const flood = Array.from({ length: 100_000 }, () => raised('spam'))
  expect(shown(await instance.turn(...flood))).toStrictEqual([])
  const turn = await instance.turn(raised('spam'))
  expect(codeOf(turn)).toBe('DTFX_TOO_MANY_EVENTS')
  expect(failureOf(turn).errorMessage).toContain('100000')
})
