/** What happens by time: scheduled messages, duplicate detection, time to live. */
import { describe, expect, it } from 'vitest'
import Long from 'long'
import { bodies, failureOf, isEmulated, onlyEmulated, receive, receiveOne, receiveRest, useTestBed, withManualClock } from './test-bed.js'

const bed = useTestBed(withManualClock)
const inAnHour = (): Date => new Date(bed.clock.nowMs() + 3_600_000)

describe('scheduled messages', () => {
  onlyEmulated('come at their time, not before, with a new number', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    const at = inAnHour()
    const [number] = await sender.scheduleMessages({ body: 'scheduled' }, at)
    const receiver = bed.client.createReceiver(name)
    bed.clock.advance(3_599_999)
    expect(await receiveRest(receiver)).toEqual([])
    bed.clock.advance(1)
    const message = await receiveOne(receiver)
    expect(message.sequenceNumber!.greaterThan(number!)).toBe(true)
    expect(message.scheduledEnqueueTimeUtc).toEqual(at)
    expect(message.enqueuedTimeUtc).toEqual(at)
    await receiver.close()
  })

  onlyEmulated('can be sent as ordinary messages with a time', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages([{ body: 'later', sessionId: 'a', scheduledEnqueueTimeUtc: new Date(bed.clock.nowMs() + 10_000) }, { body: 'now', sessionId: 'a' }])
    const receiver = await bed.client.acceptNextSession(name)
    expect(bodies(await receiveRest(receiver))).toEqual(['now'])
    bed.clock.advance(10_000)
    expect((await receiveOne(receiver)).body).toBe('later')
    await receiver.close()
  })

  onlyEmulated('come in the order of their times', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    for (const minute of [3, 1, 2, 1]) await sender.scheduleMessages({ body: minute }, new Date(bed.clock.nowMs() + minute * 60_000))
    bed.clock.advance(180_000)
    expect(bodies(await receive(bed.client.createReceiver(name), 4))).toEqual([1, 1, 2, 3])
  })

  it('of a time that has passed come at once', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).scheduleMessages([{ body: 1 }, { body: 2 }], new Date(bed.clock.nowMs() - 1_000))
    expect(bodies(await receive(bed.client.createReceiver(name), 2))).toEqual([1, 2])
  })

  it('can be cancelled, once', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }], inAnHour())
    await sender.cancelScheduledMessages(numbers[0]!)
    expect((await failureOf(sender.cancelScheduledMessages(numbers[0]!))).code).toBe('MessageNotFound')
    expect((await failureOf(sender.cancelScheduledMessages(Long.fromNumber(987_654)))).code).toBe('MessageNotFound')
    expect(bodies(await bed.client.createReceiver(name).peekMessages(10))).toEqual([2])
  })

  onlyEmulated('wake a client that waits for a session', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).scheduleMessages({ body: 1, sessionId: 'timer' }, inAnHour())
    const waiting = bed.client.acceptNextSession(name)
    bed.clock.advance(3_600_000)
    const receiver = await waiting
    expect(receiver.sessionId).toBe('timer')
    await receiver.close()
  })
})

