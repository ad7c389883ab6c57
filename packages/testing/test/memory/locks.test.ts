import { TransientError } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import type { Steps } from '../../src/memory/steps.js'
import { activity, checkpointOf, create, isPending, memoryHub, never, now, raised, runTurn } from './memory-hub.js'

describe('locks', () => {
  it('gives an item to another worker when its lock expires, and refuses what comes late', async () => {
    const { service, port, clock, startWorker } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const { lost } = item
    expect(item.lockedUntil).toBe('2030-01-01T00:01:00.000Z')
    const checkpoint = await checkpointOf(item)
    clock.advance('59s')
    expect(lost.aborted).toBe(false)
    clock.advance('1s')
    expect(lost.aborted).toBe(true)
    expect(lost.reason).toMatchObject({ code: 'DTFX_LOCK_LOST', message: expect.stringContaining("orchestration 'a'") as string })
    const other = await (await startWorker('w2')).nextOrchestration(never)
    expect(other.messages[0]).toMatchObject({ deliveryCount: 2, faultCount: 0 })
    for (const late of [item.complete(checkpoint), item.renew(), item.release([]), item.load(), item.markSuspect()]) {
      await expect(late).rejects.toMatchObject({ code: 'DTFX_LOCK_LOST' })
    }
    expect(await other.complete(await checkpointOf(other))).toMatchObject({ outcome: 'committed' })
  })

  it('finds a checkpoint that was committed, also when the lock is gone', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    const checkpoint = await checkpointOf(item)
    await item.complete(checkpoint)
    await service.client.send([raised('a', 'one')])
    const other = await port.nextOrchestration(never)
    expect(await other.complete(checkpoint)).toMatchObject({ outcome: 'committed' })
  })

  it('extends locks', async () => {
    const { service, port, clock } = await memoryHub({ lockTimeoutMs: 10_000 })
    await create(service, 'a')
    await create(service, 'b')
    const a = await port.nextOrchestration(never)
    const b = await port.nextOrchestration(never)
    clock.advance('6s')
    expect(await a.renew()).toEqual({ lockedUntil: '2030-01-01T00:00:16.000Z' })
    clock.advance('6s')
    expect(a.lost.aborted).toBe(false)
    expect(b.lost.aborted).toBe(true)
    clock.advance('4s')
    expect(a.lost.aborted).toBe(true)
  })

  it('can hold locks for ever', async () => {
    const { service, port, clock } = await memoryHub({ lockTimeoutMs: 'none' })
    await create(service, 'a')
    const item = await port.nextOrchestration(never)
    clock.advance('365d')
    expect(item.lost.aborted).toBe(false)
    expect(item.lockedUntil).toBeUndefined()
    expect(await item.renew()).toEqual({ lockedUntil: undefined })
    expect(clock.pendingTimers).toBe(0)
  })

  it('keeps the order of messages that come back', async () => {
    const { service, port, clock } = await memoryHub()
    await service.client.send([raised('a', 'one'), raised('a', 'two')])
    const item = await port.nextOrchestration(never)
    await service.client.send([raised('a', 'three')])
    clock.advance('1m')
    expect(item.lost.aborted).toBe(true)
    const again = await port.nextOrchestration(never)
    expect(again.messages.map(({ id, deliveryCount }) => [id, deliveryCount])).toEqual([['event-one', 2], ['event-two', 2], ['event-three', 1]])
  })

  it('rejects a waiting call when its signal aborts, and later work goes to others', async () => {
    const { service, port } = await memoryHub()
    const stop = new AbortController()
    const waiting = [port.nextOrchestration(stop.signal), port.nextOrchestration(stop.signal), port.nextActivity({}, stop.signal)]
    const reason = new Error('enough')
    stop.abort(reason)
    for (const call of waiting) await expect(call).rejects.toBe(reason)
    await expect(port.nextOrchestration(stop.signal)).rejects.toBe(reason)
    await expect(port.nextActivity({}, stop.signal)).rejects.toBe(reason)
    await create(service, 'a')
    expect((await port.nextOrchestration(never)).instanceId).toBe('a')
  })

  it('resolves with the item when the signal aborts after it was locked', async () => {
    const { service, port } = await memoryHub()
    const stop = new AbortController()
    const waiting = port.nextOrchestration(stop.signal)
    const sent = create(service, 'a')
    stop.abort()
    await sent
    const item = await waiting
    expect(item.instanceId).toBe('a')
    await item.release([])
    expect((await port.nextOrchestration(never)).instanceId).toBe('a')
  })

  it('stops a worker: waits for its items, then gives them back', async () => {
    const { service, port, clock, startWorker } = await memoryHub()
    await create(service, 'a')
    await runTurn(port, { outbound: [activity('a', 0), raised('a', 'one')] })
    const turn = await port.nextOrchestration(never)
    const task = await port.nextActivity({}, never)
    const waiting = port.nextActivity({}, never)
    const stopping = port.stop(5_000)
    await expect(waiting).rejects.toMatchObject({ code: 'DTFX_WORKER_STATE' })
    await expect(port.nextOrchestration(never)).rejects.toMatchObject({ code: 'DTFX_WORKER_STATE' })
    await expect(port.nextActivity({}, never)).rejects.toMatchObject({ code: 'DTFX_WORKER_STATE' })
    await turn.complete(await checkpointOf(turn))
    expect(await isPending(stopping)).toBe(true)
    expect(task.lost.aborted).toBe(false)
    clock.advance('5s')
    expect(await stopping).toEqual({ abandoned: 1 })
    expect(await port.stop(0)).toEqual({ abandoned: 1 })
    expect(task.lost.aborted).toBe(true)
    expect((await (await startWorker('w2')).nextActivity({}, never)).delivered).toMatchObject({ id: 'x-a/0', deliveryCount: 2 })
  })

  it('stops at once when everything was given back in time', async () => {
    const { service, port, clock } = await memoryHub()
    await create(service, 'a')
    const turn = await port.nextOrchestration(never)
    const stopping = port.stop(5_000)
    await turn.release([])
    expect(await stopping).toEqual({ abandoned: 0 })
    expect(clock.nextTimerMs()).not.toBe(clock.nowMs() + 5_000)
  })

  it('stops, and loses what it holds, when it cannot give that back in order', async () => {
    const { service, clock, port: other } = await memoryHub({ commit: 'state-first-outbox' })
    await create(service, 'a')
    let isBroken = false
    const steps: Steps = {
      take: async (step, write) => {
        if (isBroken) throw new TransientError(step.name, 'nobody answers')
        return write()
      },
    }
    const port = await service.connect({ clock }, steps).startWorker({ workerId: 'w', concurrency: { orchestrations: 1, activities: 1 } })
    const running = port.nextActivity({}, never)
    await runTurn(port, { outbound: [activity('a', 0)] })
    const task = await running
    await task.complete({ type: 'TaskCompleted', eventId: -1, timestamp: now, taskScheduledId: 0, result: '1' })
    isBroken = true
    expect(await port.stop(0)).toEqual({ abandoned: 2 })
    const again = await other.nextOrchestration(never)
    await again.load()
    expect((await other.nextActivity({}, never)).delivered.id).toBe('x-a/0')
  })
})
