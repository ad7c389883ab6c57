import { describe, expect, it } from 'vitest'
import type { StandardSchema } from '../../src/authoring/schema.js'
import { limits } from '../../src/base/limits.js'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { at, childCompleted, completed, failed, fired } from './history-events.js'
import { codeOf, endOf, failureOf, instanceOf, resultOf, shown } from './test-instance.js'

describe('the result', () => {
  it.each<[unknown, string | undefined]>([
    [0, '0'],
    ['', '""'],
    [false, 'false'],
    [null, 'null'],
    [undefined, undefined],
    [[], '[]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])('%j is stored as %j', async (value, expected) => {
    const end = endOf(await instanceOf(async () => value).begin())
    expect([end.status, end.result]).toStrictEqual(['Completed', expected])
  })

  it.each<[string, unknown]>([
    ['a Map', new Map()],
    ['a BigInt', 1n],
    ['NaN', Number.NaN],
    ['a function', () => 1],
    ['an undefined element', [undefined]],
  ])('%s fails the instance with a code', async (_, value) => {
    expect(codeOf(await instanceOf(async () => value).begin())).toBe('DTFX_NOT_SERIALIZABLE')
  })

  it('a schema is applied to it', async () => {
    const output: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'a number' }] }) } }
    expect(resultOf(await instanceOf(async () => 1, { output: output as never }).begin())).toBe(2)
    expect(codeOf(await instanceOf(async () => 'x', { output: output as never }).begin())).toBe('DTFX_SCHEMA_MISMATCH')
  })

  it('of a function that is not async counts as well, and so does its throw', async () => {
    expect(resultOf(await instanceOf((() => 5) as never).begin())).toBe(5)
    expect(failureOf(await instanceOf((() => { throw new TypeError('at once') }) as never).begin())).toMatchObject({ errorType: 'TypeError', errorMessage: 'at once' })
  })

  it('may be the task itself, or a promise of one', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('a'))
    await instance.begin()
    expect(resultOf(await instance.turn(completed(0, 'x')))).toBe('x')
  })

  it('exactly one completion is decided, and none again for what was decided', async () => {
    const turn = await instanceOf(async (ctx) => (ctx.continueAsNew(1), 2)).begin()
    expect(turn.actions.filter(({ type }) => type === 'Complete')).toHaveLength(1)
  })

  it('that was not stored comes again on replay, with the same id', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('a'))
    await instance.begin()
    const turn = await instance.turn(completed(0, 'x'))
    expect(endOf(await instance.replay())).toStrictEqual(endOf(turn))
  })
})

describe('failures', () => {
  it('keep class, message, code and the chain of causes', async () => {
    const instance = instanceOf(async () => {
      throw new RangeError('outer', { cause: Object.assign(new Error('inner'), { code: 'E_INNER' }) })
    })
    const failure = failureOf(await instance.begin())
    expect(failure).toMatchObject({ errorType: 'RangeError', errorMessage: 'outer', innerFailure: { errorMessage: 'inner', properties: { code: 'E_INNER' } } })
    expect(failure.stackTrace).toContain('completion.test.ts')
  })

  it.each<[unknown, string]>([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [{ a: 1 }, '{"a":1}'],
  ])('a thrown %j is described', async (thrown, message) => {
    expect(failureOf(await instanceOf(async () => { throw thrown }).begin())).toMatchObject({ errorType: 'NonError', errorMessage: message })
  })

  it('an AggregateError keeps its errors', async () => {
    const instance = instanceOf(async (ctx) => Promise.any([ctx.callActivity('a'), ctx.callActivity('b')]))
    await instance.begin()
    const failure = failureOf(await instance.turn(failed(0, 'one'), failed(1, 'two')))
    expect(failure.errorType).toBe('AggregateError')
    expect(failure.properties?.['errors']).toHaveLength(2)
  })
})

