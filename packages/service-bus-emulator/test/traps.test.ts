/**
 * Habits of the official client that its users must know. Each test shows what the client does and what the emulator does with it; they are described in docs/service-bus-emulator.md.
 * The tests that show a fault of the client fail when a later version of the client no longer has it.
 */
import { createServer } from 'node:net'
import { ServiceBusClient } from '@azure/service-bus'
import { startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import Long from 'long'
import rhea from 'rhea'
import { describe, expect, it } from 'vitest'
import { adminClient, bodies, eventually, failureOf, onlyEmulated, receive, receiveOne, useTestBed } from './test-bed.js'

const bed = useTestBed()
const turn = (): Promise<void> => new Promise((next) => setImmediate(next))

describe('1. settlements of different kinds in one turn of the event loop', () => {
  it('the client merges them: the second message gets the outcome of the first', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 'a' }, { body: 'b' }])
    const receiver = bed.client.createReceiver(name)
    const [a, b] = await receive(receiver, 2)
    await Promise.all([receiver.completeMessage(a!), receiver.abandonMessage(b!)])
    expect(await receiver.peekMessages(10)).toEqual([])
    await receiver.close()
  })

  it('a turn in between keeps them apart', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 'a' }, { body: 'b' }])
    const receiver = bed.client.createReceiver(name)
    const [a, b] = await receive(receiver, 2)
    const completed = receiver.completeMessage(a!)
    await turn()
    await Promise.all([completed, receiver.abandonMessage(b!)])
    expect(bodies(await receiver.peekMessages(10))).toEqual(['b'])
    await receiver.close()
  })

  onlyEmulated('many in a row, each with a turn before it, all get their own outcome', async () => {
    const name = await bed.queue({ maxDeliveryCount: 1_000 })
    await bed.client.createSender(name).sendMessages(Array.from({ length: 90 }, (_, body) => ({ body })))
    const receiver = bed.client.createReceiver(name)
    const messages = await receive(receiver, 90)
    const settled: Promise<void>[] = []
    for (const [index, message] of messages.entries()) {
      await turn()
      settled.push(index % 3 === 0 ? receiver.completeMessage(message) : index % 3 === 1 ? receiver.deadLetterMessage(message) : receiver.deferMessage(message))
    }
    await Promise.all(settled)
    expect(bed.emulator.counts(name)).toMatchObject({ active: 0, locked: 0, deferred: 30, deadLettered: 30 })
    await receiver.close()
  })
})

describe('2. setSessionState(null)', () => {
  it('stores the text "null": the state is not gone', async () => {
    const name = await bed.sessionQueue()
    const first = await bed.client.acceptSession(name, 'a')
    await first.setSessionState({ step: 1 })
    await first.setSessionState(null)
    // The client reads the text as JSON, so that both look the same to it.
    expect(await first.getSessionState()).toBeNull()
    await first.close()
    if (bed.connectionString.includes('UseDevelopmentEmulator')) expect(bed.emulator.counts(name).sessions).toBe(1)
  })

  onlyEmulated('an AMQP null deletes the state, and the session with it', async () => {
    const name = await bed.sessionQueue()
    const receiver = await bed.client.acceptSession(name, 'a')
    await receiver.setSessionState('x')
    const amqpNull = { constructor: { isBuffer: () => true }, toRheaTyped: () => rhea.types.wrap(null) }
    await receiver.setSessionState(amqpNull)
    expect(await receiver.getSessionState()).toBeNull()
    await receiver.close()
    await eventually(() => bed.emulator.counts(name).sessions === 0)
  })
})

describe('3. receiveMessages of more than one', () => {
  it('waits a second after the first message, unless the number is reached', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1 }, { body: 2 }])
    const receiver = bed.client.createReceiver(name)
    const startedMs = performance.now()
    expect(await receiver.receiveMessages(10, { maxWaitTimeInMs: 20_000 })).toHaveLength(2)
    expect(performance.now() - startedMs).toBeGreaterThan(900)
    await receiver.close()
  })

  onlyEmulated('peeking tells how many there are: that many come at once', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1 }, { body: 2 }])
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    const startedMs = performance.now()
    const { length } = await receiver.peekMessages(100, { fromSequenceNumber: Long.ONE })
    expect(await receiver.receiveMessages(length)).toHaveLength(2)
    expect(performance.now() - startedMs).toBeLessThan(900)
    await receiver.close()
  })
})

describe('4. peekMessages without fromSequenceNumber', () => {
  it('keeps one cursor per queue, shared by all sessions', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages([{ body: 1, sessionId: 'a' }, { body: 2, sessionId: 'b' }])
    const b = await bed.client.acceptSession(name, 'b')
    const a = await bed.client.acceptSession(name, 'a')
    expect(bodies(await b.peekMessages(1))).toEqual([2])
    expect(await a.peekMessages(1)).toEqual([])
    expect(bodies(await a.peekMessages(1, { fromSequenceNumber: Long.ONE }))).toEqual([1])
    await Promise.all([a.close(), b.close()])
  })
})

