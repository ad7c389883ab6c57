/** Sessions: accepting a named and the next one, order, state, locks, fairness. */
import { ServiceBusClient, type ServiceBusSessionReceiver } from '@azure/service-bus'
import { describe, expect, it } from 'vitest'
import { bodies, eventually, failureOf, isEmulated, receive, receiveOne, receiveRest, useTestBed } from './test-bed.js'

const bed = useTestBed()

const send = (name: string, ...messages: readonly (readonly [sessionId: string, body: unknown])[]): Promise<void> =>
  bed.client.createSender(name).sendMessages(messages.map(([sessionId, body]) => ({ sessionId, body })))

/** Reads every body of one session and completes it. */
async function drain(receiver: ServiceBusSessionReceiver): Promise<unknown[]> {
  const messages = await receiveRest(receiver)
  for (const message of messages) await receiver.completeMessage(message)
  return bodies(messages)
}

describe('accepting', () => {
  it('the next session: its messages in order, and no others', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1], ['b', 2], ['a', 3])
    const receiver = await bed.client.acceptNextSession(name)
    expect(receiver.sessionId).toBe('a')
    expect(receiver.sessionLockedUntilUtc.getTime()).toBeGreaterThan(Date.now())
    expect(await drain(receiver)).toEqual([1, 3])
    await receiver.close()
  })

  it('a named session', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1], ['b', 2])
    const receiver = await bed.client.acceptSession(name, 'b')
    expect(receiver.sessionId).toBe('b')
    expect(await drain(receiver)).toEqual([2])
    await receiver.close()
  })

  it('a named session that has no messages yet', async () => {
    const name = await bed.sessionQueue()
    const receiver = await bed.client.acceptSession(name, 'new')
    await send(name, ['new', 1])
    expect((await receiveOne(receiver)).sessionId).toBe('new')
    await receiver.close()
  })

  it('a session that is held is refused to others, until it is given back', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1])
    const receiver = await bed.client.acceptSession(name, 'a')
    expect((await failureOf(bed.client.acceptSession(name, 'a'))).code).toBe('SessionCannotBeLocked')
    await receiver.close()
    await (await bed.client.acceptSession(name, 'a')).close()
  })

  it('several receivers hold one session each', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1], ['b', 2], ['c', 3])
    const receivers = await Promise.all([1, 2, 3].map(() => bed.client.acceptNextSession(name)))
    expect(receivers.map(({ sessionId }) => sessionId).sort()).toEqual(['a', 'b', 'c'])
    await Promise.all(receivers.map((receiver) => receiver.close()))
  })

  it('waits for a session that becomes available later', async () => {
    const name = await bed.sessionQueue()
    const waiting = bed.client.acceptNextSession(name)
    await send(name, ['late', 1])
    const receiver = await waiting
    expect(receiver.sessionId).toBe('late')
    expect(await drain(receiver)).toEqual([1])
    await receiver.close()
  })

  it('gives up after the time the client asks for', async () => {
    const name = await bed.sessionQueue()
    const hasty = new ServiceBusClient(bed.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: isEmulated ? 300 : 5_000 } })
    expect((await failureOf(hasty.acceptNextSession(name))).code).toBe('ServiceTimeout')
    await hasty.close()
  })

  it('a receiver that gave up takes no session away', async () => {
    const name = await bed.sessionQueue()
    const hasty = new ServiceBusClient(bed.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: isEmulated ? 300 : 5_000 } })
    await failureOf(hasty.acceptNextSession(name))
    await hasty.close()
    await send(name, ['a', 1])
    await (await bed.client.acceptNextSession(name)).close()
  })

  it('needs a queue with sessions, and such a queue needs it', async () => {
    const plain = await bed.queue()
    const withSessions = await bed.sessionQueue()
    // The client sees the answer without a session before it sees why.
    expect((await failureOf(bed.client.acceptSession(plain, 'a'))).message).toMatch(/does not require sessions|Failed to create a receiver/)
    expect((await failureOf(bed.client.createReceiver(withSessions).receiveMessages(1, { maxWaitTimeInMs: 1_000 }))).message).toMatch(/requires sessions/)
  })

  it('a message without a session id is refused by a queue with sessions', async () => {
    const name = await bed.sessionQueue()
    expect((await failureOf(bed.client.createSender(name).sendMessages({ body: 1 }))).message).toMatch(/SessionId was not set/)
  })
})

