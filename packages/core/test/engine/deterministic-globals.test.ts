import nodeCrypto, { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { completed } from './history-events.js'
import { codeOf, failureOf, instanceOf, resultOf } from './test-instance.js'

const firstMs = Date.UTC(2024, 4, 6, 7, 0, 0, 123)

/** Calls `read` in the first and the second turn; sticky and replayed alike, which the instance checks. */
async function twice(read: (ctx: OrchestrationContext) => unknown): Promise<[unknown, unknown]> {
  const instance = instanceOf(async (ctx) => {
    const before = read(ctx)
    await ctx.callActivity('a')
    await Promise.resolve().then(() => {})
    return [before, read(ctx)]
  })
  await instance.begin()
  return resultOf(await instance.turn(completed(0))) as [unknown, unknown]
}

describe('clocks show the time of the turn', () => {
  const clocks: Record<string, () => number> = {
    'Date.now()': () => Date.now(),
    'new Date()': () => new Date().getTime(),
    'Date()': () => Date.parse(`${Date()}`.replace(/\(.*\)/, '')) + 123,
    'a subclass of Date': () => new (class extends Date {})().getTime(),
    'new date.constructor()': () => new (new Date(0).constructor as DateConstructor)().getTime(),
    'performance.now()': () => performance.now(),
    'Intl.DateTimeFormat().format()': () => Date.parse(`${format.format()}Z`) + 123,
    'Intl.DateTimeFormat().formatToParts()': () => Date.parse(`${format.formatToParts().map(({ value }) => value).join('')}Z`) + 123,
  }
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' })

  it.each(Object.keys(clocks))('%s', async (name) => {
    expect(await twice(() => clocks[name]?.())).toStrictEqual([firstMs, firstMs + 1000])
  })

  it('with arguments they are what they always are', async () => {
    const read = (): unknown => [new Date(5).getTime(), new Date(2020, 1).getTime() === Date.parse('2020-02-01T00:00:00'), Date.UTC(1970), new Date('2020-01-01').toISOString(), format.format(0), Date.length]
    expect(await twice(read)).toStrictEqual([read(), read()])
  })

  it.runIf('Temporal' in globalThis)('Temporal.Now', async () => {
    const { Now } = (globalThis as unknown as { Temporal: { Now: Record<string, (zone?: string) => { toString(): string; epochMilliseconds?: number }> } }).Temporal
    const read = (): string[] => ['instant', 'zonedDateTimeISO', 'plainDateTimeISO', 'plainDateISO', 'plainTimeISO'].map((name) => (Now[name] as (zone?: string) => object)(name === 'instant' ? undefined : 'UTC').toString())
    const [before] = (await twice(read)) as [string[], string[]]
    expect(before).toStrictEqual(['2024-05-06T07:00:00.123Z', '2024-05-06T07:00:00.123+00:00[UTC]', '2024-05-06T07:00:00.123', '2024-05-06', '07:00:00.123'])
    expect(Date.parse(read()[0] as string)).toBeGreaterThan(firstMs)
  })
})

describe('randomness is seeded by the execution', () => {
  const sources: Record<string, () => unknown> = {
    'Math.random': () => Math.random(),
    'crypto.randomUUID': () => crypto.randomUUID(),
    "randomUUID of 'node:crypto'": () => randomUUID(),
    'nodeCrypto.randomUUID': () => nodeCrypto.randomUUID(),
    randomBytes: () => randomBytes(8).toString('hex'),
    'randomInt(max)': () => randomInt(1_000_000),
    'randomInt(min, max)': () => randomInt(1_000_000, 2_000_000),
    'crypto.getRandomValues': () => [...crypto.getRandomValues(new Uint32Array(4))],
    'nodeCrypto.getRandomValues': () => [...nodeCrypto.getRandomValues(new Uint8Array(8))],
  }

  it.each(Object.keys(sources))('%s', async (name) => {
    const source = sources[name] as () => unknown
    const [before, after] = await twice(source)
    expect(after).not.toStrictEqual(before)
    expect((await twice(source))[0]).toStrictEqual(before)
    expect(source()).not.toStrictEqual(before)
    expect(source()).not.toStrictEqual(source())
  })

  it('values keep their form', async () => {
    const [value] = (await twice(() => [randomUUID(), randomInt(5), randomInt(10, 12), randomBytes(3).length])) as [[string, number, number, number], unknown]
    expect(value[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    expect(value[1] >= 0 && value[1] < 5 && value[2] >= 10 && value[2] < 12).toBe(true)
    expect(value[3]).toBe(3)
  })

  it('of other code stays random and typed, callbacks included', async () => {
    expect(randomBytes(4)).toBeInstanceOf(Buffer)
    expect(await new Promise((resolve) => randomInt(1, 2, (_, value) => resolve(value)))).toBe(1)
    expect(() => randomInt(5, 1)).toThrow(RangeError)
  })
})

describe('what cannot be deterministic is refused', () => {
  const forbidden: Record<string, () => unknown> = {
    setTimeout: () => setTimeout(() => {}, 1),
    setInterval: () => setInterval(() => {}, 1),
    setImmediate: () => setImmediate(() => {}),
    fetch: () => fetch('http://127.0.0.1:9'),
    hrtime: () => process.hrtime(),
    bigint: () => process.hrtime.bigint(),
  }

  it.each(Object.keys(forbidden))('%s', async (api) => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      try {
        forbidden[api]?.()
      } catch {
        // Swallowing it does not help.
      }
      return 'went on'
    })
    await instance.begin()
    const turn = await instance.turn(completed(0))
    expect(codeOf(turn)).toBe('DTFX_FORBIDDEN_IN_ORCHESTRATION')
    expect(failureOf(turn).errorMessage).toContain(`${api} is not deterministic and cannot be used in orchestration 'orderFlow' (order-1)`)
  })

  it('other code keeps using them, during a turn as well', async () => {
    const seen: string[] = []
    const instance = instanceOf(async (ctx) => {
      for (let i = 0; i < 50; i++) await null
      return ctx.callActivity('a')
    })
    const turn = instance.begin()
    process.nextTick(() => {
      seen.push(typeof process.hrtime.bigint())
      queueMicrotask(() => setTimeout(() => seen.push('timeout'), 0))
    })
    await turn
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(seen).toStrictEqual(['bigint', 'timeout'])
  })

  it('promisified and decorated forms of the originals are still there', () => {
    expect(Object.getOwnPropertySymbols(setTimeout).map(String)).toContain('Symbol(nodejs.util.promisify.custom)')
    expect(typeof process.hrtime.bigint).toBe('function')
  })
})