describe('open tasks at the end', () => {
  const leaving = async (ctx: OrchestrationContext): Promise<string> => {
    void ctx.callActivity('Left')
    const awaited = ctx.callSubOrchestration('Raced', 1, { instanceId: 'kid' })
    await Promise.race([awaited, ctx.callActivity('Won')])
    return 'done'
  }

  it('the orchestration completes when its function returns, and tells which tasks were open and whether they were ever awaited', async () => {
    const instance = instanceOf(leaving, { modes: ['sticky'] })
    await instance.begin()
    const turn = await instance.turn(completed(2))
    expect(resultOf(turn)).toBe('done')
    expect(turn.warnings).toStrictEqual([
      { kind: 'open-task-at-completion', message: "ended as Completed while tasks are open: activity 'Left' (#0, never awaited), child 'Raced' (#1, awaited); their results are dropped" },
    ])
  })

  it('outside strict mode the text says nothing about awaits', async () => {
    const instance = instanceOf(leaving, { modes: ['sticky'], determinism: 'guard' })
    await instance.begin()
    expect((await instance.turn(completed(2))).warnings[0]?.message).toContain("activity 'Left' (#0), child 'Raced' (#1);")
  })

  it('of many, ten are named', async () => {
    const instance = instanceOf(async (ctx) => {
      for (let i = 0; i < 14; i++) void ctx.callActivity(`a${i}`)
    })
    const { warnings } = await instance.begin()
    expect(warnings[0]?.message).toContain("'a9' (#9, never awaited) and 4 more")
    expect(warnings[0]?.message).not.toContain("'a10'")
  })

  it('waitForOpenTasks: completes only when no task is open, whatever their outcome', async () => {
    const instance = instanceOf(
      async (ctx) => {
        void ctx.callActivity('a')
        void ctx.createTimer('8d')
        void ctx.callSubOrchestration('c')
        return 'done'
      },
      { waitForOpenTasks: true },
    )
    expect(shown(await instance.begin())).toHaveLength(3)
    expect(shown(await instance.turn(failed(0), childCompleted(2)))).toStrictEqual([])
    expect(shown(await instance.turn(fired(1, at(6 * 86_400))))).toStrictEqual([`timer 3 ${at(8 * 86_400)}`])
    const turn = await instance.turn(fired(3, at(8 * 86_400)))
    expect([resultOf(turn), turn.warnings]).toStrictEqual(['done', []])
  })

  it('waitForOpenTasks: a failure waits as well', async () => {
    const instance = instanceOf(
      async (ctx) => {
        void ctx.callActivity('a')
        throw new Error('early')
      },
      { waitForOpenTasks: true },
    )
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 a'])
    expect(failureOf(await instance.turn(completed(0))).errorMessage).toBe('early')
  })

  it('what it scheduled without waiting is still sent', async () => {
    const instance = instanceOf(async (ctx) => {
      void ctx.callActivity('Audit')
      throw new Error('x')
    })
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 Audit', 'end 1 Failed'])
  })
})

describe('limits', () => {
  it('more tasks in one turn than allowed fail the instance, even if the code swallows the error', async () => {
    const instance = instanceOf(
      async (ctx) => {
        try {
          for (;;) ctx.sendEvent('other', 'spam')
        } catch (error) {
          return (error as Error).message
        }
      },
      { modes: ['sticky'] },
    )
    const turn = await instance.begin()
    expect(codeOf(turn)).toBe('DTFX_TOO_MANY_ACTIONS')
    expect(failureOf(turn).errorMessage).toContain(String(limits.maxActionsPerTurn))
    expect(turn.actions).toHaveLength(1)
  })

  it('a hundred thousand tasks in one turn are fine', async () => {
    const instance = instanceOf(async (ctx) => (await Promise.all(Array.from({ length: 100_000 }, () => ctx.callActivity('a')))).length, { modes: ['sticky'] })
    expect((await instance.begin()).actions).toHaveLength(100_000)
    expect(resultOf(await instance.turn(...Array.from({ length: 100_000 }, (_, i) => completed(i, i))))).toBe(100_000)
  })
})
