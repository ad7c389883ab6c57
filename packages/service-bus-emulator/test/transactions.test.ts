/** Transactions of AMQP, as .NET clients use them: session state, sends to other queues and settlements take effect together or not at all. */
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { bodies, eventually, isEmulated, onlyEmulated, receive, useTestBed } from './test-bed.js'
import { accepted, modified, TransactionClient } from './transaction-client.js'

const bed = useTestBed()
let client: TransactionClient
beforeAll(async () => {
  // The client library prints what it does not know: transactional states.
  for (const method of ['error', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => undefined)
  if (isEmulated) client = await TransactionClient.connect(bed.emulator)
})
afterAll(() => client?.close())

/** Two messages in a session, one other queue, a transaction with all three kinds of operations. */
async function prepared(): Promise<{ source: string; target: string; id: Buffer; settleAll: () => void }> {
  const [source, target] = await Promise.all([bed.sessionQueue(), bed.queue()])
  await bed.client.createSender(source).sendMessages([{ body: 1, sessionId: 'a' }, { body: 2, sessionId: 'a' }])
  const { link, deliveries } = await client.receive(source, 2, 'a')
  const id = await client.declare()
  expect(await client.request(source, 'set-session-state', { 'session-id': 'a', 'session-state': Buffer.from('new') }, link.name, id)).toBe(200)
  expect(await client.send(await client.sender(target), 'task', id)).toBeUndefined()
  return { source, target, id, settleAll: () => deliveries.forEach((delivery) => client.settle(delivery, id, accepted())) }
}

/** Answers to settlements come before that to a request made after them. */
const settled = (source: string): Promise<number> => client.request(source, 'peek-message', { 'from-sequence-number': 1, 'message-count': 1 }, undefined, undefined)

describe('a transaction', () => {
  onlyEmulated('shows nothing before it is committed, and everything after', async () => {
    const { source, target, id, settleAll } = await prepared()
    settleAll()
    await settled(source)
    expect(bed.emulator.counts(source)).toMatchObject({ locked: 2 })
    expect(bed.emulator.counts(target).active).toBe(0)
    expect(await client.discharge(id, false)).toBeUndefined()
    expect(bed.emulator.counts(source)).toMatchObject({ locked: 0, active: 0, sessions: 1 })
    expect(bodies(await receive(bed.client.createReceiver(target), 1))).toEqual(['task'])
  })

  onlyEmulated('that is rolled back leaves everything as it was', async () => {
    const { source, target, id, settleAll } = await prepared()
    settleAll()
    await settled(source)
    expect(await client.discharge(id, true)).toBeUndefined()
    expect(bed.emulator.counts(source)).toMatchObject({ locked: 2, sessions: 1 })
    expect(bed.emulator.counts(target).active).toBe(0)
  })

  onlyEmulated('whose session was lost meanwhile is rolled back as a whole', async () => {
    const { source, target, id, settleAll } = await prepared()
    settleAll()
    await settled(source)
    bed.emulator.faults.expireSession(source, 'a')
    expect(await client.discharge(id, false)).toBe('amqp:transaction:rollback')
    expect(bed.emulator.counts(source)).toMatchObject({ active: 2 })
    expect(bed.emulator.counts(target).active).toBe(0)
  })

  onlyEmulated('ends once', async () => {
    const id = await client.declare()
    expect(await client.discharge(id, false)).toBeUndefined()
    expect(await client.discharge(id, false)).toBe('amqp:transaction:unknown-id')
  })

  onlyEmulated('that is not known takes nothing', async () => {
    const queue = await bed.queue()
    expect(await client.send(await client.sender(queue), 'x', Buffer.from('nobody'))).toBe('amqp:transaction:unknown-id')
    expect(bed.emulator.counts(queue).active).toBe(0)
  })

  onlyEmulated('is rolled back when its connection is gone', async () => {
    const queue = await bed.queue()
    await bed.client.createSender(queue).sendMessages({ body: 1 })
    const other = await TransactionClient.connect(bed.emulator)
    const { deliveries } = await other.receive(queue, 1)
    const id = await other.declare()
    other.settle(deliveries[0]!, id, accepted())
    await other.send(await other.sender(queue), 'never', id)
    other.close()
    await eventually(() => bed.emulator.connectionCount === 2)
    bed.emulator.faults.expireLocks(queue)
    expect(bodies(await receive(bed.client.createReceiver(queue), 1))).toEqual([1])
    expect(bed.emulator.counts(queue).active).toBe(0)
  })

  onlyEmulated('abandons and defers as well', async () => {
    const queue = await bed.queue()
    await bed.client.createSender(queue).sendMessages([{ body: 1 }, { body: 2 }])
    const { deliveries } = await client.receive(queue, 2)
    const id = await client.declare()
    client.settle(deliveries[0]!, id, modified(false))
    // Trap 1 of the client library holds here too.
    await new Promise((next) => setImmediate(next))
    client.settle(deliveries[1]!, id, modified(true))
    await settled(queue)
    expect(bed.emulator.counts(queue).locked).toBe(2)
    await client.discharge(id, false)
    expect(bed.emulator.counts(queue)).toMatchObject({ locked: 0, active: 1, deferred: 1 })
  })

  onlyEmulated('one of whose messages the queue refuses is refused at once, and can still be rolled back', async () => {
    const queue = await bed.sessionQueue()
    const id = await client.declare()
    expect(await client.send(await client.sender(queue), 'without a session', id)).toBe('amqp:not-allowed')
    expect(await client.discharge(id, true)).toBeUndefined()
  })

  onlyEmulated('sends via one queue to another', async () => {
    const [via, target] = await Promise.all([bed.queue(), bed.queue()])
    const link = await client.sender(via, { properties: { 'com.microsoft:transfer-destination-address': target } })
    const id = await client.declare()
    await client.send(link, 'onwards', id)
    expect(bed.emulator.counts(target).active).toBe(0)
    await client.discharge(id, false)
    expect(bed.emulator.counts(target).active).toBe(1)
    expect(bed.emulator.counts(via).active).toBe(0)
  })

  onlyEmulated('takes no request that answers with what does not exist yet', async () => {
    const queue = await bed.queue()
    const id = await client.declare()
    expect(await client.request(queue, 'schedule-message', { messages: [] }, undefined, id)).toBe(501)
    await client.discharge(id, true)
  })
})