describe('ctx outside its turn', () => {
  const members: Record<string, (ctx: OrchestrationContext) => unknown> = {
    callActivity: (ctx) => ctx.callActivity('a'),
    callSubOrchestration: (ctx) => ctx.callSubOrchestration('a'),
    startSubOrchestration: (ctx) => ctx.startSubOrchestration('a'),
    createTimer: (ctx) => ctx.createTimer(1),
    waitForExternalEvent: (ctx) => ctx.waitForExternalEvent('a'),
    sendEvent: (ctx) => ctx.sendEvent('a', 'b'),
    map: (ctx) => ctx.map([], async () => 1),
    continueAsNew: (ctx) => ctx.continueAsNew(1),
    setCustomStatus: (ctx) => ctx.setCustomStatus(1),
    patched: (ctx) => ctx.patched('p'),
    deprecatePatch: (ctx) => ctx.deprecatePatch('p'),
    newGuid: (ctx) => ctx.newGuid(),
    random: (ctx) => ctx.random(),
  }

  it.each(Object.keys(members))('%s is refused, and the instance fails at its next turn', async (member) => {
    let outside: OrchestrationContext | undefined
    const instance = instanceOf(async (ctx) => {
      outside = ctx
      await ctx.callActivity('a')
    }, { modes: ['sticky'] })
    await instance.begin()
    expect(() => members[member]?.(outside as OrchestrationContext)).toThrow(expect.objectContaining({ code: 'DTFX_USED_OUTSIDE_TURN' }))
    const turn = await instance.turn(completed(0))
    expect(codeOf(turn)).toBe('DTFX_USED_OUTSIDE_TURN')
    expect(failureOf(turn).errorMessage).toContain(`ctx.${member} of orchestration 'orderFlow' (order-1)`)
  })
})
