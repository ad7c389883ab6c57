import { LockLostError, resolveHost, sleep, systemClock } from '@dtfx/core/provider'
import type { QueueClient } from '@azure/storage-queue'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MessageLock } from '../../src/queues/message-lock.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { connect, eventually } from '../partitions/azurite-hub.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

const host = resolveHost()
let queues = 0

async function queueWith(text: string): Promise<QueueClient> {
  const queue = connect(azurite.connectionString).queue(`locks${++queues}`)
  await queue.create()
  await queue.sendMessage(text)
  return queue
}

async function receive(queue: QueueClient, visibilityTimeout: number): Promise<{ readonly lock: MessageLock; readonly text: string; readonly popReceipt: string }> {
  const sentMs = systemClock.monotonicMs()
  const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout })
  const [item] = receivedMessageItems
  if (item === undefined) throw new Error('nothing to receive')
  return { lock: new MessageLock(queue, item, host, sentMs + visibilityTimeout * 1_000), text: item.messageText, popReceipt: item.popReceipt }
}

/** The message, received by somebody else when the time of the first one is over. */
async function takenOver(queue: QueueClient, visibilityTimeout = 30): Promise<{ readonly lock: MessageLock; readonly popReceipt: string }> {
  let taken: { readonly lock: MessageLock; readonly popReceipt: string } | undefined
  await eventually('the message is seen again', async () => (taken = await receive(queue, visibilityTimeout).catch(() => undefined)) !== undefined)
  return taken as NonNullable<typeof taken>
}

const counted = async (queue: QueueClient): Promise<number> => (await queue.getProperties()).approximateMessagesCount ?? -1

describe('the lock on a message', () => {
  it('is renewed and deleted with the receipt of the request before, in order', async () => {
    const queue = await queueWith('a')
    const { lock } = await receive(queue, 30)
    await Promise.all([lock.renew(60_000), lock.renew(90_000), lock.delete(), lock.renew(30_000), lock.delete()])
    expect(await counted(queue)).toBe(0)
    expect(lock.isHeld).toBe(false)
  })

  it('is lost when somebody else has the message, whatever is asked for', async () => {
    const queue = await queueWith('a')
    const [renewed, deleted, putBack] = [await receive(queue, 1)].flatMap(({ lock, popReceipt }) => [lock, copyOf(lock, popReceipt), copyOf(lock, popReceipt)]) as [MessageLock, MessageLock, MessageLock]
    await takenOver(queue)
    await expect(renewed.renew(30_000)).rejects.toThrow(LockLostError)
    await expect(renewed.renew(30_000)).rejects.toThrow(LockLostError)
    await expect(deleted.delete()).rejects.toThrow(LockLostError)
    await putBack.putBack(0)
    expect([renewed.isHeld, deleted.isHeld, putBack.isHeld]).toEqual([false, false, false])
    expect(await counted(queue)).toBe(1)
  })

  it('counts a message that is gone as deleted only while nobody else can have had it', async () => {
    const queue = await queueWith('a')
    const { lock, popReceipt } = await receive(queue, 1)
    const early = new MessageLock(queue, { messageId: lock.messageId, popReceipt }, host, systemClock.monotonicMs() + 60_000)
    const other = await takenOver(queue)
    await other.lock.delete()
    await early.delete()
    await expect(lock.delete()).rejects.toThrow(LockLostError)
  })

  it('goes on under the new receipt when the same worker receives the message again, also in the middle of a request', async () => {
    const queue = await queueWith('a')
    const { lock } = await receive(queue, 1)
    const { popReceipt } = await takenOver(queue, 60)
    const renewal = lock.renew(30_000)
    lock.refresh(popReceipt, systemClock.monotonicMs() + 60_000)
    await renewal
    await lock.delete()
    expect(await counted(queue)).toBe(0)
  })

  it('puts a message back with another text, to be seen at once', async () => {
    const queue = await queueWith('a')
    const { lock } = await receive(queue, 30)
    const leaving = lock.putBack(0, 'b')
    expect(lock.isLeaving).toBe(true)
    await leaving
    expect(lock.isLeaving).toBe(true)
    expect((await receive(queue, 30)).text).toBe('b')
  })

  it('is fresh for the first half of its time, and again after a renewal', async () => {
    const queue = await queueWith('a')
    const { lock } = await receive(queue, 1)
    expect(lock.isFresh).toBe(true)
    await sleep(systemClock, 600)
    expect([lock.isHeld, lock.isFresh]).toEqual([true, false])
    await lock.renew(30_000)
    expect(lock.isFresh).toBe(true)
  })
})

function copyOf({ queue, messageId, deadlineMs }: MessageLock, popReceipt: string): MessageLock {
  return new MessageLock(queue, { messageId, popReceipt }, host, deadlineMs)
}
