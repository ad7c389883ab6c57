import { describe, expect, expectTypeOf, it } from 'vitest'
import { DurableError } from '../../src/errors/durable-error.js'
import { parseSettings, setting, type OptionsOf } from '../../src/provider/settings.js'

const isCredential = (value: unknown): value is { getToken(): string } => typeof (value as { getToken?: unknown } | null)?.getToken === 'function'

const schema = {
  taskHub: setting.text({ required: true, pattern: /^[a-z][a-z0-9]{2,44}$/i, hint: '3 to 45 letters and digits' }),
  connectionString: setting.text(),
  partitionCount: setting.integer({ default: 4, min: 1, max: 16 }),
  fetchLargeMessages: setting.flag({ default: true }),
  lockTimeout: setting.duration({ default: '30s', minMs: 1000 }),
  journal: setting.choice(['wal', 'delete'], { default: 'wal' }),
  credential: setting.custom(isCredential, 'an object with getToken()'),
}

const parse = (input: unknown) => parseSettings(schema, input, 'options of @dtfx/x')

describe('parseSettings', () => {
  it('fills in defaults and freezes', () => {
    const settings = parse({ taskHub: 'orders' })
    expect(settings).toEqual({
      taskHub: 'orders',
      connectionString: undefined,
      partitionCount: 4,
      fetchLargeMessages: true,
      lockTimeout: 30_000,
      journal: 'wal',
      credential: undefined,
    })
    expect(Object.isFrozen(settings)).toBe(true)
  })

  it('takes what is given', () => {
    const credential = { getToken: () => 't' }
    const settings = parse({ taskHub: 'orders', connectionString: 'UseDevelopmentStorage=true', partitionCount: 1, fetchLargeMessages: false, lockTimeout: '2m', journal: 'delete', credential })
    expect(settings).toMatchObject({ partitionCount: 1, fetchLargeMessages: false, lockTimeout: 120_000, journal: 'delete' })
    expect(settings.credential).toBe(credential)
  })

  it('infers types from the table', () => {
    const settings = parse({ taskHub: 'orders' })
    expectTypeOf(settings.taskHub).toEqualTypeOf<string>()
    expectTypeOf(settings.connectionString).toEqualTypeOf<string | undefined>()
    expectTypeOf(settings.partitionCount).toEqualTypeOf<number>()
    expectTypeOf(settings.lockTimeout).toEqualTypeOf<number>()
    expectTypeOf(settings.journal).toEqualTypeOf<'wal' | 'delete'>()
    expectTypeOf(settings.credential).toEqualTypeOf<{ getToken(): string } | undefined>()
    expectTypeOf<OptionsOf<typeof schema>['journal']>().toEqualTypeOf<'wal' | 'delete' | undefined>()
    expectTypeOf<OptionsOf<typeof schema>['lockTimeout']>().toExtend<number | string | undefined>()
  })

  const wrong: readonly [string, unknown, string][] = [
    ['no object', 'orders', "'options' is a text; give an object"],
    ['a list', [], "'options' is a list; give an object"],
    ['nothing', undefined, "'taskHub' is missing; give 3 to 45 letters and digits"],
    ['an empty text', { taskHub: '' }, "'taskHub' is empty; give 3 to 45 letters and digits"],
    ['the wrong form', { taskHub: '1x' }, "'taskHub' has the wrong form; give 3 to 45 letters and digits"],
    ['another type', { taskHub: 7 }, "'taskHub' is a number; give 3 to 45 letters and digits"],
    ['null', { taskHub: 'orders', connectionString: null }, "'connectionString' is null; give a text"],
    ['a typo', { taskHub: 'orders', partitioncount: 4 }, "'partitioncount' is not known. Did you mean 'partitionCount'?"],
    ['something else', { taskHub: 'orders', zzz: 4 }, "'zzz' is not known. Known: taskHub, connectionString,"],
    ['text for a number', { taskHub: 'orders', partitionCount: '4' }, "'partitionCount' is a text; give a whole number from 1 to 16"],
    ['too large', { taskHub: 'orders', partitionCount: 17 }, "'partitionCount' is 17; give a whole number from 1 to 16"],
    ['NaN', { taskHub: 'orders', partitionCount: Number.NaN }, "'partitionCount' is NaN; give a whole number from 1 to 16"],
    ['a fraction', { taskHub: 'orders', partitionCount: 1.5 }, "'partitionCount' is 1.5"],
    ['text for a flag', { taskHub: 'orders', fetchLargeMessages: 'no' }, "'fetchLargeMessages' is a text; give true or false"],
    ['no duration', { taskHub: 'orders', lockTimeout: '30 s' }, "'lockTimeout' is '30 s'; give milliseconds or text like '30s', '5m' ≥ 1000 ms"],
    ['too short', { taskHub: 'orders', lockTimeout: 5 }, "'lockTimeout' is 5;"],
    ['another choice', { taskHub: 'orders', journal: 'WAL' }, "'journal' is 'WAL'; give 'wal' or 'delete'"],
    ['no credential', { taskHub: 'orders', credential: 'secret' }, "'credential' is a text that does not fit; give an object with getToken()"],
    ['__proto__', JSON.parse('{"taskHub":"orders","__proto__":1}'), "'__proto__' is not known."],
  ]
  it.each(wrong)('explains %s', (_, input, problem) => {
    const thrown = catchError(() => parse(input))
    expect(DurableError.is(thrown, 'DTFX_CONFIG_INVALID')).toBe(true)
    expect((thrown as Error).message).toContain('Configuration options of @dtfx/x: ')
    expect((thrown as Error).message).toContain(problem)
  })

  it('never shows a secret', () => {
    const pattern = setting.text({ pattern: /^Endpoint=/, hint: 'a connection string' })
    const thrown = catchError(() => parseSettings({ key: pattern }, { key: 'hunter2' }, 'x')) as Error
    expect(thrown.message).not.toContain('hunter2')
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
