/**
 * Messages that were fetched, by instance, and who waits for an instance. One for each worker, over all partitions it owns.
 *
 * Invariants:
 * 1. An instance is in the list of those with work at most once, and never while it is locked; what arrives meanwhile makes the next item.
 * 2. A message is here once: fetched again because its time ran out, it only gets its new receipt; fetched again because it was put back, it is another delivery.
 * 3. Nothing of a partition that was let go is handed out. While a lease may have run out, what waits goes on waiting: it may be renewed.
 * 4. A message of which less than half of its lock is left is not handed out: it goes back into its queue.
 */
import type { InstanceId } from '@dtfx/core/provider'
import type { WaitingCalls } from '@dtfx/azure-common'
import { InstanceRecord } from './instance-record.js'
import type { OrchestrationItem } from './orchestration-item.js'
import type { OwnedPartition } from './owned-partition.js'
import { compareArrival, type ReceivedMessage } from './received-message.js'

/** Instances with nothing to do of which the versions are remembered: their next turn needs no look at the store. */
const maxIdleRecords = 20_000

export class Inbox {
  /** The one used last is the last one here. */
  readonly #records = new Map<InstanceId, InstanceRecord>()
  readonly #byQueueId = new Map<string, ReceivedMessage>()
  #ready: InstanceRecord[] = []

  constructor(
    readonly calls: WaitingCalls<OrchestrationItem>,
    /** Locks the instance: an item of all that waits for it. */
    readonly lock: (record: InstanceRecord) => OrchestrationItem,
    /** Fetched messages went: there is room. */
    readonly onRoom: () => void,
    /** Waited here for too long, and is dropped: it is to be put back. */
    readonly onStale: (message: ReceivedMessage) => void,
  ) {}

  /** Messages fetched and not settled. */
  get size(): number {
    return this.#byQueueId.size
  }

  /** True: it was here already, and has its new receipt now. */
  refreshed(queueId: string, popReceipt: string, deadlineMs: number): boolean {
    const found = this.#byQueueId.get(queueId)
    if (found === undefined) return false
    if (found.lock.isLeaving) {
      this.remove(found)
      return false
    }
    found.deliveryCount++
    found.lock.refresh(popReceipt, deadlineMs)
    return true
  }

  add(message: ReceivedMessage): void {
    const { instanceId } = message.content.message.instance
    const record = this.obtain(instanceId, message.partition)
    this.#byQueueId.set(message.lock.messageId, message)
    this.#place(record, message)
  }

  /** The record of an instance; a new one when the one there is belongs to an earlier ownership. */
  obtain(instanceId: InstanceId, partition: OwnedPartition): InstanceRecord {
    const found = this.#records.get(instanceId)
    if (found !== undefined && found.partition === partition) return found
    if (found !== undefined) this.#forget(found)
    const record = new InstanceRecord(instanceId, partition)
    this.#records.set(instanceId, record)
    return record
  }

  /** Back from an item that did not settle it; handed out again soon, in its old place. */
  giveBack(record: InstanceRecord, message: ReceivedMessage): void {
    message.holder = undefined
    if (!this.#byQueueId.has(message.lock.messageId)) return
    message.deliveryCount++
    this.#place(record, message)
  }

  /** Deleted, hidden until later, or lost. */
  drop(message: ReceivedMessage): void {
    message.holder = undefined
    if (this.#byQueueId.get(message.lock.messageId) !== message) return
    this.#byQueueId.delete(message.lock.messageId)
    this.onRoom()
  }

  /** Deleted or lost, wherever it is. One that an item has stays with it, if it is still ours. */
  remove(message: ReceivedMessage): void {
    const { waiting } = this.#records.get(message.content.message.instance.instanceId) ?? {}
    const at = waiting?.indexOf(message) ?? -1
    if (at >= 0) waiting?.splice(at, 1)
    this.drop(message)
  }

  /** In line if it has work and nobody holds it. */
  enqueue(record: InstanceRecord): void {
    if (record.isQueued || record.item !== undefined || !record.hasWork || record.partition.isLeaving) return
    record.isQueued = true
    this.#ready.push(record)
  }

  /** Hands instances to calls that wait. */
  pump(): void {
    const paused: InstanceRecord[] = []
    while (this.calls.length > 0) {
      const record = this.#ready.shift()
      if (record === undefined) break
      if (!record.partition.isLeaving && !record.partition.isListening) {
        paused.push(record)
        continue
      }
      record.isQueued = false
      if (record.item !== undefined || record.partition.isLeaving) continue
      for (const message of record.waiting.filter(({ lock }) => !lock.isFresh)) {
        this.remove(message)
        this.onStale(message)
      }
      if (!record.hasWork) continue
      this.#records.delete(record.instanceId)
      this.#records.set(record.instanceId, record)
      this.calls.take()?.resolve(this.lock(record))
    }
    if (paused.length > 0) this.#ready = [...paused, ...this.#ready]
    this.#trim()
  }

  /** Messages that wait and of which the lock ends before `deadlineMs`. */
  *waitingUntil(deadlineMs: number): Iterable<ReceivedMessage> {
    for (const message of this.#byQueueId.values()) if (message.holder === undefined && message.lock.deadlineMs < deadlineMs) yield message
  }

  /** What waits in a partition leaves; the caller gives it back to the queue. */
  takeWaiting(partition: OwnedPartition): ReceivedMessage[] {
    const taken = [...this.#byQueueId.values()].filter((message) => message.partition === partition && message.holder === undefined)
    for (const message of taken) this.remove(message)
    return taken
  }

  records(): Iterable<InstanceRecord> {
    return this.#records.values()
  }

  recordsOf(partition: OwnedPartition): InstanceRecord[] {
    return [...this.#records.values()].filter((record) => record.partition === partition)
  }

  forgetAll(partition: OwnedPartition): void {
    for (const record of this.recordsOf(partition)) this.#forget(record)
  }

  #place(record: InstanceRecord, message: ReceivedMessage): void {
    const { waiting } = record
    const last = waiting.at(-1)
    if (last === undefined || compareArrival(last, message) <= 0) waiting.push(message)
    else waiting.splice(waiting.findIndex((other) => compareArrival(other, message) > 0), 0, message)
    this.enqueue(record)
  }

  #forget(record: InstanceRecord): void {
    if (this.#records.get(record.instanceId) === record) this.#records.delete(record.instanceId)
    record.known = undefined
  }

  #trim(): void {
    if (this.#records.size <= maxIdleRecords) return
    for (const record of this.#records.values()) {
      if (this.#records.size <= maxIdleRecords) return
      if (record.isIdle) this.#forget(record)
    }
  }
}
