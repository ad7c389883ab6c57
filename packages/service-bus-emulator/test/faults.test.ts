/** Faults on purpose: what they do to the broker, and what the client makes of them. */
import { ServiceBusClient } from '@azure/service-bus'
import type { FaultRule } from '@dtfx/service-bus-emulator'
import { describe, expect } from 'vitest'
import { bodies, eventually, failureOf, onlyEmulated, receive, receiveOne, useTestBed } from './test-bed.js'

const bed = useTestBed()
const patient = { retryOptions: { maxRetries: 5, retryDelayInMs: 10, timeoutInMs: 400 } }

describe('server busy', () => {
  onlyEmulated('without retries it reaches the caller', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'server-busy' } })
    const sender = bed.client.createSender(name)
    expect(await failureOf(sender.sendMessages({ body: 1 }))).toMatchObject({ code: 'ServiceBusy', retryable: true })
    await sender.sendMessages({ body: 2 })
    expect(bodies(await receive(bed.client.createReceiver(name), 1))).toEqual([2])
  })

  onlyEmulated('requests can be busy, by name', async () => {
    const name = await bed.sessionQueue()
    const receiver = await bed.client.acceptSession(name, 'a')
    const fault = bed.emulator.faults.inject({ on: 'request', request: 'set-session-state', fault: { kind: 'server-busy' } })
    await receiver.getSessionState()
    expect(fault.hits).toBe(0)
    expect((await failureOf(receiver.setSessionState('x'))).code).toBe('ServiceBusy')
    expect(fault.hits).toBe(1)
    await receiver.setSessionState('y')
    expect(await receiver.getSessionState()).toBe('y')
    await receiver.close()
  })
})

describe('lost acknowledgements', () => {
  onlyEmulated('a send that took effect is repeated by the client: the message is there twice', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'lose-acknowledgement', effect: 'after' } })
    const client = bed.newClient(patient)
    await client.createSender(name).sendMessages({ body: 1, messageId: 'm' })
    expect(bed.emulator.counts(name).active).toBe(2)
  })

  onlyEmulated('with duplicate detection it is there once', async () => {
    const name = await bed.queue({ requiresDuplicateDetection: true })
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'lose-acknowledgement', effect: 'after' } })
    await bed.newClient(patient).createSender(name).sendMessages({ body: 1, messageId: 'm' })
    expect(bed.emulator.counts(name).active).toBe(1)
  })

  onlyEmulated('a send that had no effect is repeated, and there once', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'lose-acknowledgement', effect: 'before' } })
    await bed.newClient(patient).createSender(name).sendMessages({ body: 1 })
    expect(bed.emulator.counts(name).active).toBe(1)
  })

  onlyEmulated('of one send among others are lost alone', async () => {
    const name = await bed.queue()
    const client = bed.newClient({ retryOptions: { maxRetries: 0, timeoutInMs: 400 } })
    const sender = client.createSender(name)
    await sender.sendMessages({ body: 0 })
    bed.emulator.faults.inject({ on: 'send', queue: name, skip: 3, fault: { kind: 'lose-acknowledgement', effect: 'before' } })
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((body) => sender.sendMessages({ body })))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(bodies(await receive(bed.client.createReceiver(name), 6))).toEqual([0, 1, 2, 3, 5, 6])
  })

  onlyEmulated.each(['before', 'after'] as const)('a completion whose answer breaks with the connection (%s)', async (effect) => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    const client = bed.newClient()
    const receiver = client.createReceiver(name)
    const message = await receiveOne(receiver)
    const fault = bed.emulator.faults.inject({ on: 'settle', queue: name, fault: { kind: 'lose-acknowledgement', effect, thenDrop: true } })
    const settled = receiver.completeMessage(message).catch(() => undefined)
    await eventually(() => fault.hits === 1)
    expect(bed.emulator.counts(name)).toMatchObject({ locked: effect === 'before' ? 1 : 0, active: 0 })
    void settled
  })

  onlyEmulated('a session state that took effect without an answer', async () => {
    const name = await bed.sessionQueue()
    const client = bed.newClient({ retryOptions: { maxRetries: 0, timeoutInMs: 300 } })
    const receiver = await client.acceptSession(name, 'a')
    bed.emulator.faults.inject({ on: 'request', request: 'set-session-state', fault: { kind: 'lose-acknowledgement', effect: 'after' } })
    await failureOf(receiver.setSessionState('written'))
    expect(await receiver.getSessionState()).toBe('written')
    await client.close()
  })
})

describe('connections', () => {
  onlyEmulated('all of them are dropped: a session is free at once, uncounted', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a' })
    const client = bed.newClient()
    const receiver = await client.acceptSession(name, 'a')
    await receiveOne(receiver)
    bed.emulator.faults.dropConnections()
    await eventually(() => receiver.isClosed)
    const again = await bed.newClient().acceptSession(name, 'a')
    expect((await receiveOne(again)).deliveryCount).toBe(0)
    await again.close()
  })

  onlyEmulated('a connection that breaks in place of a send', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'drop-connection' } })
    await bed.newClient(patient).createSender(name).sendMessages({ body: 1 })
    expect(bed.emulator.counts(name).active).toBe(1)
  })

  onlyEmulated('a connection that is refused as busy', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'connect', fault: { kind: 'server-busy' } })
    const failing = new ServiceBusClient(bed.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 1_000 } })
    await failureOf(failing.createSender(name).sendMessages({ body: 1 }))
    await failing.close()
    await bed.newClient().createSender(name).sendMessages({ body: 2 })
    expect(bed.emulator.counts(name).active).toBe(1)
  })

  onlyEmulated('links without traffic are closed; senders open theirs again', async () => {
    const name = await bed.queue()
    const client = bed.newClient(patient)
    const sender = client.createSender(name)
    await sender.sendMessages({ body: 1 })
    expect(bed.emulator.faults.closeIdleLinks()).toBeGreaterThan(0)
    await sender.sendMessages({ body: 2 })
    expect(bed.emulator.counts(name).active).toBe(2)
  })
})