describe('duplicate detection', () => {
  it('drops a repeated message id without a word', async () => {
    const name = await bed.queue({ requiresDuplicateDetection: true })
    const sender = bed.client.createSender(name)
    await sender.sendMessages({ body: 'first', messageId: 'same' })
    await sender.sendMessages({ body: 'second', messageId: 'same' })
    await sender.sendMessages([{ body: 'other', messageId: 'other' }, { body: 'third', messageId: 'same' }])
    expect(bodies(await receiveRest(bed.client.createReceiver(name)))).toEqual(['first', 'other'])
  })

  onlyEmulated('forgets an id when its window has passed, also of a message that is gone', async () => {
    const name = await bed.queue({ requiresDuplicateDetection: true, duplicateDetectionWindowMs: 60_000 })
    const sender = bed.client.createSender(name)
    const receiver = bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' })
    await sender.sendMessages({ body: 1, messageId: 'same' })
    await receiveOne(receiver)
    bed.clock.advance(59_999)
    await sender.sendMessages({ body: 2, messageId: 'same' })
    expect(await receiver.peekMessages(1)).toEqual([])
    bed.clock.advance(1)
    await sender.sendMessages({ body: 3, messageId: 'same' })
    expect((await receiveOne(receiver)).body).toBe(3)
    await receiver.close()
  })

  it('a queue without it takes everything', async () => {
    const name = await bed.queue()
    const sender = bed.client.createSender(name)
    await sender.sendMessages([{ body: 1, messageId: 'same' }, { body: 2, messageId: 'same' }])
    expect(bodies(await receive(bed.client.createReceiver(name), 2))).toEqual([1, 2])
  })

  it('covers scheduled messages', async () => {
    const name = await bed.queue({ requiresDuplicateDetection: true })
    const sender = bed.client.createSender(name)
    await sender.scheduleMessages({ body: 1, messageId: 'same' }, inAnHour())
    await sender.sendMessages({ body: 2, messageId: 'same' })
    if (isEmulated) expect(bodies(await bed.client.createReceiver(name).peekMessages(10))).toEqual([1])
  })
})

describe('time to live', () => {
  onlyEmulated('an expired message is gone', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages([{ body: 'short', timeToLive: 1_000 }, { body: 'long', timeToLive: 60_000 }, { body: 'for ever' }])
    bed.clock.advance(1_000)
    const receiver = bed.client.createReceiver(name)
    expect(bodies(await receiver.peekMessages(10))).toEqual(['long', 'for ever'])
    bed.clock.advance(59_000)
    expect(bodies(await receiveRest(receiver))).toEqual(['for ever'])
    await receiver.close()
  })

  onlyEmulated('the queue sets an upper limit', async () => {
    const name = await bed.queue({ defaultTimeToLiveMs: 5_000 })
    await bed.client.createSender(name).sendMessages([{ body: 1, timeToLive: 3_600_000 }, { body: 2 }])
    bed.clock.advance(5_000)
    expect(bed.emulator.counts(name)).toMatchObject({ active: 0, deadLettered: 0 })
  })

  onlyEmulated('an expired message can be a dead letter', async () => {
    const name = await bed.sessionQueue({ deadLetteringOnMessageExpiration: true })
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a', timeToLive: 1_000 })
    bed.clock.advance(1_000)
    const dead = await receiveOne(bed.client.createReceiver(name, { subQueueType: 'deadLetter' }))
    expect(dead).toMatchObject({ body: 'x', deadLetterReason: 'TTLExpiredException', deadLetterSource: name })
  })

  onlyEmulated('a locked message outlives its time until it comes back', async () => {
    const name = await bed.queue({ deadLetteringOnMessageExpiration: true })
    await bed.client.createSender(name).sendMessages([{ body: 1, timeToLive: 1_000 }, { body: 2, timeToLive: 1_000 }])
    const receiver = bed.client.createReceiver(name)
    const [first, second] = await receive(receiver, 2)
    bed.clock.advance(2_000)
    await receiver.completeMessage(first!)
    await receiver.abandonMessage(second!)
    expect(bed.emulator.counts(name)).toMatchObject({ active: 0, locked: 0, deadLettered: 1 })
    await receiver.close()
  })

  onlyEmulated('a session whose messages expired is not handed out', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 1, sessionId: 'dead', timeToLive: 1_000 })
    bed.clock.advance(1_000)
    await bed.client.createSender(name).sendMessages({ body: 2, sessionId: 'alive' })
    const receiver = await bed.client.acceptNextSession(name)
    expect(receiver.sessionId).toBe('alive')
    await receiver.close()
  })

  onlyEmulated('a scheduled message lives from when it comes', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).scheduleMessages({ body: 1, timeToLive: 1_000 }, inAnHour())
    bed.clock.advance(3_600_999)
    expect(bed.emulator.counts(name).active).toBe(1)
    bed.clock.advance(1)
    expect(bed.emulator.counts(name).active).toBe(0)
  })
})
