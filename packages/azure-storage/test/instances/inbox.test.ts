import { VirtualClock } from '@dtfx/testing'
import type { QueueClient } from '@azure/storage-queue'
import { systemRandom } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import { Inbox } from '../../src/instances/inbox.js'
import type { InstanceRecord } from '../../src/instances/instance-record.js'
import type { OrchestrationItem } from '../../src/instances/orchestration-item.js'
import { OwnedPartition } from '../../src/instances/owned-partition.js'
import { ReceivedMessage } from '../../src/instances/received-message.js'
import { MessageLock } from '../../src/queues/message-lock.js'
import { WaitingCalls } from '@dtfx/azure-common'

const lockMs = 60_000

/** Of an item, what the inbox sees of it. */
interface Taken {
  readonly record: InstanceRecord
  readonly messages: readonly ReceivedMessage[]
}

function setUp() {
  const clock = new VirtualClock()
  const lease = { isHeld: true }
  const partition = new OwnedPartition('control-00', () => lease.isHeld)
  const calls = new WaitingCalls<OrchestrationItem>()
  const taken: Taken[] = []
  const stale: ReceivedMessage[] = []
  let rooms = 0
  const inbox = new Inbox(
    calls,
    (record) => {
      const messages = record.waiting
      record.waiting = []
      const item = { record, messages }
      for (const message of messages) message.holder = item
      record.item = item as unknown as OrchestrationItem
      taken.push(item)
      return item as unknown as OrchestrationItem
    },
    () => rooms++,
    (message) => stale.push(message),
  )
  const message = (queueId: string, instanceId = 'a', order = { insertedMs: 0, sequenceNumber: 0 }): ReceivedMessage => {
    const lock = new MessageLock({} as QueueClient, { messageId: queueId, popReceipt: 'first' }, { clock, random: systemRandom }, clock.monotonicMs() + lockMs)
    const content = { id: queueId, message: { instance: { instanceId }, event: { type: 'GenericEvent' as const, eventId: -1, timestamp: clock.nowTicks() } }, faultCount: 0, enqueuedAt: clock.nowTicks() }
    return new ReceivedMessage({ content, lock, partition, deliveryCount: 1, order, episode: undefined, withFaults: () => '' })
  }
  const call = (): void => {
    void calls.add(new AbortController().signal)
    inbox.pump()
  }
  return { clock, lease, partition, inbox, taken, stale, message, call, rooms: () => rooms }
}

const ids = (items: readonly Taken[]): string[][] => items.map(({ messages }) => messages.map(({ id }) => id))

describe('the inbox', () => {
  it('gives all messages of an instance in the order of their arrival, and what comes later to the next item', () => {
    const { inbox, message, call, taken } = setUp()
    inbox.add(message('c', 'a', { insertedMs: 2, sequenceNumber: 1 }))
    inbox.add(message('b', 'a', { insertedMs: 1, sequenceNumber: 9 }))
    inbox.add(message('a', 'a', { insertedMs: 1, sequenceNumber: 8 }))
    inbox.add(message('x', 'other'))
    call()
    inbox.add(message('d', 'a', { insertedMs: 3, sequenceNumber: 0 }))
    call()
    call()
    expect(ids(taken)).toEqual([['a', 'b', 'c'], ['x']])
    const [first] = taken as [Taken, Taken]
    first.record.item = undefined
    for (const each of first.messages) inbox.giveBack(first.record, each)
    inbox.pump()
    expect(ids(taken)[2]).toEqual(['a', 'b', 'c', 'd'])
    expect(first.messages[0]?.deliveryCount).toBe(2)
  })

  it('hands out what waited while the lease had run out, once it is renewed', () => {
    const { inbox, lease, message, call, taken } = setUp()
    inbox.add(message('a'))
    lease.isHeld = false
    call()
    inbox.add(message('b'))
    inbox.add(message('x', 'other'))
    inbox.pump()
    expect(taken).toEqual([])
    lease.isHeld = true
    inbox.pump()
    call()
    expect(ids(taken)).toEqual([['a', 'b'], ['x']])
  })

  it('hands out nothing of a partition that was let go, and forgets it', () => {
    const { inbox, partition, message, call, taken } = setUp()
    inbox.add(message('a'))
    partition.drain()
    call()
    expect(taken).toEqual([])
    expect(inbox.takeWaiting(partition).map(({ id }) => id)).toEqual(['a'])
    expect(inbox.size).toBe(0)
    inbox.forgetAll(partition)
    expect([...inbox.records()]).toEqual([])
  })

  it('gives a message that is received again its new receipt, and takes one that was put back for another delivery', async () => {
    const { clock, inbox, message, rooms } = setUp()
    const first = message('a')
    inbox.add(first)
    expect(inbox.refreshed('a', 'second', clock.monotonicMs() + lockMs)).toBe(true)
    expect([first.deliveryCount, inbox.size]).toEqual([2, 1])
    first.lock.leave()
    expect(inbox.refreshed('a', 'third', clock.monotonicMs() + lockMs)).toBe(false)
    expect([inbox.size, rooms()]).toEqual([0, 1])
    const second = message('a')
    inbox.add(second)
    inbox.drop(first)
    expect(inbox.size).toBe(1)
  })

  it('does not hand out a message of which less than half of its lock is left', async () => {
    const { clock, inbox, message, call, taken, stale } = setUp()
    inbox.add(message('old'))
    await clock.advance(lockMs / 2 + 1)
    inbox.add(message('new'))
    call()
    expect(ids(taken)).toEqual([['new']])
    expect(stale.map(({ id }) => id)).toEqual(['old'])
    expect(inbox.size).toBe(1)
  })

  it('takes a lost message out of the list of its instance too', () => {
    const { inbox, message, call, taken } = setUp()
    const lost = message('a')
    inbox.add(lost)
    inbox.remove(lost)
    call()
    expect([taken, inbox.size]).toEqual([[], 0])
  })
})
