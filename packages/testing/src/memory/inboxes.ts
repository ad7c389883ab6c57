/**
 * The inboxes of the instances: who has visible messages, in which order instances get their turn, and who waits for one.
 * Invariants: an instance is in the list of those with work at most once and never while it is locked; messages of one instance are handed out in the order of their arrival,
 * also when some of them come back; messages that arrive while an instance is locked make the next item.
 * Instances that have begun go before those that have not, seven times out of eight: what is in memory comes to its end before more is begun, and nobody starves.
 */
import type { LocalCompletion, LocalWork } from '@dtfx/core/provider'
import { Fifo } from './fifo.js'
import type { Holder } from './held-item.js'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import { OrchestrationItem } from './orchestration-item.js'
import type { QueuedMessage } from './queued-message.js'
import { Waiters } from './waiters.js'

const none: readonly LocalCompletion[] = Object.freeze([])

/** Of as many turns one goes to an instance that has not begun, if there is one. */
const turnsPerFreshStart = 8

export class Inboxes {
  readonly #begun = new Fifo<InstanceRecord>()
  readonly #fresh = new Fifo<InstanceRecord>()
  #turns = 0
  /** Processes with instances of their own in line. */
  readonly #withLocal = new Set<Holder>()
  readonly waiters = new Waiters<OrchestrationItem>()

  constructor(readonly hub: Hub) {}

  /** Instances with visible messages that nobody holds. */
  get readyCount(): number {
    return this.#begun.length + this.#fresh.length
  }

  /** Makes a message visible to its instance. `pump` hands it out. */
  add(record: InstanceRecord, message: QueuedMessage): void {
    const { waiting } = record
    const at = this.hub.faults?.place(waiting.length, message.deliveryCount > 0)
    if (at !== undefined) {
      waiting.splice(at, 0, message)
      return this.enqueue(record)
    }
    const last = waiting[waiting.length - 1]
    if (last === undefined || last.order < message.order) waiting.push(message)
    else waiting.splice(placeOf(message, waiting), 0, message)
    this.enqueue(record)
  }

  /** Puts the instance in line if it has messages and nobody holds it. */
  enqueue(record: InstanceRecord): void {
    if (record.session !== undefined) return this.enqueueLocal(record)
    if (record.queued || record.item !== undefined || record.waiting.length === 0) return
    record.queued = true
    ;(record.history.length === 0 ? this.#fresh : this.#begun).push(record)
  }

  /** Results of local activities make an item for the process that has them. `pump` hands it out if a call of it waits. */
  enqueueLocal(record: InstanceRecord): void {
    const { local } = record
    if (local === undefined || !hasWork(record, local.work)) return
    local.holder.ready.push(record)
    this.#withLocal.add(local.holder)
  }

  next(holder: Holder, signal: AbortSignal): Promise<OrchestrationItem> {
    const own = this.#takeLocal(holder)
    if (own !== undefined) return Promise.resolve(this.#lock(own, holder))
    const record = this.#takeReady()
    return record === undefined ? this.waiters.add(holder, signal, undefined) : Promise.resolve(this.#lock(record, holder))
  }

  /** Hands instances with work to calls that wait. */
  pump(): void {
    for (const holder of this.#withLocal) this.#pumpLocal(holder)
    while (this.waiters.length > 0) {
      const record = this.#takeReady()
      if (record === undefined) return
      const waiter = this.waiters.take()
      waiter?.resolve(this.#lock(record, waiter.holder))
    }
  }

  #pumpLocal(holder: Holder): void {
    for (;;) {
      const waiter = this.waiters.takeOf(holder)
      if (waiter === undefined) return
      const record = this.#takeLocal(holder)
      if (record !== undefined) {
        waiter.resolve(this.#lock(record, holder))
        continue
      }
      this.waiters.giveBack(waiter)
      this.#withLocal.delete(holder)
      return
    }
  }

  /** An instance may have been handed out since, or have gone to somebody else. */
  #takeLocal(holder: Holder): InstanceRecord | undefined {
    for (let record = holder.ready.shift(); record !== undefined; record = holder.ready.shift()) {
      if (record.local?.holder === holder && hasWork(record, record.local.work)) return record
    }
    return undefined
  }

  clear(): void {
    for (const list of [this.#begun, this.#fresh]) {
      for (const record of list) record.queued = false
      list.clear()
    }
  }

  /** Nothing is in line that has no messages, except after they were taken out (purge). */
  #takeReady(): InstanceRecord | undefined {
    for (;;) {
      const freshFirst = ++this.#turns % turnsPerFreshStart === 0
      const record = freshFirst ? (this.#fresh.shift() ?? this.#begun.shift()) : (this.#begun.shift() ?? this.#fresh.shift())
      if (record === undefined) return undefined
      record.queued = false
      if (record.waiting.length > 0 && record.item === undefined) return record
    }
  }

  #lock(record: InstanceRecord, holder: Holder): OrchestrationItem {
    const taken = record.waiting
    record.waiting = []
    if (record.local !== undefined && record.local.holder !== holder) record.local.leave()
    record.lastHolder = holder
    const item = new OrchestrationItem(this.hub, holder, record, taken, record.local?.work.take() ?? none)
    record.session?.handOver(item)
    record.session = undefined
    record.item = item
    this.hub.locks.take(item)
    return item
  }
}

/** For its own process: a result, or in a session any message. */
function hasWork({ item, session, waiting }: InstanceRecord, { hasResults }: LocalWork): boolean {
  if (item !== undefined && session === undefined) return false
  return hasResults || (session !== undefined && waiting.length > 0)
}

function placeOf(message: QueuedMessage, waiting: readonly QueuedMessage[]): number {
  const at = waiting.findIndex((other) => other.order > message.order)
  return at < 0 ? waiting.length : at
}