describe('delays and order', () => {
  onlyEmulated('a delayed accept gets its session, and its messages', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 1, sessionId: 'a' })
    bed.emulator.faults.inject({ on: 'attach', queue: name, fault: { kind: 'delay', delayMs: 50 } })
    const receiver = await bed.client.acceptNextSession(name)
    expect((await receiveOne(receiver)).body).toBe(1)
    await receiver.close()
  })

  onlyEmulated('a delayed receiver gets its messages', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    bed.emulator.faults.inject({ on: 'attach', queue: name, fault: { kind: 'delay', delayMs: 50 } })
    expect((await receiveOne(bed.client.createReceiver(name))).body).toBe(1)
  })

  onlyEmulated('a delayed send takes effect when the delay is over', async () => {
    const name = await bed.queue()
    bed.emulator.faults.inject({ on: 'send', queue: name, fault: { kind: 'delay', delayMs: 150 } })
    const startedMs = performance.now()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    expect(performance.now() - startedMs).toBeGreaterThan(140)
  })

  onlyEmulated('rules skip, repeat and end', async () => {
    const name = await bed.queue()
    const fault = bed.emulator.faults.inject({ on: 'send', queue: name.toUpperCase(), skip: 1, times: 2, fault: { kind: 'server-busy' } })
    const sender = bed.client.createSender(name)
    const outcomes: boolean[] = []
    for (let count = 0; count < 5; count++) outcomes.push(await sender.sendMessages({ body: count }).then(() => true, () => false))
    expect(outcomes).toEqual([true, false, false, true, true])
    expect(fault.hits).toBe(2)
  })

  onlyEmulated('a rule that is removed, or all of them, no longer strike', async () => {
    const name = await bed.queue()
    const { faults } = bed.emulator
    faults.inject({ on: 'send', queue: name, fault: { kind: 'server-busy' } }).remove()
    faults.inject({ on: 'send', queue: name, times: 9, fault: { kind: 'server-busy' } })
    faults.clear()
    await bed.client.createSender(name).sendMessages({ body: 1 })
  })
})

describe('rules that could never strike', () => {
  onlyEmulated.each<[string, object, RegExp]>([
    ['an unknown operation', { on: 'sending', fault: { kind: 'server-busy' } }, /strikes on connect, authorize/],
    ['an unknown kind', { on: 'send', fault: { kind: 'explode' } }, /kinds of faults are drop-connection/],
    ['a delay of nothing', { on: 'send', fault: { kind: 'delay' } }, /needs delayMs/],
    ['an acknowledgement lost at no time', { on: 'send', fault: { kind: 'lose-acknowledgement' } }, /needs effect/],
  ])('%s is refused', (_what, rule, message) => {
    expect(() => bed.emulator.faults.inject(rule as FaultRule)).toThrow(message)
  })
})

describe('locks and ids', () => {
  onlyEmulated('a lock ends just before the completion', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    bed.emulator.faults.inject({ on: 'settle', queue: name, fault: { kind: 'expire-lock' } })
    expect((await failureOf(receiver.completeMessage(message))).code).toBe('MessageLockLost')
    expect((await receiveOne(receiver)).deliveryCount).toBe(1)
    await receiver.close()
  })

  onlyEmulated('a session lock ends just before its state is written: nothing is written', async () => {
    const name = await bed.sessionQueue()
    const receiver = await bed.client.acceptSession(name, 'a')
    await receiver.setSessionState('old')
    bed.emulator.faults.inject({ on: 'request', request: 'set-session-state', fault: { kind: 'expire-lock' } })
    expect((await failureOf(receiver.setSessionState('new'))).code).toBe('SessionLockLost')
    const next = await bed.client.acceptSession(name, 'a')
    expect(await next.getSessionState()).toBe('old')
    await next.close()
  })

  onlyEmulated('all locks of a queue end at once', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1 }, { body: 2 }])
    const receiver = bed.client.createReceiver(name)
    await receive(receiver, 2)
    bed.emulator.faults.expireLocks(name)
    expect((await receive(receiver, 2)).map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1])
    await receiver.close()
  })

  onlyEmulated('session ids come back in lower case', async () => {
    const name = await bed.sessionQueue()
    bed.emulator.faults.lowerCaseSessionIds(true)
    await bed.client.createSender(name).sendMessages([{ body: 1, sessionId: 'MixedCase' }, { body: 2, sessionId: 'mixedcase' }])
    const receiver = await bed.client.acceptNextSession(name)
    expect(receiver.sessionId).toBe('mixedcase')
    expect((await receive(receiver, 2)).map(({ sessionId }) => sessionId)).toEqual(['mixedcase', 'mixedcase'])
    await receiver.setSessionState('of both')
    await receiver.close()
    const named = await bed.client.acceptSession(name, 'MixedCase')
    expect(named.sessionId).toBe('MixedCase')
    expect(await named.getSessionState()).toBe('of both')
    await named.close()
    bed.emulator.faults.lowerCaseSessionIds(false)
  })
})
