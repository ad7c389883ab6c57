import { describe, expect, it } from 'vitest'
import { fromGenerator } from '../../src/authoring/from-generator.js'
import type { MapOptions, OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { completed, failed } from './history-events.js'
import { codeOf, failureOf, instanceOf, resultOf, shown } from './test-instance.js'

type Options = MapOptions & { readonly settle?: boolean; readonly stopOnError?: boolean }
const items = [10, 11, 12, 13]
const over = (options?: Options) => async (ctx: OrchestrationContext) => ctx.map(items, (item) => ctx.callActivity<number>('a', item), options as MapOptions)

describe('ctx.map', () => {
  it('starts all at once by default, results in the order of the items', async () => {
    const instance = instanceOf(over())
    expect(shown(await instance.begin())).toHaveLength(4)
    expect(resultOf(await instance.turn(completed(3, 'd'), completed(1, 'b'), completed(0, 'a'), completed(2, 'c')))).toStrictEqual(['a', 'b', 'c', 'd'])
  })

  it('keeps at most `concurrency` open, and starts the next as one completes', async () => {
    const instance = instanceOf(over({ concurrency: 2 }))
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 a', 'activity 1 a'])
    expect((await instance.turn(completed(1, 'b'))).actions).toMatchObject([{ id: 2, input: '[12]' }])
    expect((await instance.turn(completed(2, 'c'), completed(0, 'a'))).actions).toMatchObject([{ id: 3, input: '[13]' }])
    expect(resultOf(await instance.turn(completed(3, 'd')))).toStrictEqual(['a', 'b', 'c', 'd'])
  })

  it('the first error rejects and starts nothing more', async () => {
    const instance = instanceOf(over({ concurrency: 2 }))
    await instance.begin()
    const turn = await instance.turn(failed(1, 'bad'))
    expect(failureOf(turn).errorMessage).toContain('bad')
    expect(turn.actions).toHaveLength(1)
  })

  it('stopOnError: false goes through all items, then rejects with the first error', async () => {
    const instance = instanceOf(over({ concurrency: 2, stopOnError: false }))
    await instance.begin()
    await instance.turn(failed(1, 'first bad'), failed(0, 'second bad'))
    expect(failureOf(await instance.turn(completed(2), completed(3))).errorMessage).toContain('first bad')
  })

  it('settle: true never rejects: one outcome per item', async () => {
    const instance = instanceOf(async (ctx) => {
      const outcomes = await ctx.map(items, (item) => ctx.callActivity('a', item), { settle: true, concurrency: 3 })
      return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).name))
    })
    await instance.begin()
    await instance.turn(completed(0, 'a'), failed(1), completed(2, 'c'))
    expect(resultOf(await instance.turn(failed(3)))).toStrictEqual(['a', 'TaskFailedError', 'c', 'TaskFailedError'])
  })

  it('an item whose function throws at once counts like one that rejects', async () => {
    const instance = instanceOf(async (ctx) => ctx.map(items, (item) => { if (item === 11) throw new Error('at once'); return ctx.callActivity('a', item) }, { concurrency: 1 }))
    await instance.begin()
    expect(failureOf(await instance.turn(completed(0))).errorMessage).toBe('at once')
  })

  it('no items: an empty result', async () => {
    expect(resultOf(await instanceOf(async (ctx) => ctx.map([], async () => 1)).begin())).toStrictEqual([])
  })

  it('falsy results are results', async () => {
    const instance = instanceOf(over())
    await instance.begin()
    expect(resultOf(await instance.turn(completed(0, 0), completed(1, ''), completed(2, false), completed(3, null)))).toStrictEqual([0, '', false, null])
  })

  it.each([0, -1, 1.5, Number.NaN])('concurrency %s is refused', async (concurrency) => {
    expect(codeOf(await instanceOf(over({ concurrency })).begin())).toBe('DTFX_INVALID_OPTION')
  })
})

describe('fromGenerator', () => {
  const drive = (generator: (ctx: OrchestrationContext, input: unknown) => Generator<PromiseLike<unknown>, unknown, never>) => instanceOf(fromGenerator(generator) as never, { payload: 'in' })

  it('awaits each yielded task and sends its value back in', async () => {
    const instance = drive(function* (ctx, input) {
      const a: string = yield ctx.callActivity('a', input)
      const both: string[] = yield Promise.all([ctx.callActivity('b'), ctx.callActivity('c')])
      return [input, a, ...both]
    })
    await instance.begin()
    await instance.turn(completed(0, 'A'))
    expect(resultOf(await instance.turn(completed(2, 'C'), completed(1, 'B')))).toStrictEqual(['in', 'A', 'B', 'C'])
  })

  it('throws errors at the yield, where they can be caught', async () => {
    const instance = drive(function* (ctx) {
      try {
        yield ctx.callActivity('a')
      } catch (error) {
        return [(error as Error).name, yield ctx.callActivity('undo')]
      }
      return undefined
    })
    await instance.begin()
    await instance.turn(failed(0))
    expect(resultOf(await instance.turn(completed(1, 'undone')))).toStrictEqual(['TaskFailedError', 'undone'])
  })

  it('an error that is not caught, and one thrown by the generator, fail the instance', async () => {
    const uncaught = drive(function* (ctx) {
      yield ctx.callActivity('a')
    })
    await uncaught.begin()
    expect(failureOf(await uncaught.turn(failed(0, 'bad'))).errorMessage).toContain('bad')
    expect(failureOf(await drive(function* () { throw new Error('own') }).begin()).errorMessage).toBe('own')
  })
})
