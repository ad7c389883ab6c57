/** Ways in which native promises, the process and other code could break deterministic replay, each found in practice (executor design, Q2). */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import type { TurnExecutor } from '../../src/engine/turn-executor.js'
import type { LogFields, Logger } from '../../src/telemetry/logger.js'
import { ChildProgram } from './child-program.js'
import { at, completed, failed, fired, raised, started, taskScheduled, testKey, turnEnd, turnStart } from './history-events.js'
import { codeOf, endOf, engineOf, failureOf, instanceOf, orchestrationOf, resultOf, shown } from './test-instance.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const sticky = { modes: ['sticky'] } as const
/** Until the event loop has come round: Node has told of all rejections. */
const idle = (): Promise<void> => new Promise((resolve) => setTimeout(() => setImmediate(resolve), 2))

let child: ChildProgram
beforeAll(() => {
  child = new ChildProgram()
})
afterAll(() => child.remove())
afterEach(() => {
  vi.useRealTimers()
})

describe('T1: a durable task fails before anybody awaits it', () => {
  const kinds: Record<string, (ctx: OrchestrationContext) => Promise<unknown>> = {
    'an activity': (ctx) => ctx.callActivity('a'),
    'an activity with retries': (ctx) => ctx.callActivity('a', 1, { retry: { maxAttempts: 3, retryIf: () => false } }),
    'an activity with a timeout': (ctx) => ctx.callActivity('a', 1, { timeout: '1h' }),
    'a chained helper of ctx': (ctx) => ctx.map([1], () => ctx.callActivity('a')),
  }
  it.each(Object.keys(kinds))('%s: the late await gets the error', async (kind) => {
    const instance = instanceOf(async (ctx) => {
      const early = kinds[kind]?.(ctx)
      await ctx.callActivity('b')
      return early?.catch((error: Error) => `caught ${error.name}`)
    }, sticky)
    const later = (await instance.begin()).actions.findLast((action) => action.type === 'ScheduleTask')?.id as number
    await instance.turn(failed(0))
    await idle()
    expect(resultOf(await instance.turn(completed(later)))).toBe('caught TaskFailedError')
  })

  it.each(Object.keys(kinds).filter((kind) => kind !== 'a chained helper of ctx'))('%s: nobody ever awaits it, and there is nothing to warn of', async (kind) => {
    const instance = instanceOf(async (ctx) => {
      void kinds[kind]?.(ctx)
      await ctx.callActivity('b')
      await ctx.callActivity('c')
    }, sticky)
    const [b] = (await instance.begin()).actions.filter((action) => action.type === 'ScheduleTask' && action.name === 'b')
    await instance.turn(failed(0))
    await idle()
    const c = (await instance.turn(completed(b?.id as number))).actions[0]?.id as number
    expect((await instance.turn(completed(c))).warnings).toStrictEqual([])
  })

  it('a wait for an event that timed out: the late await gets the error', async () => {
    const instance = instanceOf(async (ctx) => {
      const wait = ctx.waitForExternalEvent('go', { timeout: '1s' })
      await ctx.callActivity('b')
      return wait.catch((error: Error) => error.name)
    }, sticky)
    await instance.begin()
    await instance.turn(fired(0, at(1)))
    await idle()
    expect(resultOf(await instance.turn(completed(1)))).toBe('TaskTimeoutError')
  })
})

