import { describe, expect, it } from 'vitest'
import type { Steps } from '../../src/memory/steps.js'
import { checkpointOf, collected, create, finished, isPending, memoryHub, never, raised, runTurn, startOf, stateOf } from './memory-hub.js'

describe('create', () => {
  it.each(['error', 'replaceFinished', 'skip'] as const)('creates exactly one of 50 concurrent starts (%s)', async (reuse) => {
    const { service, port } = await memoryHub()
    const starts = Array.from({ length: 50 }, (_, index) => service.client.create({ start: startOf('a', { id: `m${index}`, executionId: `x${index}` }), reuse }))
    const results = await Promise.all(starts)
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
    expect(results.filter(({ outcome }) => outcome === 'exists')).toHaveLength(49)
    expect((await port.nextOrchestration(never)).messages).toHaveLength(1)
  })

  it('replaces a finished instance once, of many', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a')
    const starts = Array.from({ length: 50 }, (_, index) => hub.service.client.create({ start: startOf('a', { id: `m${index}`, executionId: `x${index}` }), reuse: 'replaceFinished' }))
    const results = await Promise.all(starts)
    expect(results.map(({ outcome }) => outcome)).toEqual(['replaced', ...Array<string>(49).fill('exists')])
    const state = await hub.service.client.getState('a', { payloads: true })
    expect(state).toMatchObject({ status: 'Pending', executionId: 'x0' })
    expect([state?.output, state?.completedAt]).toEqual([undefined, undefined])
    expect(await collected(hub.service.history.read('a'))).toEqual([])
  })

  it('returns the existing instance otherwise', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a')
    for (const reuse of ['error', 'skip'] as const) {
      expect(await hub.service.client.create({ start: startOf('a', { id: 'other' }), reuse })).toMatchObject({ outcome: 'exists', state: { status: 'Completed', output: '"out"' } })
    }
  })

  it('answers a repeated call like the first, without a second message', async () => {
    const hub = await memoryHub()
    expect(await create(hub.service, 'a')).toEqual({ outcome: 'created' })
    expect(await create(hub.service, 'a')).toEqual({ outcome: 'created' })
    expect((await hub.port.nextOrchestration(never)).messages).toHaveLength(1)
    await finished(hub, 'b')
    expect(await create(hub.service, 'b', 'replaceFinished')).toEqual({ outcome: 'created' })
    expect(await hub.service.client.getState('b', { payloads: false })).toMatchObject({ status: 'Completed' })
  })

  it.each(['messages-first', 'state-first-outbox'] as const)('under %s, whoever finds the instance of a creator that died between its writes sends the start', async (commit) => {
    const { service, port, clock } = await memoryHub({ commit })
    const dying: Steps = { take: (step, write) => (step.name === 'send' ? new Promise(() => {}) : Promise.resolve(write())) }
    void service.connect({ clock }, dying).client.create({ start: startOf('a'), messages: [raised('a', 'too')], reuse: 'error' })
    const next = port.nextOrchestration(never)
    expect(await isPending(next)).toBe(true)
    expect(await service.client.create({ start: startOf('a', { id: 'other', executionId: 'x2' }), reuse: 'skip' })).toMatchObject({ outcome: 'exists', state: { executionId: 'x-a' } })
    expect(await isPending(next)).toBe(false)
    const item = await next
    expect(item.messages.map(({ id }) => id)).toEqual(['start-a'])
    await item.complete(await checkpointOf(item))
    expect((await port.nextOrchestration(never)).messages.map(({ id }) => id)).toEqual(['event-too'])
    await service.client.create({ start: startOf('a', { id: 'third' }), reuse: 'skip' })
    expect(await isPending(port.nextOrchestration(never))).toBe(true)
  })

  it('keeps consumed ids, and makes what was loaded before stale', async () => {
    const hub = await memoryHub()
    await create(hub.service, 'a')
    await runTurn(hub.port, { state: stateOf('a', { status: 'Failed' }), consumedIds: { deleted: ['start-a'], pending: [] } })
    await hub.service.client.send([raised('a', 'late')])
    const late = await hub.port.nextOrchestration(never)
    const before = await late.load()
    await hub.service.client.create({ start: startOf('a', { id: 'again', executionId: 'x2' }), reuse: 'replaceFinished' })
    const after = await late.load(before === 'unchanged' ? undefined : before.version)
    expect(after).toMatchObject({ history: [], consumedIds: { deleted: ['start-a'], pending: [] }, state: { executionId: 'x2', status: 'Pending' } })
  })
})

describe('getState', () => {
  it('leaves payloads out when they are not wanted', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a', { input: '"in"' })
    expect(await hub.service.client.getState('a', { payloads: true })).toMatchObject({ input: '"in"', output: '"out"' })
    const state = await hub.service.client.getState('a', { payloads: false })
    expect(state).toMatchObject({ status: 'Completed', name: 'Flow' })
    expect(state).not.toHaveProperty('input')
    expect(state).not.toHaveProperty('output')
    expect(await hub.service.client.getState('unknown', { payloads: true })).toBeUndefined()
  })

  it('knows nothing of an id that only got messages', async () => {
    const { service } = await memoryHub()
    await service.client.send([raised('a', 'one')])
    expect(await service.client.getState('a', { payloads: true })).toBeUndefined()
  })
})

describe('watch', () => {
  it('tells of changes of status, execution and custom status, once', async () => {
    const { service, port } = await memoryHub()
    const created = service.client.watch('a', never)
    await create(service, 'a')
    expect(await created).toBe(true)
    const running = [service.client.watch('a', never), service.client.watch('a', never)]
    await runTurn(port)
    expect(await Promise.all(running)).toEqual([true, true])
    const custom = service.client.watch('a', never)
    await service.client.send([raised('a', 'one')])
    await runTurn(port)
    expect(await isPending(custom)).toBe(true)
    await service.client.send([raised('a', 'two')])
    await runTurn(port, { state: stateOf('a', { customStatus: '"half"' }) })
    expect(await custom).toBe(true)
  })

  it('ends with false when the signal aborts', async () => {
    const { service } = await memoryHub()
    const stop = new AbortController()
    const watching = [service.client.watch('a', stop.signal), service.client.watch('a', never)]
    stop.abort()
    expect(await watching[0]).toBe(false)
    expect(await service.client.watch('a', stop.signal)).toBe(false)
    await create(service, 'a')
    expect(await watching[1]).toBe(true)
  })

  it('tells of purge and of the end of the hub', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a')
    const purged = hub.service.client.watch('a', never)
    await hub.service.purge.purge('a')
    expect(await purged).toBe(true)
    const deleted = hub.service.client.watch('a', never)
    await hub.service.deleteHub()
    expect(await deleted).toBe(true)
    const closed = hub.service.client.watch('a', never)
    await hub.service.close()
    expect(await closed).toBe(true)
  })
})
