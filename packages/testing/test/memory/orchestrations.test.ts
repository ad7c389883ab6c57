import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from '@dtfx/core/provider'
import { checkpointOf, create, isPending, loaded, memoryHub, never, now, raised, runTurn, startOf, stateOf } from './memory-hub.js'

const names = (item: { messages: readonly { message: { event: HistoryEvent } }[] }): string[] =>
  item.messages.map(({ message: { event } }) => (event.type === 'EventRaised' ? event.name : event.type))

describe('orchestration items', () => {
  it('hands out an instance with all its messages, once, in order', async () => {
    const { service, port, startWorker } = await memoryHub()
    await service.client.create({ start: startOf('a'), messages: [raised('a', 'one')], reuse: 'error' })
    await service.client.send([raised('a', 'two'), raised('a', 'three')])
    const item = await port.nextOrchestration(never)
    expect(item.instanceId).toBe('a')
    expect(names(item)).toEqual(['ExecutionStarted', 'one', 'two', 'three'])
    expect(item.messages.map(({ deliveryCount, faultCount, enqueuedAt }) => [deliveryCount, faultCount, enqueuedAt])).toEqual(Array(4).fill([1, 0, now]))
    const second = await startWorker('w2')
    expect(await isPending(second.nextOrchestration(never))).toBe(true)
  })

  it('delivers what was sent together in one item, also to a call that waits', async () => {
    const { service, port } = await memoryHub()
    const next = port.nextOrchestration(never)
    await service.client.send([raised('a', 'one'), raised('b', 'other'), raised('a', 'two')])
    expect(names(await next)).toEqual(['one', 'two'])
  })

  it('gives instances that have begun their turn before the others, and otherwise in the order in which they got work', async () => {
    const { service, port } = await memoryHub()
    for (const id of ['a', 'b', 'c']) await create(service, id)
    const first = await port.nextOrchestration(never)
    await service.client.send([raised('a', 'more')])
    await first.complete(await checkpointOf(first))
    const order: string[] = []
    for (let i = 0; i < 3; i++) order.push((await runTurn(port)).instanceId)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('gives one turn in eight to an instance that has not begun, however busy the others are', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'busy')
    await runTurn(port)
    await create(service, 'new')
    const order: string[] = []
    for (let i = 0; i < 8; i++) {
      await service.client.send([raised('busy', `event ${i}`)])
      order.push((await runTurn(port)).instanceId)
    }
    expect(order).toContain('new')
  })

  it('delivers messages that arrive during a turn in the next item', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    await service.client.send([raised('a', 'late')])
    expect(names(item)).toEqual(['ExecutionStarted'])
    await item.complete(await checkpointOf(item))
    expect(names(await port.nextOrchestration(never))).toEqual(['late'])
  })

  it('loads what was committed, and later commits do not change what was loaded', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const before = await loaded(item)
    expect(before.state).toMatchObject({ status: 'Pending', executionId: 'x-a', name: 'Flow', input: '"in"', generation: 0 })
    expect(before.history).toEqual([])
    await item.complete(await checkpointOf(item, { consumedIds: { deleted: ['start-a'], pending: [] } }))
    expect(before.history).toEqual([])
    await service.client.send([raised('a', 'one')])
    const next = await port.nextOrchestration(never)
    const after = await loaded(next)
    expect(after.history.map(({ type }) => type)).toEqual(['OrchestratorStarted', 'ExecutionStarted'])
    expect(after.consumedIds).toEqual({ deleted: ['start-a'], pending: [] })
    expect(after.state?.status).toBe('Running')
    expect(await next.load(after.version)).toBe('unchanged')
    expect(await next.load(before.version)).not.toBe('unchanged')
    await next.complete(await checkpointOf(next, { history: { kind: 'replace', events: [{ type: 'OrchestratorStarted', eventId: -1, timestamp: now }] } }))
    expect(after.history).toHaveLength(2)
    await service.client.send([raised('a', 'two')])
    expect((await loaded(await port.nextOrchestration(never))).history).toHaveLength(1)
  })

  it('stores frozen copies', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const mine = { type: 'EventRaised', eventId: -1, timestamp: now, name: 'mine', extra: { list: [1] } } as const
    const state = stateOf('a', { tags: { a: 'b' } })
    await item.complete(await checkpointOf(item, { history: { kind: 'append', events: [mine] }, state }))
    Object.assign(mine, { name: 'changed' })
    Object.assign(state.tags as object, { a: 'changed' })
    await service.client.send([raised('a', 'one')])
    const snapshot = await loaded(await port.nextOrchestration(never))
    expect(snapshot.history[0]).toMatchObject({ name: 'mine' })
    expect(snapshot.state?.tags).toEqual({ a: 'b' })
    expect(() => Object.assign(snapshot.history[0] as object, { name: 'x' })).toThrow(TypeError)
  })

  it('commits once: the same checkpoint again gets the same answer', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const checkpoint = await checkpointOf(item, { outbound: [raised('b', 'sent')] })
    const first = await item.complete(checkpoint)
    expect(first).toMatchObject({ outcome: 'committed' })
    expect(await item.complete(checkpoint)).toEqual(first)
    expect(names(await port.nextOrchestration(never))).toEqual(['sent'])
    await expect(item.complete({ ...checkpoint, checkpointId: 'other' })).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
  })

  it('reports a stale base, changes nothing and gives the messages back', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const checkpoint = await checkpointOf(item, { outbound: [raised('b', 'lost')] })
    expect(await item.complete({ ...checkpoint, base: 4711 })).toEqual({ outcome: 'stale' })
    const again = await port.nextOrchestration(never)
    expect(names(again)).toEqual(['ExecutionStarted'])
    expect(again.messages[0]).toMatchObject({ deliveryCount: 2, faultCount: 0 })
    expect(await again.complete(await checkpointOf(again, { base: undefined }))).toEqual({ outcome: 'stale' })
    await item.release([])
    const third = await runTurn(port)
    expect(third.instanceId).toBe('a')
    expect(service.occupancy()).toMatchObject({ readyOrchestrations: 0, heldOrchestrations: 0 })
  })

  it('names the sender of messages between instances, and none for clients', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await runTurn(port, { outbound: [raised('b', 'hello')] })
    expect(item.messages[0]?.sender).toBeUndefined()
    const received = await port.nextOrchestration(never)
    expect(received.messages[0]).toMatchObject({ sender: 'a', id: 'event-hello' })
    expect((await loaded(received)).state).toBeUndefined()
  })

  it('settles messages without touching the instance', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    await runTurn(port)
    await service.client.send([raised('a', 'one')])
    const item = await port.nextOrchestration(never)
    const { version } = await loaded(item)
    const { state: _state, ...rest } = await checkpointOf(item, { history: { kind: 'append', events: [] } })
    expect(await item.complete(rest)).toEqual({ outcome: 'committed', version })
  })
})