describe("T2: a promise of the user's own is rejected before it is awaited", () => {
  const lateHelper = async (ctx: OrchestrationContext): Promise<unknown> => {
    const helper = (async () => {
      await ctx.callActivity('a')
    })()
    await ctx.callActivity('b')
    return helper.catch((error: Error) => `caught ${error.name}`)
  }

  it('across turns the process lives and the late await gets the error', async () => {
    const instance = instanceOf(lateHelper, sticky)
    await instance.begin()
    await instance.turn(failed(0))
    await idle()
    const last = await instance.turn(completed(1))
    expect(resultOf(last)).toBe('caught TaskFailedError')
    expect(last.warnings).toStrictEqual([])
  })

  it('within one replay nothing surfaces at all', async () => {
    const instance = instanceOf(lateHelper)
    const history = [turnStart(0), started('orderFlow'), taskScheduled(0, 'a'), taskScheduled(1, 'b'), failed(0), turnEnd(), turnStart(1), completed(1)]
    expect(resultOf(await instance.replay(history))).toBe('caught TaskFailedError')
    await idle()
  })

  it('one that is never awaited is a warning of the last turn', async () => {
    const instance = instanceOf(async (ctx) => {
      void (async () => {
        await ctx.callActivity('a')
        throw new Error('lost')
      })()
      await ctx.callActivity('b')
      return 'ok'
    }, sticky)
    await instance.begin()
    await instance.turn(completed(0))
    await idle()
    const last = await instance.turn(completed(1))
    expect(resultOf(last)).toBe('ok')
    expect(last.warnings).toStrictEqual([{ kind: 'unhandled-rejection', message: 'a rejected promise was never awaited: lost' }])
  })

  it('one of the last turn itself is logged with the ids of the instance', async () => {
    const lines: [string, string, LogFields | undefined][] = []
    const logger: Logger = { enabled: () => true, log: (level, message, fields) => void lines.push([level, message, fields]) }
    const instance = instanceOf(
      async () => {
        void Promise.reject(new Error('lost at the end'))
      },
      { ...sticky, logger },
    )
    expect(endOf(await instance.begin()).status).toBe('Completed')
    await idle()
    expect(lines).toStrictEqual([['warn', 'a rejected promise was never awaited: lost at the end', { ...testKey, orchestration: 'orderFlow' }]])
  })

  const lateHelperProgram = `
const turn = orchestration(async (ctx) => {
  const helper = (async () => { await ctx.callActivity('a') })()
  await ctx.callActivity('b')
  return helper.catch((error) => 'caught ' + error.name)
})`

  it('control: without the guard the same orchestration ends the process', () => {
    const { code, stderr } = child.run(`const emit = process.emit;${lateHelperProgram}\nprocess.emit = emit\nawait turn(); await turn(failed(0)); await idle(); console.log('survived')`)
    expect({ code, crash: stderr.includes('boom') }).toStrictEqual({ code: 1, crash: true })
  })

  it("with the guard the process's own listeners see foreign rejections only", () => {
    const { stdout, stderr } = child.run(`${lateHelperProgram}
let seen = []
process.on('unhandledRejection', (error) => seen.push(error.message))
process.on('rejectionHandled', () => seen.push('handled'))
process.on('warning', (warning) => seen.push(warning.name))
await turn(); await turn(failed(0)); await idle()
const [end] = await turn(completed(1)); await idle()
Promise.reject(new Error('foreign')); await idle()
console.log(JSON.stringify({ seen, result: end.result }))`)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toStrictEqual({ seen: ['foreign'], result: '"caught TaskFailedError"' })
  })

  it('a foreign rejection still ends the process with exit code 1, also while executions are suspended', () => {
    const { code, stderr } = child.run(`${lateHelperProgram}\nawait turn(); await turn(failed(0)); Promise.reject(new Error('foreign!')); await idle(); await idle(); console.log('survived')`)
    expect({ code, crash: stderr.includes('foreign!') }).toStrictEqual({ code: 1, crash: true })
  })

  it('a foreign rejection made in the middle of a turn is still foreign', () => {
    const { code, stderr } = child.run(`${lateHelperProgram}\nconst running = turn(); process.nextTick(() => Promise.reject(new Error('foreign!'))); await running; await idle(); console.log('survived')`)
    expect({ code, crash: stderr.includes('foreign!') }).toStrictEqual({ code: 1, crash: true })
  })
})

describe('T3: a suspended execution is forgotten', () => {
  const abandon = async (count: number, keep: boolean): Promise<{ collected: number; finallyBlocks: number }> => {
    const state = { collected: 0, finallyBlocks: 0 }
    const registry = new FinalizationRegistry(() => state.collected++)
    const engine: TurnExecutor = engineOf(
      orchestrationOf(async (ctx) => {
        const local = { ctx }
        registry.register(local, undefined)
        const forever = ctx.createTimer('90d')
        async function* values(): AsyncGenerator<unknown> {
          try {
            for (;;) yield await Promise.race([forever, ctx.callActivity('a'), ctx.waitForExternalEvent('x')])
          } finally {
            state.finallyBlocks++
          }
        }
        try {
          for await (const value of values()) void value
        } finally {
          state.finallyBlocks += local === undefined ? 0 : 1
        }
      }),
    )
    for (let i = 0; i < count; i++) {
      const key = { instanceId: `i${i}`, executionId: 'e' }
      await engine.run({ key, past: [], fresh: [turnStart(0), started('orderFlow')], keep })
      if (keep) engine.forget(key)
    }
    for (let i = 0; i < 20 && state.collected < count - 1; i++) {
      gc()
      await idle()
    }
    return state
  }

  it.each([
    ['not kept', false],
    ['kept, then forgotten', true],
  ])('%s: it is collected, and its finally blocks never run', async (_, keep) => {
    const { collected, finallyBlocks } = await abandon(500, keep)
    expect(collected).toBeGreaterThanOrEqual(498)
    expect(finallyBlocks).toBe(0)
  })
})

