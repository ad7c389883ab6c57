import { describe, expect, it } from 'vitest'
import type { TaskCompletedEvent, TaskFailedEvent } from '@dtfx/core/provider'
import { activity, type checkpointOf, create, finished, isPending, memoryHub, never, now, runTurn, stateOf, type MemoryHub } from './memory-hub.js'

const completed = (taskScheduledId: number): TaskCompletedEvent => ({ type: 'TaskCompleted', eventId: -1, timestamp: now, taskScheduledId, result: '"ok"' })

async function scheduled(hub: MemoryHub, ...names: string[]): Promise<void> {
  await create(hub.service, 'a')
  await runTurn(hub.port, { outbound: names.map((name, index) => activity('a', index, name)) })
}

describe('activities', () => {
  it('hands a new activity directly to a call that waits', async () => {
    const hub = await memoryHub()
    const waiting = hub.port.nextActivity({}, never)
    await scheduled(hub, 'Charge')
    expect((await waiting).delivered).toMatchObject({ id: 'x-a/0', deliveryCount: 1, faultCount: 0, sender: 'a', message: { event: { name: 'Charge', input: '[1]' } } })
    expect(hub.service.occupancy()).toMatchObject({ readyActivities: 0, heldActivities: 1 })
  })

  it('keeps the order of scheduling, over all names', async () => {
    const hub = await memoryHub()
    await scheduled(hub, 'A', 'B', 'A', 'C')
    const order: string[] = []
    for (let i = 0; i < 4; i++) order.push((await hub.port.nextActivity({}, never)).delivered.id)
    expect(order).toEqual(['x-a/0', 'x-a/1', 'x-a/2', 'x-a/3'])
  })

  it('hands out only names that the caller accepts', async () => {
    const hub = await memoryHub()
    const forC = hub.port.nextActivity({ accept: ['C'] }, never)
    const forB = hub.port.nextActivity({ accept: ['X', 'B'] }, never)
    await scheduled(hub, 'A', 'B', 'A')
    expect((await forB).delivered.id).toBe('x-a/1')
    expect(await isPending(forC)).toBe(true)
    expect((await hub.port.nextActivity({ accept: ['B', 'A'] }, never)).delivered.id).toBe('x-a/0')
    expect(await isPending(hub.port.nextActivity({ accept: ['B'] }, never))).toBe(true)
    expect((await hub.port.nextActivity({}, never)).delivered.id).toBe('x-a/2')
  })

  it('drops the queues of names nobody uses any more', async () => {
    const hub = await memoryHub()
    await scheduled(hub, ...Array.from({ length: 300 }, (_, index) => `name-${index}`))
    for (let i = 0; i < 300; i++) expect((await hub.port.nextActivity({}, never)).delivered.id).toBe(`x-a/${i}`)
  })

  it('delivers the result to the instance as the answer to the scheduled message', async () => {
    const hub = await memoryHub()
    await scheduled(hub, 'Charge')
    const item = await hub.port.nextActivity({}, never)
    await item.complete(completed(0))
    const turn = await hub.port.nextOrchestration(never)
    expect(turn.messages[0]).toMatchObject({
      id: 're:x-a/0',
      replyTo: 'x-a/0',
      message: { instance: { instanceId: 'a', executionId: 'x-a' }, event: { type: 'TaskCompleted', taskScheduledId: 0, result: '"ok"' } },
    })
    await expect(item.complete(completed(0))).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
    await item.release({ receipt: item.delivered.receipt, outcome: 'defer' })
    expect(hub.service.occupancy()).toMatchObject({ readyActivities: 0, heldActivities: 0 })
  })

  it('delivers failures the same way', async () => {
    const hub = await memoryHub()
    await scheduled(hub, 'Charge')
    const failed: TaskFailedEvent = { type: 'TaskFailed', eventId: -1, timestamp: now, taskScheduledId: 0, failure: { errorType: 'E', errorMessage: 'no', isNonRetriable: false } }
    await (await hub.port.nextActivity({}, never)).complete(failed)
    expect((await hub.port.nextOrchestration(never)).messages[0]?.message.event).toEqual(failed)
  })

  it('hands out released ones again, faults counted, not before their time', async () => {
    const hub = await memoryHub()
    await scheduled(hub, 'Charge')
    const first = await hub.port.nextActivity({}, never)
    await first.release({ receipt: first.delivered.receipt, outcome: 'fault', until: '2030-01-01T00:00:05.000Z' })
    const waiting = hub.port.nextActivity({}, never)
    expect(await isPending(waiting)).toBe(true)
    hub.clock.advance('5s')
    const second = await waiting
    expect(second.delivered).toMatchObject({ faultCount: 1, deliveryCount: 2 })
    await expect(second.release({ receipt: first.delivered.receipt, outcome: 'defer' })).resolves.toBeUndefined()
    expect((await hub.port.nextActivity({}, never)).delivered).toMatchObject({ faultCount: 1, deliveryCount: 3 })
  })

  it('gives an activity to another worker when its lock expires', async () => {
    const hub = await memoryHub({ lockTimeoutMs: 1_000 })
    await scheduled(hub, 'Charge')
    const item = await hub.port.nextActivity({}, never)
    hub.clock.advance('1s')
    expect(item.lost.reason).toMatchObject({ message: expect.stringContaining("activity 'Charge' of 'a'") as string })
    const other = await (await hub.startWorker('w2')).nextActivity({}, never)
    await expect(item.complete(completed(0))).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
    await expect(item.renew()).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
    await expect(item.release({ receipt: item.delivered.receipt, outcome: 'discard' })).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
    expect(await other.renew()).toEqual({ lockedUntil: '2030-01-01T00:00:02.000Z' })
    await other.complete(completed(0))
    expect((await hub.port.nextOrchestration(never)).messages).toHaveLength(1)
  })

  it.each([
    ['finishes', async (hub: MemoryHub) => endTurn(hub, { state: stateOf('a', { status: 'Terminated', completedAt: now }) })],
    ['continues as new', async (hub: MemoryHub) => endTurn(hub, { state: stateOf('a', { executionId: 'next' }) })],
    ['is deleted with the hub', async (hub: MemoryHub) => hub.service.deleteHub()],
  ])('tells a running activity at once that its instance %s', async (_, end) => {
    const hub = await memoryHub()
    await scheduled(hub, 'Charge', 'Ship')
    const running = await hub.port.nextActivity({}, never)
    const { instanceGone } = running
    expect(instanceGone.aborted).toBe(false)
    await end(hub)
    expect(instanceGone.aborted).toBe(true)
    expect(instanceGone.reason).toMatchObject({ code: 'DTFX_INSTANCE_GONE' })
    if (running.lost.aborted) return
    expect(await running.renew()).toMatchObject({ instanceGone: true })
    const later = await hub.port.nextActivity({}, never)
    expect(later.instanceGone.aborted).toBe(true)
    await running.complete(completed(0))
  })

  it('does not bring a purged instance back with a late result', async () => {
    const hub = await memoryHub()
    await scheduled(hub, 'Charge')
    const running = await hub.port.nextActivity({}, never)
    await endTurn(hub, { state: stateOf('a', { status: 'Completed', completedAt: now }) })
    await hub.service.purge.purge('a')
    await running.complete(completed(0))
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0 })
    await finished(hub, 'b')
  })
})

async function endTurn(hub: MemoryHub, change: Parameters<typeof checkpointOf>[1]): Promise<void> {
  await hub.service.client.send([{ id: 'end', target: { kind: 'instance', instanceId: 'a' }, message: { instance: { instanceId: 'a' }, event: { type: 'ExecutionTerminated', eventId: -1, timestamp: now } } }])
  await runTurn(hub.port, change)
}