describe('5. a connection that breaks', () => {
  onlyEmulated('while the client is idle is replaced by the next call', async () => {
    const name = await bed.queue()
    const client = bed.newClient({})
    const sender = client.createSender(name)
    await sender.sendMessages({ body: 1 })
    bed.emulator.faults.dropConnections()
    // The client has to notice before the next call.
    await eventually(() => bed.emulator.connectionCount === 0)
    for (let count = 0; count < 10; count++) await turn()
    const startedMs = performance.now()
    await sender.sendMessages({ body: 2 })
    expect(performance.now() - startedMs).toBeLessThan(3_000)
    expect(bed.emulator.counts(name).active).toBe(2)
    await client.close()
  })

  onlyEmulated('while a link is being opened makes the whole client wait for an answer that cannot come', async () => {
    const name = await bed.queue()
    const timeoutInMs = 300
    const client = new ServiceBusClient(bed.connectionString, { retryOptions: { maxRetries: 1, retryDelayInMs: 10, timeoutInMs } })
    bed.emulator.faults.inject({ on: 'authorize', fault: { kind: 'drop-connection' } })
    const startedMs = performance.now()
    await failureOf(client.createSender(name).sendMessages({ body: 1 }))
    expect(performance.now() - startedMs).toBeGreaterThan(2 * timeoutInMs - 20)
    // The emulator is there, and so it is for a new client; the old one goes on waiting.
    await failureOf(client.createSender(name).sendMessages({ body: 2 }))
    await bed.newClient().createSender(name).sendMessages({ body: 3 })
    expect(bed.emulator.counts(name).active).toBe(1)
    void client.close().catch(() => undefined)
  })
})

describe('6. nobody listens', () => {
  it('is not retried by the client', async () => {
    const server = createServer()
    const port = await new Promise<number>((done) => server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port)))
    await new Promise((done) => server.close(done))
    const client = new ServiceBusClient(`Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true`, { retryOptions: { maxRetries: 5, retryDelayInMs: 2_000 } })
    const startedMs = performance.now()
    const failure = await failureOf(client.createSender('q').sendMessages({ body: 1 }))
    expect(failure).toMatchObject({ retryable: false })
    expect(failure.message).toMatch(/ECONNREFUSED/)
    expect(performance.now() - startedMs).toBeLessThan(1_900)
    await client.close()
  })

  onlyEmulated('a call after the restart on the same port succeeds', async () => {
    const first = await startServiceBusEmulator({ queues: [{ name: 'q' }] })
    const client = new ServiceBusClient(first.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 2_000 } })
    const sender = client.createSender('q')
    await sender.sendMessages({ body: 1 })
    await first.close()
    await failureOf(sender.sendMessages({ body: 2 }))
    await using second = await startServiceBusEmulator({ port: first.port, queues: [{ name: 'q' }] })
    await sender.sendMessages({ body: 3 })
    expect(second.counts('q').active).toBe(1)
    await client.close()
  })
})

describe('7. a session receiver', () => {
  onlyEmulated('does not come back after its lock is lost: a late one cannot write', async () => {
    const name = await bed.sessionQueue()
    const zombie = await bed.client.acceptSession(name, 'a')
    bed.emulator.faults.expireSession(name, 'a')
    await eventually(() => zombie.isClosed)
    const owner = await bed.client.acceptSession(name, 'a')
    await owner.setSessionState('of the owner')
    expect((await failureOf(zombie.setSessionState('of the zombie'))).code).toBe('SessionLockLost')
    expect((await failureOf(zombie.receiveMessages(1, { maxWaitTimeInMs: 100 }))).message).toBeTruthy()
    expect(await owner.getSessionState()).toBe('of the owner')
    await owner.close()
  })
})

describe('8. session ids may change their case', () => {
  onlyEmulated('the emulator does it on demand', async () => {
    await using emulator = await startServiceBusEmulator({ queues: [{ name: 'q', requiresSession: true }], lowerCaseSessionIds: true })
    const client = new ServiceBusClient(emulator.connectionString)
    await client.createSender('q').sendMessages({ body: 1, sessionId: 'Order-A' })
    const receiver = await client.acceptNextSession('q')
    expect((await receiveOne(receiver)).sessionId).toBe('order-a')
    await client.close()
  })
})

describe('9. the administration client', () => {
  onlyEmulated('says that a queue is not there when nobody answers', async () => {
    const emulator = await startServiceBusEmulator({ queues: [{ name: 'q' }] })
    const admin = adminClient(emulator.connectionString)
    // Three tries of two seconds make no difference.
    admin.pipeline.removePolicy({ name: 'defaultRetryPolicy' })
    expect(await admin.queueExists('q')).toBe(true)
    await emulator.close()
    expect(await admin.queueExists('q')).toBe(false)
  })
})