describe('T4: awaits that are not durable', () => {
  it('nothing durable is open: the execution fails at once instead of hanging', async () => {
    const instance = instanceOf(async () => new Promise(() => {}), sticky)
    const turn = await instance.begin()
    expect(codeOf(turn)).toBe('DTFX_BLOCKED_ON_FOREIGN_PROMISE')
    expect(failureOf(turn).errorMessage).toContain("'orderFlow' (order-1)")
  })

  it('something durable is open: the execution fails when the code comes back and touches ctx', async () => {
    let release = (): void => {}
    const foreign = new Promise<void>((resolve) => (release = resolve))
    let caught: unknown
    const instance = instanceOf(async (ctx) => {
      const a = ctx.callActivity('a')
      await foreign
      try {
        void ctx.callActivity('b')
      } catch (error) {
        caught = (error as { code: string }).code
      }
      await a
    }, sticky)
    expect(shown(await instance.begin())).toStrictEqual(['activity 0 a'])
    release()
    await idle()
    expect(caught).toBe('DTFX_USED_OUTSIDE_TURN')
    const turn = await instance.turn(completed(0))
    expect(codeOf(turn)).toBe('DTFX_USED_OUTSIDE_TURN')
    expect(shown(turn)).toStrictEqual(['end 1 Failed'])
  })

  const resources: Record<string, () => unknown> = {
    'a file': () => readFile('/etc/hostname'),
    'a timer of timers/promises': () => delay(1),
    'AbortSignal.timeout': () => AbortSignal.timeout(50),
    'crypto.subtle': () => crypto.subtle.digest('SHA-256', new Uint8Array(3)),
    'a process': async () => (await import('node:child_process')).exec('true'),
  }
  it.each(Object.keys(resources))('strict mode tells at once that the code started %s, with its line', async (name) => {
    const instance = instanceOf(async (ctx) => {
      const open = ctx.callActivity('a')
      await resources[name]?.()
      await open
    }, sticky)
    const turn = await instance.begin()
    expect(codeOf(turn)).toBe('DTFX_FOREIGN_RESOURCE')
    expect(failureOf(turn).errorMessage).toContain('traps.test.ts')
    await delay(60)
  })

  it('strict mode has no false positives beside foreign timers and files', async () => {
    let on = true
    const noise = (async () => {
      while (on) {
        setTimeout(() => {}, 0)
        void stat('/')
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let i = 0; i < 100; i++) {
      const instance = instanceOf(async (ctx) => {
        for (let k = 0; k < 10; k++) await Promise.all([ctx.callActivity('a'), (async () => void (await null))()])
        return 'done'
      }, sticky)
      await instance.begin()
      for (let k = 0; k < 9; k++) {
        const turn = instance.turn(completed(k))
        setTimeout(() => {}, 0)
        process.nextTick(() => void stat('/'))
        await turn
      }
      expect(resultOf(await instance.turn(completed(9)))).toBe('done')
    }
    on = false
    await noise
  })

  it('printing is no misuse, not even the first time', () => {
    const { stdout, stderr } = child.run(`
const turn = orchestration(async (ctx) => { console.log('hello'); console.error('hi'); const a = ctx.callActivity('a'); process.stdout.write('there '); await a }, 'strict')
await turn(); console.log((await turn(completed(0)))[0].status)`)
    expect({ stdout, stderr }).toStrictEqual({ stdout: 'hello\nthere Completed\n', stderr: 'hi\n' })
  })

  it('what is deterministic stays allowed: microtasks, AbortController, structuredClone, loaded modules', async () => {
    const instance = instanceOf(async (ctx) => {
      await new Promise<void>((resolve) => queueMicrotask(resolve))
      const controller = new AbortController()
      const timer = ctx.createTimer('1h', { signal: controller.signal })
      const value = await ctx.callActivity('a')
      controller.abort()
      return structuredClone({ value, timer: await timer.catch((error: Error) => error.name) })
    })
    await instance.begin()
    expect(resultOf(await instance.turn(completed(1, 3)))).toStrictEqual({ value: 3, timer: 'TaskCanceledError' })
  })

  it('misuse stays misuse when the code swallows the error', async () => {
    const instance = instanceOf(async (ctx) => {
      try {
        setTimeout(() => {}, 1)
      } catch {
        await ctx.callActivity('a')
      }
    })
    const turn = await instance.begin()
    expect(codeOf(turn)).toBe('DTFX_FORBIDDEN_IN_ORCHESTRATION')
    expect(turn.actions).toHaveLength(1)
  })
})

describe('T5: patched globals', () => {
  it('fake timers of a test runner do not stop the engine', async () => {
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'queueMicrotask', 'Date', 'performance'], now: 0 })
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('a')
      await ctx.callActivity('b')
      return 'done'
    })
    await instance.begin()
    await instance.turn(completed(0))
    expect(resultOf(await instance.turn(completed(1)))).toBe('done')
  })

  it('the prototype of dates and instanceof stay as they are', async () => {
    const instance = instanceOf(async () => {
      const date = new Date()
      class Special extends Date {}
      return [date instanceof Date, Object.prototype.toString.call(date), date.constructor === Date, new Special() instanceof Special, new Special(5).getTime()]
    })
    expect(resultOf(await instance.begin())).toStrictEqual([true, '[object Date]', true, true, 5])
    expect(new Date() instanceof Date && new Date().constructor === Date).toBe(true)
  })
})

