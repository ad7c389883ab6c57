/** Dead letters with their reasons, deferral, peeking. */
import Long from 'long'
import { describe, expect, it } from 'vitest'
import { bodies, failureOf, isEmulated, receive, receiveOne, receiveRest, useTestBed } from './test-bed.js'

const bed = useTestBed()

describe('dead letters', () => {
  it('keep message and reason', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 'bad', sessionId: 'a', messageId: 'm', applicationProperties: { original: 1 } })
    const receiver = await bed.client.acceptSession(name, 'a')
    await receiver.deadLetterMessage(await receiveOne(receiver), { deadLetterReason: 'poison', deadLetterErrorDescription: 'because', extra: 'x' })
    await receiver.close()
    const dead = bed.client.createReceiver(name, { subQueueType: 'deadLetter' })
    const message = await receiveOne(dead)
    expect(message).toMatchObject({ body: 'bad', messageId: 'm', sessionId: 'a', deadLetterReason: 'poison', deadLetterErrorDescription: 'because', deadLetterSource: name })
    expect(message.applicationProperties).toMatchObject({ original: 1, extra: 'x' })
    await dead.completeMessage(message)
    expect(await dead.peekMessages(1)).toEqual([])
    await dead.close()
  })

  it('without a reason are dead all the same', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 'bad' })
    const receiver = bed.client.createReceiver(name)
    await receiver.deadLetterMessage(await receiveOne(receiver))
    const dead = await receiveOne(bed.client.createReceiver(name, { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' }))
    expect(dead.body).toBe('bad')
    expect(dead.deadLetterReason).toBeUndefined()
    await receiver.close()
  })

  it('cannot be sent', async () => {
    const name = await bed.queue()
    const failure = await failureOf(bed.client.createSender(`${name}/$DeadLetterQueue`).sendMessages({ body: 1 }))
    expect(failure.message).toMatch(/dead-letter|InvalidOperation|cannot be sent/i)
  })
})

describe('deferral', () => {
  it('a deferred message is received by its number only', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages([{ body: 'later', sessionId: 'a' }, { body: 'now', sessionId: 'a' }])
    const receiver = await bed.client.acceptSession(name, 'a')
    const message = await receiveOne(receiver)
    await receiver.deferMessage(message, { waits: 'yes' })
    const next = await receiveOne(receiver)
    expect(next.body).toBe('now')
    await receiver.completeMessage(next)
    expect(await receiveRest(receiver)).toEqual([])
    const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber!)
    expect(deferred).toMatchObject({ body: 'later', state: 'deferred', applicationProperties: { waits: 'yes' } })
    await receiver.completeMessage(deferred!)
    expect(await receiver.peekMessages(1)).toEqual([])
    await receiver.close()
  })

  it('several are received at once, or none', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([1, 2, 3].map((body) => ({ body })))
    const receiver = bed.client.createReceiver(name)
    const messages = await receive(receiver, 3)
    for (const message of messages) await receiver.deferMessage(message)
    const numbers = messages.map(({ sequenceNumber }) => sequenceNumber!)
    expect((await failureOf(receiver.receiveDeferredMessages([...numbers, Long.fromNumber(999_999)]))).code).toBe('MessageNotFound')
    expect(bodies(await receiver.receiveDeferredMessages(numbers))).toEqual([1, 2, 3])
    await receiver.close()
  })

  it('one that is abandoned stays deferred, counted', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    await receiver.deferMessage(message)
    const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber!)
    await receiver.abandonMessage(deferred!)
    expect(await receiveRest(receiver)).toEqual([])
    const [again] = await receiver.receiveDeferredMessages(message.sequenceNumber!)
    expect(again!.deliveryCount).toBe(1)
    await receiver.deadLetterMessage(again!, { deadLetterReason: 'enough', deadLetterErrorDescription: '' })
    expect((await receiveOne(bed.client.createReceiver(name, { subQueueType: 'deadLetter' }))).deadLetterReason).toBe('enough')
    await receiver.close()
  })

  it('can be received and deleted in one step', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    await receiver.deferMessage(message)
    const deleting = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(bodies(await deleting.receiveDeferredMessages(message.sequenceNumber!))).toEqual(['x'])
    expect((await failureOf(receiver.receiveDeferredMessages(message.sequenceNumber!))).code).toBe('MessageNotFound')
    await Promise.all([receiver.close(), deleting.close()])
  })

  it('a message that is not deferred is not found', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    expect((await failureOf(bed.client.createReceiver(name).receiveDeferredMessages(Long.ONE))).code).toBe('MessageNotFound')
  })
})

describe('peeking', () => {
  it('shows messages of every state, in order, and locks none', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    await sender.sendMessages([{ body: 'active' }, { body: 'locked' }, { body: 'deferred' }].reverse())
    await sender.scheduleMessages({ body: 'scheduled' }, new Date(Date.now() + 3_600_000))
    const receiver = bed.client.createReceiver(name)
    const [deferred] = await receive(receiver, 2)
    await receiver.deferMessage(deferred!)
    const peeked = await bed.newClient().createReceiver(name).peekMessages(10)
    expect(peeked.map(({ body, state }) => [body, state])).toEqual([
      ['deferred', 'deferred'],
      ['locked', 'active'],
      ['active', 'active'],
      ['scheduled', 'scheduled'],
    ])
    expect(bodies(await receive(receiver, 1))).toEqual(['active'])
    await receiver.close()
  })

  it('goes on where it stopped, and starts where it is told', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([1, 2, 3, 4, 5].map((body) => ({ body })))
    const receiver = bed.client.createReceiver(name)
    const first = await receiver.peekMessages(2)
    expect(bodies(first)).toEqual([1, 2])
    expect(bodies(await receiver.peekMessages(2))).toEqual([3, 4])
    expect(bodies(await receiver.peekMessages(10, { fromSequenceNumber: first[1]!.sequenceNumber! }))).toEqual([2, 3, 4, 5])
    await receiver.close()
  })

  it('of a session shows that session only', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages([{ body: 1, sessionId: 'a' }, { body: 2, sessionId: 'b' }, { body: 3, sessionId: 'a' }])
    const receiver = await bed.client.acceptSession(name, 'a')
    expect(bodies(await receiver.peekMessages(10))).toEqual([1, 3])
    await receiver.close()
  })

  it('an empty queue shows nothing', async () => {
    expect(await bed.client.createReceiver(await bed.queue()).peekMessages(5)).toEqual([])
  })

  it('the sessions that have messages can be listed', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages([{ body: 1, sessionId: 'a' }, { body: 2, sessionId: 'b' }])
    const receiver = await bed.client.acceptSession(name, 'a')
    // Not in the public interface of the client; it makes the request all the same.
    const management = (receiver as unknown as { _context: { getManagementClient(path: string): { listMessageSessions(skip: number, top: number): Promise<string[]> } } })._context.getManagementClient(name)
    if (isEmulated) expect(await management.listMessageSessions(0, 10)).toEqual(['a', 'b'])
    await receiver.close()
  })
})
