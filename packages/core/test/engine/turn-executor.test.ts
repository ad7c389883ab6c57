import { describe, expect, it } from 'vitest'
import { defineOrchestration, type AnyOrchestration } from '../../src/authoring/definitions.js'
import { Registry } from '../../src/authoring/registry.js'
import { createEngine } from '../../src/engine/engine.js'
import type { TurnExecutor, TurnResult } from '../../src/engine/turn-executor.js'
import { jsonConverter } from '../../src/serialization/data-converter.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { completed, started, taskScheduled, testKey, turnEnd, turnStart } from './history-events.js'

const twoSteps = (runs: { count: number }): AnyOrchestration =>
  defineOrchestration('orderFlow', async (ctx) => {
    runs.count++
    return [await ctx.callActivity('a'), await ctx.callActivity('b')]
  }) as AnyOrchestration

const engineWith = (...definitions: AnyOrchestration[]): TurnExecutor => createEngine({ orchestrations: new Registry('Orchestration', definitions), determinism: 'strict' })
const firstTurn: readonly HistoryEvent[] = [turnStart(0), started('orderFlow')]
const stored: readonly HistoryEvent[] = [...firstTurn, taskScheduled(0, 'a'), turnEnd()]
const secondTurn: readonly HistoryEvent[] = [turnStart(1), completed(0, 1)]
const names = (result: TurnResult): unknown => (result.kind === 'decided' ? result.actions.map((action) => (action.type === 'ScheduleTask' ? action.name : action.type)) : result.kind)

describe('suspended executions', () => {
  it('go on without the history when kept, and the code is not run again', async () => {
    const runs = { count: 0 }
    const engine = engineWith(twoSteps(runs))
    await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
    expect(names(await engine.run({ key: testKey, fresh: secondTurn, keep: true }))).toStrictEqual(['b'])
    expect(runs.count).toBe(1)
  })

  it.each<[string, (engine: TurnExecutor) => Promise<unknown> | undefined]>([
    ['none was kept', () => undefined],
    ['keep was false', (engine) => engine.run({ key: testKey, past: [], fresh: firstTurn, keep: false })],
    ['it was forgotten', async (engine) => {
      await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
      engine.forget(testKey)
    }],
    ['its last turn said keep: false', async (engine) => {
      await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
      await engine.run({ key: testKey, fresh: [turnStart(1)], keep: false })
    }],
    ['another execution of the instance is kept', (engine) => engine.run({ key: { ...testKey, executionId: 'other' }, past: [], fresh: firstTurn, keep: true })],
    ['the same execution id of another instance is kept', (engine) => engine.run({ key: { ...testKey, instanceId: 'other' }, past: [], fresh: firstTurn, keep: true })],
    ['it ended', async (engine) => {
      await engine.run({ key: testKey, past: stored, fresh: [...secondTurn, { type: 'ExecutionTerminated', eventId: -1, timestamp: '2024-05-06T07:00:00Z' }], keep: true })
    }],
    ['it failed to replay', (engine) => engine.run({ key: testKey, past: [...firstTurn, taskScheduled(0, 'other')], fresh: [], keep: true })],
  ])('need-history when %s', async (_, prepare) => {
    const engine = engineWith(twoSteps({ count: 0 }))
    await prepare(engine)
    expect(await engine.run({ key: testKey, fresh: secondTurn, keep: true })).toStrictEqual({ kind: 'need-history' })
  })

  it('a history that is given replaces what was kept', async () => {
    const runs = { count: 0 }
    const engine = engineWith(twoSteps(runs))
    await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
    expect(names(await engine.run({ key: testKey, past: stored, fresh: secondTurn, keep: true }))).toStrictEqual(['b'])
    expect(names(await engine.run({ key: testKey, fresh: [turnStart(2), completed(1, 2)], keep: true }))).toStrictEqual(['Complete'])
    expect(runs.count).toBe(2)
  })

  it('forgetting what is not kept, or another execution, changes nothing', async () => {
    const engine = engineWith(twoSteps({ count: 0 }))
    await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
    engine.forget({ ...testKey, executionId: 'other' })
    engine.forget({ instanceId: 'x', executionId: 'y' })
    expect(names(await engine.run({ key: testKey, fresh: secondTurn, keep: true }))).toStrictEqual(['b'])
  })
})