describe("T6: the caller's context", () => {
  const request = new AsyncLocalStorage<number>()

  it('does not leak into the orchestration, neither at its start nor later', async () => {
    const seen: unknown[] = []
    const instance = instanceOf(async (ctx) => {
      seen.push(request.getStore())
      await ctx.callActivity('a')
      seen.push(request.getStore())
    }, sticky)
    await request.run(7, () => instance.begin())
    await request.run(8, () => instance.turn(completed(0)))
    expect(seen).toStrictEqual([undefined, undefined])
  })

  it('is the same after the turn as before', async () => {
    const instance = instanceOf(async () => 1, sticky)
    const after = await request.run(7, async () => {
      await instance.begin()
      return request.getStore()
    })
    expect(after).toBe(7)
  })

  it('is kept apart for turns that run at the same time', async () => {
    const stores = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        request.run(i, async () => {
          const instance = instanceOf(async (ctx) => void (await ctx.callActivity('a')), sticky)
          await instance.begin()
          await instance.turn(completed(0))
          return request.getStore()
        }),
      ),
    )
    expect(stores).toStrictEqual(Array.from({ length: 50 }, (_, i) => i))
  })
})

it('T7: thousands of races against one long-lived event replay', async () => {
  const instance = instanceOf(async (ctx) => {
    const stop = ctx.waitForExternalEvent<string>('stop')
    for (let i = 0; ; i++) {
      const winner = await Promise.race([stop, ctx.callActivity<number>('a')])
      if (typeof winner === 'string') return `${winner} after ${i}`
    }
  })
  const rounds = 3_000
  const history = [turnStart(0), started('orderFlow')]
  for (let i = 0; i < rounds; i++) history.push(taskScheduled(i, 'a'), turnEnd(), turnStart(i), completed(i, i))
  history.push(taskScheduled(rounds, 'a'), turnEnd(), turnStart(rounds), raised('STOP', 'stopped'))
  expect(resultOf(await instance.replay(history))).toBe(`stopped after ${rounds}`)
})

describe('T8: timers that lost a race', () => {
  it('cancelled: a late TimerFired changes nothing, and nothing surfaces', async () => {
    const instance = instanceOf(async (ctx) => {
      const timer = ctx.createTimer('1s')
      const first = await Promise.race([ctx.callActivity('a'), timer.then(() => 'late')])
      timer.cancel()
      return [first, await ctx.callActivity('b')]
    })
    await instance.begin()
    await instance.turn(completed(1, 'a'), fired(0, at(1)))
    expect(resultOf(await instance.turn(completed(2, 'b')))).toStrictEqual(['a', 'b'])
    await idle()
  })

  it('not cancelled: the orchestration completes all the same, with a warning', async () => {
    const instance = instanceOf(async (ctx) => {
      await Promise.race([ctx.callActivity('a'), ctx.createTimer('1s')])
    }, sticky)
    await instance.begin()
    const turn = await instance.turn(completed(0))
    expect(endOf(turn).status).toBe('Completed')
    expect(turn.warnings.map(({ kind }) => kind)).toStrictEqual(['open-task-at-completion'])
  })
})

describe('T12: what is compared with the history', () => {
  it('names without regard to case, versions and inputs not at all', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('CHARGE', 'another input', { version: '2' }))
    const history = [turnStart(0), started('orderFlow'), taskScheduled(0, 'charge'), turnEnd(), turnStart(1), completed(0, 'ok')]
    expect(resultOf(await instance.replay(history))).toBe('ok')
  })

  it('waiters of one event are served first in, first out', async () => {
    const instance = instanceOf(async (ctx) => Promise.all([ctx.waitForExternalEvent('x'), ctx.waitForExternalEvent('x')]))
    await instance.begin()
    expect(resultOf(await instance.turn(raised('x', 1), raised('X', 2)))).toStrictEqual([1, 2])
  })
})
