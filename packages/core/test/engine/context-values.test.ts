import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import type { LogFields, Logger, LogLevel } from '../../src/telemetry/logger.js'
import { completed, failed, started, taskScheduled, testKey, turnStart } from './history-events.js'
import { codeOf, instanceOf, resultOf } from './test-instance.js'

describe('facts of the instance', () => {
  it('are those of its start', async () => {
    const instance = instanceOf(async (ctx) => [ctx.instanceId, ctx.executionId, ctx.name, ctx.version, ctx.parent, ctx.tags], {
      start: {
        version: '1.2',
        tags: { team: 'x' },
        parent: { name: 'Parent', instance: { instanceId: 'p', executionId: 'pe' }, taskScheduleId: 3 },
      },
    })
    expect(resultOf(await instance.begin())).toStrictEqual(['order-1', 'e1', 'orderFlow', '1.2', { instanceId: 'p', executionId: 'pe', name: 'Parent' }, { team: 'x' }])
  })

  it('an empty version is none, tags and parent may be absent', async () => {
    const instance = instanceOf(async (ctx) => ({ version: ctx.version, parent: ctx.parent, tags: ctx.tags }), { start: { version: '' } })
    expect(resultOf(await instance.begin())).toStrictEqual({ tags: {} })
  })

  it.each([0, '', false, null, undefined])('input %j arrives as it was', async (payload) => {
    const instance = instanceOf(async (_ctx, input: unknown) => ({ input, type: typeof input }), { payload })
    expect(resultOf(await instance.begin())).toEqual({ input: payload, type: typeof payload })
  })

  it('an undecodable input fails the instance, not the worker', async () => {
    expect(codeOf(await instanceOf(async () => 1, { start: { input: '{' } }).begin())).toBe('DTFX_PAYLOAD_UNREADABLE')
  })
})

describe('now', () => {
  it('is the time of the turn, equal on replay, and a new Date each time', async () => {
    const instance = instanceOf(async (ctx) => {
      const first = ctx.now
      first.setFullYear(1999)
      const times = [ctx.now.toISOString()]
      await ctx.callActivity('a')
      times.push(ctx.now.toISOString())
      return times
    })
    await instance.begin()
    expect(resultOf(await instance.turn(completed(0)))).toStrictEqual(['2024-05-06T07:00:00.123Z', '2024-05-06T07:00:01.123Z'])
  })

  it('never goes back, even if a later turn carries an earlier time', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      return ctx.now.toISOString()
    })
    const history = [turnStart(100), started('orderFlow'), taskScheduled(0, 'a'), turnStart(50), completed(0)]
    expect(resultOf(await instance.replay(history))).toBe('2024-05-06T07:01:40.123Z')
  })
})