describe('order and fairness', () => {
  it('abandoned and lost messages keep their place', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1], ['a', 2], ['a', 3])
    const receiver = await bed.client.acceptSession(name, 'a')
    const [first, second] = await receive(receiver, 2)
    await receiver.abandonMessage(second!)
    await receiver.abandonMessage(first!)
    expect(bodies(await receive(receiver, 3))).toEqual([1, 2, 3])
    await receiver.close()
    const again = await bed.client.acceptSession(name, 'a')
    expect(await drain(again)).toEqual([1, 2, 3])
    await again.close()
  })

  it('closing a receiver gives its messages back at once and counts nothing', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1])
    const first = await bed.client.acceptNextSession(name)
    await receiveOne(first)
    await first.close()
    const second = await bed.client.acceptNextSession(name)
    expect((await receiveOne(second)).deliveryCount).toBe(0)
    await second.close()
  })

  it('a session with a backlog does not starve the others', async () => {
    const name = await bed.sessionQueue()
    await send(name, ...Array.from({ length: 30 }, (_, index): [string, number] => ['busy', index]), ['quiet', 1], ['calm', 2])
    const seen: string[] = []
    for (let turn = 0; turn < 6; turn++) {
      const receiver = await bed.client.acceptNextSession(name)
      seen.push(receiver.sessionId)
      await receiver.completeMessage(await receiveOne(receiver))
      await receiver.close()
    }
    expect(new Set(seen.slice(0, 3))).toEqual(new Set(['busy', 'quiet', 'calm']))
  })

  it('a held session receives what is sent to it, others do not', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1], ['b', 1])
    const [a, b] = await Promise.all([bed.client.acceptSession(name, 'a'), bed.client.acceptSession(name, 'b')])
    await drain(a)
    await drain(b)
    await send(name, ['b', 2], ['a', 3])
    expect((await receiveOne(a)).body).toBe(3)
    expect((await receiveOne(b)).body).toBe(2)
    await Promise.all([a.close(), b.close()])
  })

  it('a subscription works through one session in order', async () => {
    const name = await bed.sessionQueue()
    await send(name, ...Array.from({ length: 25 }, (_, index): [string, number] => ['a', index]))
    const receiver = await bed.client.acceptNextSession(name)
    const got: unknown[] = []
    receiver.subscribe({ processMessage: async ({ body }) => void got.push(body), processError: async () => undefined })
    await eventually(() => got.length === 25)
    expect(got).toEqual([...Array(25).keys()])
    await eventually(async () => (await receiver.peekMessages(1)).length === 0)
    await receiver.close()
  })
})

describe('state', () => {
  const state = (receiver: ServiceBusSessionReceiver): Promise<unknown> => receiver.getSessionState() as Promise<unknown>

  it('is empty at first, and kept when the session is given back', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1])
    const first = await bed.client.acceptSession(name, 'a')
    expect(await state(first)).toBeNull()
    await first.setSessionState({ step: 1 })
    await first.close()
    const second = await bed.client.acceptSession(name, 'a')
    expect(await state(second)).toEqual({ step: 1 })
    await second.close()
  })

  it('bytes stay the bytes they were', async () => {
    const name = await bed.sessionQueue()
    const bytes = Buffer.from([0x1f, 0x8b, 0, 255, 254, 1])
    const receiver = await bed.client.acceptSession(name, 'a')
    await receiver.setSessionState(bytes)
    expect(bytes.equals((await state(receiver)) as Buffer)).toBe(true)
    await receiver.close()
  })

  it('can be as large as a message', async () => {
    const name = await bed.sessionQueue()
    const receiver = await bed.client.acceptSession(name, 'a')
    const large = Buffer.alloc(200_000, 7)
    await receiver.setSessionState(large)
    expect(large.equals((await state(receiver)) as Buffer)).toBe(true)
    await receiver.close()
  })

  it('belongs to one session', async () => {
    const name = await bed.sessionQueue()
    const [a, b] = await Promise.all([bed.client.acceptSession(name, 'a'), bed.client.acceptSession(name, 'b')])
    await a.setSessionState('of a')
    expect(await state(b)).toBeNull()
    await Promise.all([a.close(), b.close()])
  })

  it('outlives the messages', async () => {
    const name = await bed.sessionQueue()
    await send(name, ['a', 1])
    const first = await bed.client.acceptSession(name, 'a')
    await drain(first)
    await first.setSessionState('kept')
    await first.close()
    const second = await bed.client.acceptSession(name, 'a')
    expect(await state(second)).toBe('kept')
    await second.close()
  })
})
