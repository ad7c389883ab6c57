/**
 * The instances of the hub, and who wants to know of their changes.
 * Invariant: versions come from one counter, so that an id that is purged and used again never gets an old version back.
 */
import { isFinal, type ConsumedIds, type HistoryEvent, type InstanceId, type InstanceSnapshot, type InstanceState } from '@dtfx/core/provider'
import { InstanceRecord, noMessages } from './instance-record.js'
import type { StoreObserver } from './store-observer.js'
import { frozenEvent, frozenState } from './snapshots.js'

/** New committed data of an instance; absent members stay. */
export interface InstanceChange {
  readonly history?: { readonly kind: 'append' | 'replace'; readonly events: readonly HistoryEvent[] } | undefined
  readonly state?: InstanceState | undefined
  readonly consumedIds?: ConsumedIds | undefined
}

type Watcher = (changed: boolean) => void

export class Store {
  readonly #records = new Map<InstanceId, InstanceRecord>()
  /** Few per instance, mostly one: a list of them is small. */
  readonly #watchers = new Map<InstanceId, Watcher[]>()
  #sortedIds: readonly InstanceId[] | undefined
  #version = 0
  observer: StoreObserver | undefined

  get(instanceId: InstanceId): InstanceRecord | undefined {
    return this.#records.get(instanceId)
  }

  /** The record of an id, made when there is none. */
  obtain(instanceId: InstanceId): InstanceRecord {
    let record = this.#records.get(instanceId)
    if (record === undefined) {
      record = new InstanceRecord(instanceId)
      this.#records.set(instanceId, record)
      this.#sortedIds = undefined
    }
    return record
  }

  /** Lets go of a record that holds nothing any more. */
  collect(record: InstanceRecord): void {
    if (record.isEmpty && this.#records.delete(record.instanceId)) this.#sortedIds = undefined
  }

  records(): IterableIterator<InstanceRecord> {
    return this.#records.values()
  }

  /** All ids in ascending order of their UTF-16 code units. */
  sortedIds(): readonly InstanceId[] {
    return (this.#sortedIds ??= [...this.#records.keys()].sort())
  }

  snapshot(record: InstanceRecord): InstanceSnapshot {
    return { version: record.version, state: record.state, history: record.history.slice(), consumedIds: record.consumedIds }
  }

  /** Writes committed data; {@link show} makes its state visible. */
  write(record: InstanceRecord, change: InstanceChange): void {
    this.observer?.writing(record, change)
    record.version = ++this.#version
    if (change.history !== undefined) {
      if (change.history.kind === 'replace') record.history = []
      for (const event of change.history.events) record.history.push(frozenEvent(event))
    }
    if (change.consumedIds !== undefined) {
      const { deleted, pending } = change.consumedIds
      record.consumedIds = Object.freeze({ deleted: Object.freeze(deleted.slice()), pending: Object.freeze(pending.slice()) })
    }
    if (change.state === undefined) return
    record.state = frozenState(change.state)
    record.startMessages = noMessages
  }

  /** Makes the written state visible, and tells watchers and running activities what it means for them. */
  show(record: InstanceRecord): void {
    const before = record.shown
    const after = record.state
    if (after === undefined || after === before) return
    record.shown = after
    if (before?.status !== after.status || before.executionId !== after.executionId || before.customStatus !== after.customStatus) this.notify(record.instanceId)
    if (record.running !== undefined && (isFinal(after.status) || before?.executionId !== after.executionId)) tellRunning(record)
  }

  /** Removes the committed data of an instance; its messages stay. */
  erase(record: InstanceRecord): void {
    record.erase()
    this.notify(record.instanceId)
    tellRunning(record)
    this.collect(record)
  }

  /** Resolves with true at the next visible change of the instance, with false when `signal` aborts. */
  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const done: Watcher = (changed) => {
        signal.removeEventListener('abort', onAbort)
        resolve(changed)
      }
      const onAbort = (): void => {
        this.#unwatch(instanceId, done)
        resolve(false)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const watchers = this.#watchers.get(instanceId)
      if (watchers === undefined) this.#watchers.set(instanceId, [done])
      else watchers.push(done)
    })
  }

  #unwatch(instanceId: InstanceId, watcher: Watcher): void {
    const watchers = this.#watchers.get(instanceId)
    const index = watchers?.indexOf(watcher) ?? -1
    if (watchers === undefined || index < 0) return
    if (watchers.length === 1) this.#watchers.delete(instanceId)
    else watchers.splice(index, 1)
  }

  notify(instanceId: InstanceId): void {
    const watchers = this.#watchers.get(instanceId)
    if (watchers === undefined) return
    this.#watchers.delete(instanceId)
    for (const done of watchers) done(true)
  }

  notifyAll(): void {
    for (const instanceId of [...this.#watchers.keys()]) this.notify(instanceId)
  }

  /** Forgets everything; watchers are told. */
  clear(): void {
    const records = [...this.#records.values()]
    this.#records.clear()
    this.#sortedIds = undefined
    for (const record of records) {
      record.erase()
      record.waiting = []
      record.delayed = undefined
      tellRunning(record)
    }
    this.notifyAll()
  }
}

function tellRunning(record: InstanceRecord): void {
  for (const item of record.running ?? []) item.checkInstance()
}