describe('newGuid and random', () => {
  const draw = async (ctx: OrchestrationContext): Promise<unknown> => {
    const values = [ctx.newGuid(), ctx.random(), ctx.newGuid()]
    await ctx.callActivity('a')
    return [...values, ctx.random(), ctx.newGuid()]
  }

  it('are equal on replay, differ within the execution, and have their form', async () => {
    const instance = instanceOf(draw)
    await instance.begin()
    const [guid, number, ...rest] = resultOf(await instance.turn(completed(0))) as [string, number, ...unknown[]]
    expect(guid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(number >= 0 && number < 1).toBe(true)
    expect(new Set([guid, number, ...rest]).size).toBe(5)
  })
})

describe('isReplaying', () => {
  it('is true only while events of the past are applied', async () => {
    const seen: boolean[] = []
    const run = async (ctx: OrchestrationContext): Promise<void> => {
      seen.push(ctx.isReplaying)
      await ctx.callActivity('a')
      seen.push(ctx.isReplaying)
    }
    const sticky = instanceOf(run, { modes: ['sticky'] })
    await sticky.begin()
    await sticky.turn(completed(0))
    expect(seen.splice(0)).toStrictEqual([false, false])
    const replaying = instanceOf(run, { modes: ['replay'] })
    await replaying.begin()
    await replaying.turn(completed(0))
    expect(seen.splice(0)).toStrictEqual([false, true, false])
    await replaying.replay()
    expect(seen).toStrictEqual([true, true])
  })
})

describe('log', () => {
  it('writes once per line of code, never while replaying, with the ids of the instance', async () => {
    const lines: [LogLevel, string, LogFields | undefined][] = []
    const logger: Logger = { enabled: (level) => level !== 'debug', log: (level, message, fields) => void lines.push([level, message, fields]) }
    const instance = instanceOf(
      async (ctx) => {
        ctx.log.info('begin', { n: 1 })
        ctx.log.debug('not enabled')
        await ctx.callActivity('a')
        ctx.log.warn('end')
      },
      { logger, modes: ['replay'] },
    )
    await instance.begin()
    await instance.turn(completed(0))
    await instance.replay()
    const ids = { ...testKey, orchestration: 'orderFlow' }
    expect(lines).toStrictEqual([['info', 'begin', { ...ids, n: 1 }], ['warn', 'end', ids]])
  })

  it('may do I/O in the logger, also in strict mode', async () => {
    const timers: NodeJS.Timeout[] = []
    const logger: Logger = { enabled: () => true, log: () => void timers.push(setTimeout(() => {}, 0)) }
    expect(resultOf(await instanceOf(async (ctx) => (ctx.log.error('x'), 1), { logger }).begin())).toBe(1)
    expect(timers).toHaveLength(2)
  })
})

describe('custom status', () => {
  it('is encoded at the call, kept over turns, and the stored one stays until the code sets another', async () => {
    const instance = instanceOf(async (ctx) => {
      const status = { step: 1 }
      ctx.setCustomStatus(status)
      status.step = 9
      await ctx.callActivity('a')
      await ctx.callActivity('b')
      ctx.setCustomStatus(0)
      await ctx.callActivity('c')
    })
    expect((await instance.begin()).customStatus).toBe('{"step":1}')
    expect((await instance.turn(completed(0))).customStatus).toBe('{"step":1}')
    expect((await instance.turn(completed(1))).customStatus).toBe('0')
    expect((await instance.turn(completed(2))).customStatus).toBe('0')
  })

  it('undefined clears it', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.setCustomStatus('x')
      await ctx.callActivity('a')
      ctx.setCustomStatus(undefined)
      await ctx.callActivity('b')
    })
    expect((await instance.begin()).customStatus).toBe('"x"')
    expect((await instance.turn(completed(0))).customStatus).toBeUndefined()
    expect((await instance.turn(completed(1))).customStatus).toBeUndefined()
  })

  it('cleared stays cleared when the history then turns out to be damaged', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.setCustomStatus('x')
      await ctx.callActivity('a')
      ctx.setCustomStatus(undefined)
      await ctx.callActivity('b')
    })
    await instance.begin()
    const turn = await instance.turn(completed(0), started('orderFlow'))
    expect([codeOf(turn), turn.customStatus]).toStrictEqual(['DTFX_HISTORY_CORRUPT', undefined])
  })

  it('one that cannot be encoded throws at the call and changes nothing', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.setCustomStatus('good')
      try {
        ctx.setCustomStatus({ when: new Map() })
      } catch (error) {
        return (error as Error).message
      }
      return 'no error'
    })
    const turn = await instance.begin()
    expect(resultOf(turn)).toBe("Value of custom status of orchestration 'orderFlow' cannot be serialised: a Map instance is no JSON value at $.when.")
    expect(turn.customStatus).toBe('"good"')
  })

  it('is kept when the orchestration fails', async () => {
    const instance = instanceOf(async (ctx) => {
      ctx.setCustomStatus('about to fail')
      await ctx.callActivity('a')
    })
    await instance.begin()
    expect((await instance.turn(failed(0))).customStatus).toBe('"about to fail"')
  })
})

describe('after a rewind', () => {
  const draw = async (ctx: OrchestrationContext): Promise<unknown> => [ctx.newGuid(), ctx.random(), ctx.executionId]

  it('the code draws as the execution did that it began as', async () => {
    const [guid, number] = resultOf(await instanceOf(draw).begin()) as [string, number]
    expect(resultOf(await instanceOf(draw, { start: { seedExecutionId: 'e1' } }).begin())).toStrictEqual([guid, number, 'e1'])
    const [otherGuid, otherNumber] = resultOf(await instanceOf(draw, { start: { seedExecutionId: 'e0' } }).begin()) as [string, number]
    expect([otherGuid === guid, otherNumber === number]).toStrictEqual([false, false])
  })
  it('the jitter of retries is that of before', async () => {
    const delays: string[] = []
    for (const seedExecutionId of [undefined, 'e1', 'e0']) {
      const instance = instanceOf(async (ctx) => ctx.callActivity('a', undefined, { retry: { maxAttempts: 2, firstDelay: '1h', jitter: 1 } }), { start: { seedExecutionId } })
      await instance.begin()
      delays.push(...(await instance.turn(failed(0))).actions.flatMap((action) => (action.type === 'CreateTimer' ? [action.fireAt] : [])))
    }
    expect(delays[1]).toBe(delays[0])
    expect(delays[2]).not.toBe(delays[0])
  })
  it('a child keeps the id it was started under, and a new one gets that of this execution', async () => {
    const instance = instanceOf(async (ctx) => {
      const first = ctx.startSubOrchestration('Kid')
      await ctx.callActivity('a')
      return [first, ctx.startSubOrchestration('Kid', undefined, { instanceId: 'own' }), ctx.startSubOrchestration('Kid')]
    })
    await instance.begin()
    const history = instance.history.map((event) => (event.type === 'SubOrchestrationInstanceCreated' ? { ...event, instanceId: 'e0:0:cafe' } : event))
    const decided = await instance.replay([...history, turnStart(1), completed(1)])
    expect(resultOf(decided)).toStrictEqual(['e0:0:cafe', 'own', expect.stringMatching(/^e1:3:/)])
  })
})
