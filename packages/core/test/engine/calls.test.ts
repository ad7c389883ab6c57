import { describe, expect, it } from 'vitest'
import { declareActivity, declareOrchestration, defineActivity, defineEvent, defineOrchestration } from '../../src/authoring/definitions.js'
import type { StandardSchema } from '../../src/authoring/schema.js'
import { DurableError } from '../../src/errors/durable-error.js'
import { childCompleted, completed } from './history-events.js'
import { codeOf, instanceOf, resultOf, shown, type OrchestrationFunction } from './test-instance.js'

const first = async (run: OrchestrationFunction): Promise<unknown> => (await instanceOf(run).begin()).actions[0]
const doubled: StandardSchema<number, number> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof value === 'number' ? { value: value * 2 } : { issues: [{ message: 'give a number', path: [{ key: 'n' }] }] }) },
}

describe('activities', () => {
  it.each<[unknown, string]>([
    [undefined, '[]'],
    [null, '[null]'],
    [0, '[0]'],
    ['', '[""]'],
    [[1, 2], '[[1,2]]'],
    [{ a: undefined }, '[{}]'],
  ])('input %j travels as %s', async (input, expected) => {
    expect(await first(async (ctx) => ctx.callActivity('a', input))).toMatchObject({ type: 'ScheduleTask', id: 0, name: 'a', input: expected })
  })

  it('input is encoded at the call', async () => {
    const action = await first(async (ctx) => {
      const input = { n: 1 }
      const task = ctx.callActivity('a', input)
      input.n = 2
      await task
    })
    expect(action).toMatchObject({ input: '[{"n":1}]' })
  })

  it('input is validated at the call, and the output of the schema is sent', async () => {
    const activity = defineActivity('a', (_ctx, n: number) => n, { input: doubled })
    expect(await first(async (ctx) => ctx.callActivity(activity, 4))).toMatchObject({ input: '[8]' })
    expect(codeOf(await instanceOf(async (ctx) => ctx.callActivity(activity, 'x' as never)).begin())).toBe('DTFX_SCHEMA_MISMATCH')
  })

  it('version and tags are those of the call, else of the definition', async () => {
    const activity = declareActivity<number, number>('a', { version: '1' })
    expect(await first(async (ctx) => ctx.callActivity(activity, 1))).toMatchObject({ version: '1', tags: undefined })
    expect(await first(async (ctx) => ctx.callActivity(activity, 1, { version: '2', tags: { a: 'b' } }))).toMatchObject({ version: '2', tags: { a: 'b' } })
  })

  it('the task has its id and name, and is a native promise', async () => {
    const instance = instanceOf(async (ctx) => {
      const tasks = [ctx.callActivity('a'), ctx.callActivity('b', 1, { retry: { maxAttempts: 2 } }), ctx.callActivity('c', 1, { timeout: 5 })]
      return tasks.map((task) => [task.id, task.name, task instanceof Promise, Object.getPrototypeOf(task) === Promise.prototype])
    })
    expect(resultOf(await instance.begin())).toStrictEqual([[0, 'a', true, true], [1, 'b', true, true], [2, 'c', true, true]])
  })

  it.each<[string, OrchestrationFunction, string]>([
    ['input that cannot be encoded', async (ctx) => ctx.callActivity('a', new Set()), 'DTFX_NOT_SERIALIZABLE'],
    ['an empty name', async (ctx) => ctx.callActivity(''), 'DTFX_INVALID_NAME'],
    ['a blank name', async (ctx) => ctx.callActivity('  '), 'DTFX_INVALID_NAME'],
    ['a name with a control character', async (ctx) => ctx.callActivity('a\u0007'), 'DTFX_INVALID_NAME'],
    ['tags that are no text', async (ctx) => ctx.callActivity('a', 1, { tags: { a: 1 } as never }), 'DTFX_INVALID_TAGS'],
    ['a child with an empty id', async (ctx) => ctx.callSubOrchestration('c', 1, { instanceId: '' }), 'DTFX_INVALID_INSTANCE_ID'],
    ['a child with an entity id', async (ctx) => ctx.startSubOrchestration('c', 1, { instanceId: '@c@x' }), 'DTFX_INVALID_INSTANCE_ID'],
    ['a child without a name', async (ctx) => ctx.callSubOrchestration(''), 'DTFX_INVALID_NAME'],
  ])('%s is refused at the call, before an id is taken', async (_, run, code) => {
    const turn = await instanceOf(run).begin()
    expect(codeOf(turn)).toBe(code)
    expect(shown(turn)).toStrictEqual(['end 0 Failed'])
  })

  it('a refused call can be caught, and the orchestration goes on', async () => {
    const instance = instanceOf(async (ctx) => {
      try {
        void ctx.callActivity('')
      } catch (error) {
        return DurableError.is(error, 'DTFX_INVALID_NAME')
      }
      return 'no error'
    })
    expect(resultOf(await instance.begin())).toBe(true)
  })
})

