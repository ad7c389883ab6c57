/** Locks of messages and sessions: renewal, expiry, failed deliveries, and what a late client is told. */
import { describe, expect, it } from 'vitest'
import { bodies, eventually, failureOf, onlyEmulated, receive, receiveOne, receiveRest, useTestBed, withManualClock } from './test-bed.js'

const bed = useTestBed(withManualClock)
const lockDurationMs = 30_000
const noRenewal = { maxAutoLockRenewalDurationInMs: 0 }

describe('locks of messages', () => {
  onlyEmulated('a lock that runs out puts the message back and counts the delivery', async () => {
    const name = await bed.queue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages([{ body: 'a' }, { body: 'b' }])
    const receiver = bed.client.createReceiver(name, noRenewal)
    const message = await receiveOne(receiver)
    expect(message.lockedUntilUtc!.getTime()).toBe(bed.clock.nowMs() + lockDurationMs)
    bed.clock.advance(lockDurationMs - 1)
    expect(bed.emulator.counts(name)).toMatchObject({ locked: 1, active: 1 })
    bed.clock.advance(1)
    const again = await receive(receiver, 2)
    expect(bodies(again)).toEqual(['a', 'b'])
    expect(again.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 0])
    await receiver.close()
  })

  onlyEmulated.each(['complete', 'abandon', 'defer', 'deadLetter'] as const)('%s after the lock ran out is refused', async (settlement) => {
    const name = await bed.queue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name, noRenewal)
    const message = await receiveOne(receiver)
    bed.clock.advance(lockDurationMs)
    expect((await failureOf(receiver[`${settlement}Message`](message))).code).toBe('MessageLockLost')
    expect((await receiveOne(receiver)).deliveryCount).toBe(1)
    await receiver.close()
  })

  onlyEmulated('renewal makes a lock last longer', async () => {
    const name = await bed.queue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name, noRenewal)
    const message = await receiveOne(receiver)
    bed.clock.advance(20_000)
    expect((await receiver.renewMessageLock(message)).getTime()).toBe(bed.clock.nowMs() + lockDurationMs)
    bed.clock.advance(20_000)
    await receiver.completeMessage(message)
    expect(await receiver.peekMessages(1)).toEqual([])
    await receiver.close()
  })

  it('renewal of a lock that is gone is refused', async () => {
    const name = await bed.queue()
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name, noRenewal)
    const message = await receiveOne(receiver)
    await receiver.completeMessage(message)
    expect((await failureOf(receiver.renewMessageLock(message))).code).toBe('MessageLockLost')
    await receiver.close()
  })

  onlyEmulated('a lock outlives the receiver it was given to', async () => {
    const name = await bed.queue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const first = bed.client.createReceiver(name, noRenewal)
    await receiveOne(first)
    await first.close()
    const second = bed.client.createReceiver(name, noRenewal)
    expect(await receiveRest(second)).toEqual([])
    bed.clock.advance(lockDurationMs)
    expect((await receiveOne(second)).deliveryCount).toBe(1)
    await second.close()
  })
})

describe('failed deliveries', () => {
  it('a message that fails too often moves to the dead-letter queue', async () => {
    const name = await bed.queue({ maxDeliveryCount: 3 })
    await bed.client.createSender(name).sendMessages({ body: 'poison', messageId: 'p' })
    const receiver = bed.client.createReceiver(name, noRenewal)
    for (let count = 0; count < 3; count++) {
      const message = await receiveOne(receiver)
      expect(message.deliveryCount).toBe(count)
      await receiver.abandonMessage(message)
    }
    expect(await receiveRest(receiver)).toEqual([])
    const dead = await receiveOne(bed.client.createReceiver(name, { subQueueType: 'deadLetter' }))
    expect(dead).toMatchObject({ body: 'poison', messageId: 'p', deliveryCount: 3, deadLetterReason: 'MaxDeliveryCountExceeded', deadLetterSource: name })
    expect(dead.deadLetterErrorDescription).toMatch(/3 delivery attempts/)
    await receiver.close()
  })

  onlyEmulated('locks that run out count as well', async () => {
    const name = await bed.queue({ maxDeliveryCount: 2, lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'slow' })
    const receiver = bed.client.createReceiver(name, noRenewal)
    await receiveOne(receiver)
    bed.clock.advance(lockDurationMs)
    await receiveOne(receiver)
    bed.clock.advance(lockDurationMs)
    expect(bed.emulator.counts(name)).toMatchObject({ active: 0, locked: 0, deadLettered: 1 })
    await receiver.close()
  })

  onlyEmulated('in a dead-letter queue nothing is counted out', async () => {
    const name = await bed.queue({ maxDeliveryCount: 1 })
    await bed.client.createSender(name).sendMessages({ body: 'x' })
    const receiver = bed.client.createReceiver(name)
    await receiver.abandonMessage(await receiveOne(receiver))
    const dead = bed.client.createReceiver(name, { subQueueType: 'deadLetter' })
    for (let count = 0; count < 3; count++) await dead.abandonMessage(await receiveOne(dead))
    expect((await receiveOne(dead)).deliveryCount).toBe(4)
    await Promise.all([receiver.close(), dead.close()])
  })
})

describe('locks of sessions', () => {
  onlyEmulated('a session lock that runs out ends the receiver; the next one gets the messages, counted', async () => {
    const name = await bed.sessionQueue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a' })
    const first = await bed.client.acceptSession(name, 'a', noRenewal)
    expect(first.sessionLockedUntilUtc.getTime()).toBe(bed.clock.nowMs() + lockDurationMs)
    const message = await receiveOne(first)
    bed.clock.advance(lockDurationMs)
    await eventually(() => first.isClosed)
    expect((await failureOf(first.completeMessage(message))).code).toBe('SessionLockLost')
    expect((await failureOf(first.setSessionState('late'))).code).toBe('SessionLockLost')
    expect((await failureOf(first.renewSessionLock())).code).toBe('SessionLockLost')
    const second = await bed.client.acceptNextSession(name, noRenewal)
    expect(await second.getSessionState()).toBeNull()
    const again = await receiveOne(second)
    expect(again.deliveryCount).toBe(1)
    await second.completeMessage(again)
    await second.close()
  })

  onlyEmulated('renewal keeps a session, and the locks of its messages', async () => {
    const name = await bed.sessionQueue({ lockDurationMs })
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a' })
    const receiver = await bed.client.acceptSession(name, 'a', noRenewal)
    const message = await receiveOne(receiver)
    for (let turn = 0; turn < 3; turn++) {
      bed.clock.advance(20_000)
      expect((await receiver.renewSessionLock()).getTime()).toBe(bed.clock.nowMs() + lockDurationMs)
    }
    await receiver.completeMessage(message)
    await receiver.close()
  })

  onlyEmulated('a lock that a test ends is lost at once', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a' })
    const receiver = await bed.client.acceptSession(name, 'a')
    const message = await receiveOne(receiver)
    bed.emulator.faults.expireSession(name, 'a')
    await eventually(() => receiver.isClosed)
    expect((await failureOf(receiver.completeMessage(message))).code).toBe('SessionLockLost')
    await (await bed.client.acceptSession(name, 'a')).close()
  })

  it('a client that has the session does not lose it to a second one of the same process', async () => {
    const name = await bed.sessionQueue()
    await bed.client.createSender(name).sendMessages({ body: 'x', sessionId: 'a' })
    const receiver = await bed.client.acceptSession(name, 'a')
    await failureOf(bed.newClient().acceptSession(name, 'a'))
    await receiver.completeMessage(await receiveOne(receiver))
    await receiver.close()
  })
})
