import { describe, expect, it } from 'vitest'
import type { OrchestrationWorkItem, QuarantinedMessage, Settlement } from '@dtfx/core/provider'
import type { MemoryService } from '@dtfx/testing/memory'
import { activity, checkpointOf, collected, create, isPending, memoryHub, never, now, raised, runTurn } from './memory-hub.js'

const at = (item: OrchestrationWorkItem, index: number): unknown => item.messages[index]?.receipt
const ids = (item: OrchestrationWorkItem): string[] => item.messages.map(({ id }) => id)
const quarantined = async (service: MemoryService): Promise<QuarantinedMessage[]> => collected(service.quarantine.list())

describe('settlement', () => {
  it('treats every message of an item by itself', async () => {
    const { service, port, clock } = await memoryHub()
    await service.client.send(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => raised('i', name)))
    const item = await port.nextOrchestration(never)
    const settlements: Settlement[] = [
      { receipt: at(item, 0), outcome: 'discard' },
      { receipt: at(item, 1), outcome: 'defer', until: '2030-01-01T00:00:02.000Z' },
      { receipt: at(item, 2), outcome: 'fault', until: '2030-01-01T00:00:01.000Z' },
      { receipt: at(item, 3), outcome: 'quarantine', code: 'DTFX_WIRE_INVALID', reason: 'odd' },
      { receipt: at(item, 4), outcome: 'defer' },
    ]
    await item.release(settlements)
    const second = await port.nextOrchestration(never)
    expect(ids(second)).toEqual(['event-e', 'event-f'])
    expect(second.messages.map(({ faultCount, deliveryCount }) => [faultCount, deliveryCount])).toEqual([[0, 2], [0, 2]])
    clock.advance('2s')
    await second.release([{ receipt: at(second, 0), outcome: 'consumed' }])
    const third = await port.nextOrchestration(never)
    expect(ids(third)).toEqual(['event-b', 'event-c', 'event-f'])
    expect(third.messages.map(({ faultCount }) => faultCount)).toEqual([0, 1, 0])
    expect(await quarantined(service)).toEqual([
      expect.objectContaining({ id: 'event-d', instanceId: 'i', code: 'DTFX_WIRE_INVALID', reason: 'odd', quarantinedAt: now }),
    ])
  })

  it('applies settlements of a checkpoint with the commit, and gives back what was not settled', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    await service.client.send([raised('a', 'one'), raised('a', 'two')])
    const item = await port.nextOrchestration(never)
    await item.complete(await checkpointOf(item, { settlements: [{ receipt: at(item, 0), outcome: 'consumed' }, { receipt: at(item, 1), outcome: 'fault' }] }))
    const next = await port.nextOrchestration(never)
    expect(next.messages.map(({ id, faultCount }) => [id, faultCount])).toEqual([['event-one', 1], ['event-two', 0]])
  })

  it('refuses receipts that are not of the item before it changes anything', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    await create(service, 'b')
    const a = await port.nextOrchestration(never)
    const b = await port.nextOrchestration(never)
    const wrong = await checkpointOf(a, { settlements: [{ receipt: at(a, 0), outcome: 'consumed' }, { receipt: at(b, 0), outcome: 'consumed' }] })
    await expect(a.complete(wrong)).rejects.toMatchObject({ code: 'DTFX_PERMANENT' })
    await expect(a.release([{ receipt: 'nonsense', outcome: 'consumed' }])).rejects.toMatchObject({ code: 'DTFX_PERMANENT' })
    expect(await service.client.getState('a', { payloads: true })).toMatchObject({ status: 'Pending' })
    expect(await a.complete(await checkpointOf(a))).toMatchObject({ outcome: 'committed' })
  })

  it('replays and deletes quarantined messages', async () => {
    const { service, port } = await memoryHub()
    await service.client.send([raised('i', 'bad')])
    const item = await port.nextOrchestration(never)
    await item.release([{ receipt: at(item, 0), outcome: 'fault' }])
    const again = await port.nextOrchestration(never)
    await again.release([{ receipt: at(again, 0), outcome: 'quarantine' }])
    expect(await isPending(port.nextOrchestration(AbortSignal.abort()).catch(() => {}))).toBe(false)
    expect(await service.quarantine.replay('unknown')).toBe(false)
    expect(await service.quarantine.replay('event-bad')).toBe(true)
    const replayed = await port.nextOrchestration(never)
    expect(replayed.messages[0]).toMatchObject({ id: 'event-bad', deliveryCount: 1, faultCount: 0 })
    await replayed.release([{ receipt: at(replayed, 0), outcome: 'quarantine' }])
    expect(await service.quarantine.delete('event-bad')).toBe(true)
    expect(await service.quarantine.delete('event-bad')).toBe(false)
    expect(await quarantined(service)).toEqual([])
  })

  it('replays activities into their queue', async () => {
    const { service, port } = await memoryHub()
    await create(service, 'a')
    await runTurn(port, { outbound: [activity('a', 0)] })
    const item = await port.nextActivity({}, never)
    await item.release({ receipt: item.delivered.receipt, outcome: 'quarantine', code: 'DTFX_POISON' })
    await service.quarantine.replay('x-a/0')
    expect((await port.nextActivity({}, never)).delivered).toMatchObject({ id: 'x-a/0', deliveryCount: 1 })
  })

  it('counts turns on suspect inputs until a commit or a release', async () => {
    const { service, port, clock } = await memoryHub()
    await create(service, 'a')
    const first = await port.nextOrchestration(never)
    expect(await first.markSuspect()).toBe(1)
    clock.advance('1m')
    const second = await port.nextOrchestration(never)
    expect(await second.markSuspect()).toBe(2)
    await second.release([])
    const third = await port.nextOrchestration(never)
    expect(await third.markSuspect()).toBe(1)
    await third.complete(await checkpointOf(third))
    await service.client.send([raised('a', 'one')])
    expect(await (await port.nextOrchestration(never)).markSuspect()).toBe(1)
  })
})