describe('names of definitions', () => {
  const anonymous = (() => async () => {})()
  it.each(['', ' ', '\u0000', 'x'.repeat(513), undefined, anonymous.name])('%j is refused', (name) => {
    for (const define of [defineActivity, defineOrchestration, declareActivity, declareOrchestration, defineEvent] as ((name: unknown, run: unknown) => unknown)[]) {
      expect(() => define(name, anonymous)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_NAME' }))
    }
  })

  it('a missing function is refused', () => {
    expect(() => defineOrchestration('x', undefined as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
    expect(() => defineActivity('x', undefined as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
  })
})

describe('sub-orchestrations', () => {
  const child = declareOrchestration<number, string>('Child', { version: '3' })

  it('carry input, version, tags, derived ids', async () => {
    const action = await first(async (ctx) => ctx.callSubOrchestration(child, 5, { tags: { a: 'b' } }))
    expect(action).toMatchObject({ type: 'CreateSubOrchestration', id: 0, name: 'Child', version: '3', input: '5', tags: { a: 'b' }, fireAndForget: false })
    expect((action as { instanceId: string }).instanceId).toMatch(/^e1:0:[0-9a-f]{8}$/)
    expect((action as { executionId: string }).executionId).toMatch(/^[0-9a-f]{32}$/)
  })

  it('ids differ by task, name and input, and are the same on replay', async () => {
    const instance = instanceOf(async (ctx) => Promise.all([ctx.callSubOrchestration('A', 1), ctx.callSubOrchestration('A', 1), ctx.callSubOrchestration('B', 1)]))
    const ids = (await instance.begin()).actions.map((action) => (action as { executionId: string }).executionId)
    expect(new Set(ids).size).toBe(3)
  })

  it.each([0, '', false, null])('a result of %j arrives as it was', async (value) => {
    const instance = instanceOf(async (ctx) => [await ctx.callSubOrchestration('A')])
    await instance.begin()
    expect(resultOf(await instance.turn(childCompleted(0, value)))).toStrictEqual([value])
  })

  it('startSubOrchestration opens no task and returns the instance id', async () => {
    const instance = instanceOf(async (ctx) => [ctx.startSubOrchestration(child, 1, { instanceId: 'kid' }), ctx.startSubOrchestration('Other')])
    const turn = await instance.begin()
    const [kid, other] = resultOf(turn) as [string, string]
    expect(kid).toBe('kid')
    expect(other).toMatch(/^e1:1:/)
    expect(turn.actions[0]).toMatchObject({ fireAndForget: true, instanceId: 'kid' })
    expect(turn.warnings).toStrictEqual([])
  })
})

describe('results of activities', () => {
  it.each([0, '', false, null])('%j arrives as it was', async (value) => {
    const instance = instanceOf(async (ctx) => [await ctx.callActivity('a')])
    await instance.begin()
    expect(resultOf(await instance.turn(completed(0, value)))).toStrictEqual([value])
  })

  it('an undecodable one rejects the task, and can be caught', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('a').catch((error: DurableError) => error.code))
    await instance.begin()
    expect(resultOf(await instance.turn({ type: 'TaskCompleted', eventId: -1, timestamp: '2024-05-06T07:00:00Z', taskScheduledId: 0, result: 'no json' }))).toBe('DTFX_PAYLOAD_UNREADABLE')
  })
})
