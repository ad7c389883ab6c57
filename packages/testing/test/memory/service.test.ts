import { describe, expect, it } from 'vitest'
import { systemClock } from '@dtfx/core/provider'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { activity, checkpointOf, collected, create, finished, isPending, memoryHub, never, now, raised, runTurn, stateOf } from './memory-hub.js'

describe('history', () => {
  it('reads the current execution in chunks', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const events = Array.from({ length: 2_500 }, (_, index) => ({ type: 'GenericEvent', eventId: -1, timestamp: now, data: `${index}` }) as const)
    await runTurn(port, { history: { kind: 'append', events } })
    const chunks = await collected(service.history.read('a'))
    expect(chunks.map((chunk) => chunk.length)).toEqual([1_000, 1_000, 500])
    expect(chunks.flat()).toEqual(events)
    expect(await collected(service.history.read('unknown'))).toEqual([])
  })
})

describe('purge', () => {
  it('deletes finished instances and leaves live ones alone', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a')
    await create(hub.service, 'b')
    expect(await hub.service.purge.purge('a')).toBe('purged')
    expect(await hub.service.purge.purge('a')).toBe('not-found')
    expect(await hub.service.purge.purge('b')).toBe('not-finished')
    expect(await hub.service.client.getState('a', { payloads: true })).toBeUndefined()
    expect(await collected(hub.service.history.read('a'))).toEqual([])
    expect(await hub.service.client.getState('b', { payloads: true })).toBeDefined()
    expect(await create(hub.service, 'a')).toEqual({ outcome: 'created' })
  })

  it('never lets a turn commit that began before it', async () => {
    const hub = await memoryHub()
    await finished(hub, 'a')
    await hub.service.client.send([raised('a', 'late')])
    const item = await hub.port.nextOrchestration(never)
    const checkpoint = await checkpointOf(item)
    await hub.service.purge.purge('a')
    expect(await item.complete(checkpoint)).toEqual({ outcome: 'stale' })
    expect(await hub.service.client.getState('a', { payloads: true })).toBeUndefined()
  })
})

describe('scale', () => {
  it('counts what waits and tells how long', async () => {
    const { service, port, clock } = await memoryHub()
    expect(await service.scale.metrics()).toEqual({ orchestrationBacklog: 0, activityBacklog: 0, oldestMessageAgeMs: 0 })
    await create(service, 'a')
    await runTurn(port, { outbound: [activity('a', 0), activity('a', 1)] })
    clock.advance('3s')
    await service.client.send([raised('a', 'one'), raised('b', 'two'), raised('b', 'later', { deliverAt: '2031-01-01T00:00:00.000Z' })])
    clock.advance('2s')
    expect(await service.scale.metrics()).toEqual({ orchestrationBacklog: 2, activityBacklog: 2, oldestMessageAgeMs: 5_000 })
    await port.nextActivity({}, never)
    await port.nextActivity({}, never)
    await port.nextOrchestration(never)
    expect(await service.scale.metrics()).toEqual({ orchestrationBacklog: 1, activityBacklog: 0, oldestMessageAgeMs: 2_000 })
  })
})

describe('the hub', () => {
  it('is emptied by deleteHub; work in progress is lost, workers go on', async () => {
    const hub = await memoryHub()
    const { service, port, clock } = hub
    await service.createHub()
    await create(service, 'a')
    await runTurn(port, { outbound: [activity('a', 0), activity('a', 1), raised('a', 'timed', { deliverAt: '2031-01-01T00:00:00.000Z' })] })
    await service.client.send([raised('a', 'one'), raised('b', 'two')])
    const item = await port.nextOrchestration(never)
    const task = await port.nextActivity({}, never)
    await service.deleteHub()
    await service.deleteHub()
    expect(item.lost.aborted && task.lost.aborted).toBe(true)
    const { moves: _moves, ...rest } = service.occupancy()
    expect(rest).toEqual({ readyOrchestrations: 0, heldOrchestrations: 0, readyActivities: 0, heldActivities: 0, delayed: 0 })
    clock.advance('730d')
    const next = port.nextOrchestration(never)
    expect(await isPending(next)).toBe(true)
    expect(await isPending(port.nextActivity({}, never))).toBe(true)
    expect((await service.query.query({}, { size: 10, payloads: false })).instances).toEqual([])
    await create(service, 'a')
    expect((await next).messages).toHaveLength(1)
  })

  it('ends everything at close, and says so afterwards', async () => {
    const { service, port, clock } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const waiting = port.nextActivity({}, never)
    await service.client.send([raised('a', 'timed', { deliverAt: '2031-01-01T00:00:00.000Z' })])
    const closing = service.close()
    await expect(waiting).rejects.toMatchObject({ code: 'DTFX_WORKER_STATE' })
    await closing
    await service.close()
    expect(item.lost.aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
    const late = [
      create(service, 'b'),
      service.client.send([]),
      service.client.getState('a', { payloads: true }),
      service.client.watch('a', never),
      service.createHub(),
      service.startWorker({ workerId: 'w', concurrency: { orchestrations: 1, activities: 1 } }),
    ]
    for (const call of late) await expect(call).rejects.toMatchObject({ code: 'DTFX_CLOSED' })
  })

  it('runs on the clock of the system by default', () => {
    expect(createOrchestrationService().host.clock).toBe(systemClock)
  })
})

describe('whenIdle', () => {
  it('waits for work in progress, not for time, nor for messages nobody takes', async () => {
    const { service, port } = await memoryHub()
    await service.whenIdle()
    await create(service, 'a')
    await service.whenIdle()
    const item = await port.nextOrchestration(never)
    const idle = service.whenIdle()
    expect(await isPending(idle)).toBe(true)
    await item.complete(await checkpointOf(item, { outbound: [activity('a', 0), raised('a', 'timed', { deliverAt: '2031-01-01T00:00:00.000Z' })] }))
    await idle
  })

  it('does not wait for activities that are parked', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    await runTurn(port, { outbound: [activity('a', 0), activity('a', 1)], state: stateOf('a') })
    let parked = 0
    await port.nextActivity({}, never)
    const task = await port.nextActivity({}, never)
    const idle = service.whenIdle(() => parked)
    parked = 1
    service.lookAgain()
    expect(await isPending(idle)).toBe(true)
    await task.complete({ type: 'TaskCompleted', eventId: -1, timestamp: now, taskScheduledId: 1 })
    await idle
  })
})
