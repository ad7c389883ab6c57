/** Queues without sessions: sending, receiving in both modes, settling, batches, sizes. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { describe, expect, it } from 'vitest'
import { bodies, eventually, failureOf, receive, receiveOne, receiveRest, useTestBed } from './test-bed.js'

const bed = useTestBed()

describe('sending and receiving', () => {
  it('delivers a message with everything the sender set', async () => {
    const name = await bed.queue()
    const sent = {
      body: { text: 'hello', number: 1.5, list: [1, 2] },
      messageId: 'id-1',
      correlationId: 'corr',
      subject: 'subject',
      replyTo: 'elsewhere',
      to: 'someone',
      contentType: 'application/json',
      partitionKey: 'part',
      timeToLive: 3_600_000,
      applicationProperties: { text: 'a', number: 7, yes: true, when: new Date(1_700_000_000_000) },
    }
    await bed.client.createSender(name).sendMessages(sent)
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    expect(message).toMatchObject({ ...sent, applicationProperties: { text: 'a', number: 7, yes: true } })
    expect(new Date(message.applicationProperties!['when'] as Date)).toEqual(sent.applicationProperties.when)
    expect(message.deliveryCount).toBe(0)
    expect(message.state).toBe('active')
    expect(message.sequenceNumber?.toNumber()).toBe(1)
    expect(Math.abs(message.enqueuedTimeUtc!.getTime() - Date.now())).toBeLessThan(60_000)
    expect(message.lockedUntilUtc!.getTime()).toBeGreaterThan(Date.now())
    await receiver.completeMessage(message)
    await receiver.close()
  })

  it('gives a message without an id one of its own', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 'a' }, { body: 'b' }])
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    const [first, second] = await receive(receiver, 2)
    expect(first!.messageId).toMatch(/^[0-9a-f]{32}$/)
    expect(second!.messageId).not.toBe(first!.messageId)
    await receiver.close()
  })

  it.each([
    ['a string', 'text'],
    ['a number', 42],
    ['null', null],
    ['an object', { a: [1, { b: null }] }],
    ['bytes', Buffer.from([0, 1, 2, 253, 254, 255])],
    ['an empty string', ''],
    ['text beyond ASCII', 'Grüße – 漢字 🚌'],
  ])('keeps a body that is %s', async (_what, body) => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body })
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect((await receiveOne(receiver)).body).toEqual(body)
    await receiver.close()
  })

  it('delivers in the order of sending', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    for (let index = 0; index < 20; index++) await sender.sendMessages({ body: index })
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(bodies(await receive(receiver, 20))).toEqual([...Array(20).keys()])
    await receiver.close()
  })

  it('a waiting receiver gets a message that is sent later', async () => {
    const name = await bed.queue()
    const receiver = bed.client.createReceiver(name)
    const waiting = receiver.receiveMessages(1, { maxWaitTimeInMs: 10_000 })
    await bed.client.createSender(name).sendMessages({ body: 'late' })
    expect(bodies(await waiting)).toEqual(['late'])
    await receiver.close()
  })
})

describe('settling', () => {
  it('a completed message is gone', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    const receiver = bed.client.createReceiver(name)
    await receiver.completeMessage(await receiveOne(receiver))
    expect(await receiver.peekMessages(10)).toEqual([])
    await receiver.close()
  })

  it('an abandoned message comes back in its place, counted, with changed properties', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 'a', applicationProperties: { kept: 1, changed: 'old' } }, { body: 'b' }])
    const receiver = bed.client.createReceiver(name)
    await receiver.abandonMessage(await receiveOne(receiver), { changed: 'new', added: true })
    const [first, second] = await receive(receiver, 2)
    expect([first!.body, second!.body]).toEqual(['a', 'b'])
    expect(first!.deliveryCount).toBe(1)
    expect(first!.applicationProperties).toEqual({ kept: 1, changed: 'new', added: true })
    expect(second!.deliveryCount).toBe(0)
    await receiver.close()
  })

  it('a message is settled once', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 1 })
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    await receiver.completeMessage(message)
    expect((await failureOf(receiver.completeMessage(message))).message).toMatch(/already settled/i)
    await receiver.close()
  })

  it('a message can be settled by another receiver after its own was closed', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }, { body: 4 }])
    const closed = bed.client.createReceiver(name)
    const [first, second, third, fourth] = await receive(closed, 4)
    await closed.close()
    const receiver = bed.client.createReceiver(name)
    expect(await receiveRest(receiver)).toEqual([])
    await receiver.completeMessage(first!)
    await receiver.abandonMessage(second!, { why: 'again' })
    await receiver.deferMessage(third!, { why: 'later' })
    await receiver.deadLetterMessage(fourth!, { deadLetterReason: 'bad', deadLetterErrorDescription: 'very' })
    const [again] = await receive(receiver, 1)
    expect(again).toMatchObject({ body: 2, deliveryCount: 1, applicationProperties: { why: 'again' } })
    const [later] = await receiver.receiveDeferredMessages(third!.sequenceNumber!)
    expect(later).toMatchObject({ body: 3, applicationProperties: { why: 'later' } })
    const [dead] = await receive(bed.client.createReceiver(name, { subQueueType: 'deadLetter' }), 1)
    expect(dead).toMatchObject({ body: 4, deadLetterReason: 'bad', deadLetterErrorDescription: 'very' })
    await receiver.close()
  })

  it('many messages are settled at once', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages(Array.from({ length: 100 }, (_, body) => ({ body })))
    const receiver = bed.client.createReceiver(name)
    const messages = await receive(receiver, 100)
    await Promise.all(messages.map((message) => receiver.completeMessage(message)))
    expect(await receiver.peekMessages(1)).toEqual([])
    await receiver.close()
  })
})

describe('receive and delete', () => {
  it('a message is gone as it is received', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1 }, { body: 2 }])
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(bodies(await receive(receiver, 2))).toEqual([1, 2])
    expect(await receiver.peekMessages(10)).toEqual([])
    await receiver.close()
  })

  it('only what was asked for is delivered', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([1, 2, 3, 4, 5].map((body) => ({ body })))
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(bodies(await receive(receiver, 2))).toEqual([1, 2])
    expect(bodies(await receiver.peekMessages(10))).toEqual([3, 4, 5])
    await receiver.close()
  })
})

describe('several receivers', () => {
  it('each message goes to one of them, and both get some', async () => {
    const name = await bed.queue()
    const got: unknown[][] = [[], []]
    const receivers = got.map((list) => {
      const receiver = bed.client.createReceiver(name)
      receiver.subscribe({ processMessage: async (message: ServiceBusReceivedMessage) => void list.push(message.body), processError: async () => undefined }, { maxConcurrentCalls: 2 })
      return receiver
    })
    const sender = bed.client.createSender(name)
    await eventually(async () => {
      await sender.sendMessages([{ body: 'x' }])
      return got.every((list) => list.length > 0)
    })
    await sender.sendMessages(Array.from({ length: 40 }, (_, body) => ({ body })))
    const numbers = (): unknown[] => got.flat().filter((body) => typeof body === 'number')
    await eventually(() => numbers().length === 40)
    expect(new Set(numbers()).size).toBe(40)
    await Promise.all(receivers.map((receiver) => receiver.close()))
  })
})

describe('batches and sizes', () => {
  it('an array is sent as one batch, each message with its own properties', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 1, messageId: 'a', subject: 's' }, { body: 2, messageId: 'b', applicationProperties: { x: 1 } }])
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    const [first, second] = await receive(receiver, 2)
    expect(first).toMatchObject({ body: 1, messageId: 'a', subject: 's' })
    expect(second).toMatchObject({ body: 2, messageId: 'b', applicationProperties: { x: 1 } })
    await receiver.close()
  })

  it('a batch object takes messages up to the limit of the queue', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    const batch = await sender.createMessageBatch()
    expect(batch.maxSizeInBytes).toBe(262_144)
    while (batch.tryAddMessage({ body: 'x'.repeat(10_000) })) continue
    expect(batch.count).toBeGreaterThan(20)
    expect(batch.count).toBeLessThan(27)
    await sender.sendMessages(batch)
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(await receive(receiver, batch.count)).toHaveLength(batch.count)
    await receiver.close()
  })

  it('a message of many frames arrives whole', async () => {
    const name = await bed.queue()
    const body = Buffer.alloc(200_000, 'abcdefg')
    await bed.client.createSender(name).sendMessages({ body })
    const receiver = bed.client.createReceiver(name)
    const message = await receiveOne(receiver)
    expect(body.equals(message.body)).toBe(true)
    await receiver.completeMessage(message)
    await receiver.close()
  })

  it('a message above the limit is refused, and the sender goes on', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    expect((await failureOf(sender.sendMessages({ body: Buffer.alloc(300_000) }))).code).toBe('MessageSizeExceeded')
    await sender.sendMessages({ body: 'small' })
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect(bodies(await receive(receiver, 1))).toEqual(['small'])
    await receiver.close()
  })

  it('a Premium queue takes a message of 1 MB', async () => {
    const name = await bed.queue({ maxMessageSizeBytes: 1024 * 1024 })
    const sender = bed.client.createSender(name)
    expect((await sender.createMessageBatch()).maxSizeInBytes).toBe(1_048_576)
    await sender.sendMessages({ body: Buffer.alloc(1_000_000, 1) })
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    expect((await receiveOne(receiver)).body).toHaveLength(1_000_000)
    await receiver.close()
  })
})