describe('an orchestration that is not registered', () => {
  it('is told by name and version, from the past or the fresh events', async () => {
    const engine = engineWith()
    expect(await engine.run({ key: testKey, past: [], fresh: [turnStart(0), started('Other', 1, { version: '2' })], keep: true })).toStrictEqual({ kind: 'unknown-orchestration', name: 'Other', version: '2' })
    expect(await engine.run({ key: testKey, past: stored, fresh: secondTurn, keep: true })).toMatchObject({ kind: 'unknown-orchestration', name: 'orderFlow' })
  })

  it('versions: exactly this one, else the unversioned one', async () => {
    const define = (version?: string): AnyOrchestration => defineOrchestration('orderFlow', async () => version ?? 'none', { version }) as AnyOrchestration
    const engine = engineWith(define(), define('1'))
    const run = async (version?: string): Promise<unknown> => {
      const result = await engine.run({ key: testKey, past: [], fresh: [turnStart(0), started('orderFlow', 1, { version })], keep: false })
      return result.kind === 'decided' && result.actions[0]?.type === 'Complete' ? result.actions[0].result : result.kind
    }
    expect([await run('1'), await run('7'), await run(), await run('')]).toStrictEqual(['"1"', '"none"', '"none"', '"none"'])
  })
})

describe('turns at the same time', () => {
  it('are serialized: no two orchestrations are ever between two steps at once', async () => {
    const state = { inside: 0, most: 0 }
    const run = defineOrchestration('orderFlow', async (ctx) => {
      for (let i = 0; i < 20; i++) {
        state.inside++
        state.most = Math.max(state.most, state.inside)
        for (let k = 0; k < 20; k++) await null
        state.inside--
        await ctx.callActivity('a')
      }
    }) as AnyOrchestration
    const engine = engineWith(run)
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const key = { instanceId: `i${i}`, executionId: 'e' }
        await engine.run({ key, past: [], fresh: firstTurn, keep: true })
        for (let turn = 0; turn < 20; turn++) await engine.run({ key, fresh: [turnStart(turn), completed(turn)], keep: true })
      }),
    )
    expect(state).toStrictEqual({ inside: 0, most: 1 })
  })
})

describe('a defect of the host', () => {
  it('rejects the turn, keeps nothing, and the next turn of anybody works', async () => {
    const runs = { count: 0 }
    const engine = engineWith(twoSteps(runs))
    await engine.run({ key: testKey, past: [], fresh: firstTurn, keep: true })
    const broken = new Proxy(completed(0), {
      get: (target, member) => {
        if (member === 'taskScheduledId') throw new Error('a defect')
        return Reflect.get(target, member) as unknown
      },
    })
    await expect(engine.run({ key: testKey, fresh: [turnStart(1), broken], keep: true })).rejects.toThrow('a defect')
    expect(await engine.run({ key: testKey, fresh: secondTurn, keep: true })).toStrictEqual({ kind: 'need-history' })
    expect(names(await engine.run({ key: testKey, past: stored, fresh: secondTurn, keep: true }))).toStrictEqual(['b'])
  })
})

describe('a converter of the user', () => {
  it('is used for every payload', async () => {
    const converter = {
      encode: (value: unknown, what: string) => (value === undefined ? undefined : `~${jsonConverter.encode(value, what)}`),
      decode: (payload: string | undefined, what: string) => jsonConverter.decode(payload?.slice(1), what),
    }
    const run = defineOrchestration('orderFlow', async (ctx, input) => [input, await ctx.callActivity('a', 1)]) as AnyOrchestration
    const engine = createEngine({ orchestrations: new Registry('Orchestration', [run]), converter, determinism: 'strict' })
    const first = await engine.run({ key: testKey, past: [], fresh: [turnStart(0), { ...started('orderFlow'), input: '~"in"' }], keep: true })
    expect(first).toMatchObject({ actions: [{ input: '[~1]' }] })
    const last = await engine.run({ key: testKey, fresh: [turnStart(1), { type: 'TaskCompleted', eventId: -1, timestamp: '2024-05-06T07:00:00Z', taskScheduledId: 0, result: '~2' }], keep: true })
    expect(last).toMatchObject({ actions: [{ result: '~["in",2]' }] })
  })
})
