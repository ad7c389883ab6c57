import { describe, expect, it } from 'vitest'
import type { OutboundMessage } from '@dtfx/core/provider'
import { activity, create, isPending, memoryHub, never, raised, runTurn, startOf, stateOf } from './memory-hub.js'

function timer(instanceId: string, timerId: number, fireAt: string): OutboundMessage {
  return {
    id: `x-${instanceId}/${timerId}`,
    target: { kind: 'instance', instanceId },
    deliverAt: fireAt,
    message: { instance: { instanceId, executionId: `x-${instanceId}` }, event: { type: 'TimerFired', eventId: -1, timestamp: fireAt, timerId, fireAt } },
  }
}

describe('delayed messages', () => {
  it('arrive in the order of their times, and at equal times of their sending', async () => {
    const { service, port, clock } = await memoryHub()
    const at = (ms: number): string => new Date(clock.nowMs() + ms).toISOString()
    await service.client.send([raised('a', 'late', { deliverAt: at(20) }), raised('a', 'x', { deliverAt: at(10) }), raised('a', 'y', { deliverAt: at(10) }), raised('a', 'past', { deliverAt: at(-10) })])
    expect((await port.nextOrchestration(never)).messages.map(({ id }) => id)).toEqual(['event-past'])
    const other = port.nextOrchestration(never)
    expect(await isPending(other)).toBe(true)
    clock.advance(20)
    await service.client.send([raised('b', 'wake')])
    expect((await other).instanceId).toBe('b')
    expect(service.occupancy()).toMatchObject({ delayed: 0, heldOrchestrations: 2 })
  })

  it('count as arrived when they become visible', async () => {
    const { service, port, clock } = await memoryHub()
    await service.client.send([raised('a', 'timed', { deliverAt: '2030-01-01T00:00:10.000Z' })])
    clock.advance('5s')
    await service.client.send([raised('a', 'first')])
    clock.advance('10s')
    const { messages } = await port.nextOrchestration(never)
    expect(messages.map(({ id, enqueuedAt }) => [id, enqueuedAt])).toEqual([['event-first', '2030-01-01T00:00:05.000Z'], ['event-timed', '2030-01-01T00:00:10.000Z']])
  })

  it('can be activities', async () => {
    const { service, port, clock } = await memoryHub()
    await create(service, 'a')
    await runTurn(port, { outbound: [{ ...activity('a', 0), deliverAt: '2030-01-01T00:00:01.000Z' }] })
    const next = port.nextActivity({}, never)
    expect(await isPending(next)).toBe(true)
    clock.advance('1s')
    expect((await next).delivered.id).toBe('x-a/0')
  })

  it('use one timer of the clock, which leaves with them', async () => {
    const { service, port, clock } = await memoryHub({ lockTimeoutMs: 'none' })
    await create(service, 'a')
    await create(service, 'b')
    await runTurn(port, { outbound: [timer('a', 0, '2030-01-03T00:00:00.000Z'), timer('a', 1, '2030-01-02T00:00:00.000Z')] })
    await runTurn(port, { outbound: [timer('b', 0, '2030-01-05T00:00:00.000Z')] })
    expect(clock.pendingTimers).toBe(1)
    expect(clock.nextTimerMs()).toBe(Date.parse('2030-01-02T00:00:00.000Z'))
    await service.client.send([raised('a', 'end')])
    await runTurn(port, { state: stateOf('a', { status: 'Completed' }) })
    expect(service.occupancy().delayed).toBe(1)
    expect(clock.nextTimerMs()).toBe(Date.parse('2030-01-05T00:00:00.000Z'))
    await service.client.send([raised('b', 'again')])
    await runTurn(port, { state: stateOf('b', { executionId: 'next' }) })
    expect(service.occupancy().delayed).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it.each(['messages-first', 'state-first-outbox', 'atomic'] as const)('%s: timers leave with the execution that set them', async (commit) => {
    const { service, port } = await memoryHub({ commit })
    await create(service, 'a')
    await runTurn(port, { outbound: [timer('a', 1, '2031-01-01T00:00:00.000Z')] })
    expect(service.occupancy().delayed).toBe(1)
    await service.client.send([raised('a', 'go')])
    await runTurn(port, { executionId: 'next', state: stateOf('a', { executionId: 'next' }) })
    expect(service.occupancy().delayed).toBe(0)
  })

  it('those of an execution that is not committed yet stay when the state of the one before it is shown', async () => {
    const { service, port } = await memoryHub({ commit: 'messages-first' })
    await create(service, 'a')
    const early = timer('a', 1, '2031-01-01T00:00:00.000Z')
    await service.client.send([{ ...early, message: { ...early.message, instance: { instanceId: 'a', executionId: 'next' } } }])
    await runTurn(port, {})
    expect(service.occupancy().delayed).toBe(1)
  })

  it('hold a scheduled start, and what was sent with it, until its time', async () => {
    const { service, port, clock } = await memoryHub()
    const start = startOf('a', { deliverAt: '2030-01-02T00:00:00.000Z' })
    await service.client.create({ start, messages: [raised('a', 'with'), raised('a', 'later', { deliverAt: '2030-01-03T00:00:00.000Z' })], reuse: 'error' })
    expect(await service.client.getState('a', { payloads: true })).toMatchObject({ status: 'Pending', scheduledStartAt: start.deliverAt })
    const next = port.nextOrchestration(never)
    expect(await isPending(next)).toBe(true)
    clock.advance('1d')
    expect((await next).messages.map(({ id }) => id)).toEqual(['start-a', 'event-with'])
  })

  it('does not start what was terminated and purged before its time', async () => {
    const { service, port, clock } = await memoryHub({ lockTimeoutMs: 'none' })
    await service.client.create({ start: startOf('a', { deliverAt: '2030-01-02T00:00:00.000Z' }), reuse: 'error' })
    await service.client.send([raised('a', 'terminate')])
    await runTurn(port, { state: stateOf('a', { status: 'Terminated' }) })
    expect(await service.purge.purge('a')).toBe('purged')
    expect(clock.pendingTimers).toBe(0)
  })
})
