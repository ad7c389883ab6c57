/** Classes of bugs that other frameworks had to fix and that do not depend on a store; those that do are part of the conformance suite. */
import { describe, expect, it, vi } from 'vitest'
import { defineActivity, defineEvent, defineOrchestration, fromGenerator, RetryAfterError, type AnyActivity, type OrchestrationContext, type OrchestrationFailedError } from '@dtfx/core'
import { createTestHub } from '@dtfx/testing'

const work = defineActivity('Work', (_ctx, n: number) => n)

async function outputOf(run: (ctx: OrchestrationContext) => Promise<unknown>, activities: readonly AnyActivity[] = [work]): Promise<unknown> {
  const flow = defineOrchestration('Flow', run)
  await using hub = await createTestHub({ orchestrations: [flow], activities })
  return await (await hub.client.start(flow)).result()
}

const codeOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return 'accepted'
}

describe('bug classes of the engine', () => {
  it('bug-class: yielding a non-task', async () => {
    const generated = defineOrchestration(
      'Generated',
      fromGenerator(function* (ctx: OrchestrationContext) {
        const plain: number = yield 5 as never
        const nothing: unknown = yield undefined as never
        const task: number = yield ctx.callActivity(work, 7)
        return [plain, nothing === undefined, task]
      }),
    )
    await using hub = await createTestHub({ orchestrations: [generated], activities: [work], cache: false })
    expect(await (await hub.client.start(generated)).result()).toEqual([5, true, 7])
  })

  it('bug-class: Date.now used inside createTimer', async () => {
    const sleeps = defineOrchestration('Sleeps', async (ctx) => {
      await ctx.createTimer('30s')
      const from = ctx.now.getTime()
      await ctx.createTimer('1m')
      return ctx.now.getTime() - from
    })
    await using hub = await createTestHub({ orchestrations: [sleeps], cache: false })
    const handle = await hub.client.start(sleeps)
    await hub.advance('45s')
    await hub.restartWorker()
    await hub.advance('44s')
    expect((await handle.state())?.status).toBe('Running')
    await hub.advance('1s')
    expect(await handle.result()).toBe(60_000)
    const events = await hub.history(handle.instanceId)
    expect(events.filter((event) => event.type === 'TimerCreated').map((event) => Date.parse(event.fireAt) - Date.parse('2030-01-01T00:00:00Z'))).toEqual([30_000, 90_000])
  })

  it('bug-class: locale-dependent lower-casing of event names and sort order', async () => {
    const spies = (['toLocaleLowerCase', 'toLocaleUpperCase', 'localeCompare'] as const).map((method) =>
      vi.spyOn(String.prototype, method).mockImplementation(() => {
        throw new Error(`${method} depends on the locale`)
      }),
    )
    try {
      const title = defineEvent<string>('title')
      const waits = defineOrchestration('waits', async (ctx) => [await ctx.waitForExternalEvent(title), await ctx.callActivity(work, 1)])
      await using hub = await createTestHub({ orchestrations: [waits], activities: [work] })
      for (const instanceId of ['i', 'I', 'ä', 'b']) {
        const handle = await hub.client.start(waits, undefined, { instanceId })
        await handle.raiseEvent('TITLE', instanceId)
        expect(await handle.result()).toEqual([instanceId, 1])
      }
      const ids: string[] = []
      for await (const { instanceId } of hub.client.query()) ids.push(instanceId)
      expect([...ids].sort()).toEqual(['I', 'b', 'i', 'ä'])
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })

  it('bug-class: retry handler returning NaN', async () => {
    const retryIf = (() => Number.NaN) as unknown as () => boolean
    let attempts = 0
    const fails = defineActivity('Fails', () => {
      if (attempts++ >= 0) throw new Error('no')
    })
    expect(await outputOf((ctx) => ctx.callActivity(fails, undefined, { retry: { maxAttempts: 3, retryIf } }).catch((error: Error) => error.name), [fails])).toBe('TaskFailedError')
    expect(attempts).toBe(1)
    const busy = defineActivity('Busy', () => Promise.reject(new RetryAfterError('wait', Number.NaN)))
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(busy, undefined, { retry: { maxAttempts: 2, firstDelay: '1s' } }).catch((error: Error) => error.name))
    await using hub = await createTestHub({ orchestrations: [flow], activities: [busy] })
    const handle = await hub.client.start(flow)
    await hub.advance('2s')
    expect(await handle.result()).toBe('TaskFailedError')
  })

  it('bug-class: anonymous function names', () => {
    expect(codeOf(() => defineActivity((() => () => 1)() as never, undefined as never))).toBe('DTFX_INVALID_NAME')
    for (const name of ['', '   ', undefined, null, 5, 'a\nb', 'x'.repeat(513)] as unknown as string[]) {
      expect(codeOf(() => defineActivity(name, () => 1))).toBe('DTFX_INVALID_NAME')
      expect(codeOf(() => defineOrchestration(name, async () => 1))).toBe('DTFX_INVALID_NAME')
    }
    expect(defineActivity('Named', () => 1).name).toBe('Named')
  })

  it('bug-class: 30 s default timeout on a sub-orchestration watcher', async () => {
    const child = defineOrchestration('Child', async (ctx) => {
      await ctx.createTimer('30d')
      return 'a month later'
    })
    const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(child))
    await using hub = await createTestHub({ orchestrations: [parent, child] })
    const handle = await hub.client.start(parent)
    await hub.advance('29d')
    expect((await handle.state())?.status).toBe('Running')
    await hub.advance('1d')
    expect(await handle.result()).toBe('a month later')
  })

  it('bug-class: invalid timer inputs (NaN, negative, invalid Date)', async () => {
    const inputs: unknown[] = [Number.NaN, -1, Infinity, -Infinity, new Date(Number.NaN), 'soon', '', '5 minutes', null, undefined, {}]
    const codes = await outputOf(async (ctx) =>
      inputs.map((at) => {
        try {
          void ctx.createTimer(at as never)
        } catch (error) {
          return (error as { code?: string }).code
        }
        return 'accepted'
      }),
    )
    expect(codes).toEqual(inputs.map((at) => (at instanceof Date ? 'DTFX_INVALID_TIME' : 'DTFX_INVALID_DURATION')))
  })

  it('bug-class: empty event names', async () => {
    expect(codeOf(() => defineEvent(''))).toBe('DTFX_INVALID_NAME')
    const codes = await outputOf(async (ctx) => [() => ctx.waitForExternalEvent(''), () => ctx.sendEvent('other', ' ')].map((call) => codeOf(() => void call())))
    expect(codes).toEqual(['DTFX_INVALID_NAME', 'DTFX_INVALID_NAME'])
    await using hub = await createTestHub()
    await expect(hub.client.raiseEvent('other', '')).rejects.toMatchObject({ code: 'DTFX_INVALID_NAME' })
  })
})

describe('what a person gets to read', () => {
  it('names the orchestrations a worker knows when one is unknown', async () => {
    const flow = defineOrchestration('Flow', async () => 1)
    await using hub = await createTestHub({ orchestrations: [flow], activities: [work] })
    const error = await (await hub.client.start('Flwo')).result().catch((thrown: OrchestrationFailedError) => thrown)
    expect((error as OrchestrationFailedError).failure).toMatchObject({ properties: { code: 'DTFX_UNKNOWN_ORCHESTRATION' } })
    expect((error as Error).message).toMatch(/'Flwo'.*Registered: Flow/)
  })
})
