/**
 * What the items of one worker do with the store: load, settle, show, send, and what is known of an instance between two of its turns.
 * Invariant: what is remembered of an instance is used for reads only while the partition is owned without a break, and for writes only as a condition that the store checks.
 */
import {
  isFinal,
  LocalActivities,
  type Checkpoint,
  type InstanceSnapshot,
  type InstanceVersion,
  type LocalReservation,
  type LocalWork,
  type OrchestrationInstance,
  type OutboundMessage,
  type Settlement,
} from '@dtfx/core/provider'
import type { ActivityHost } from '../activities/activity-item.js'
import { InstanceOwner } from '../activities/instance-owner.js'
import { MessageBackup } from '../activities/message-backup.js'
import { MessageLock } from '../queues/message-lock.js'
import type { WorkItemQueue } from '../queues/work-item-queue.js'
import { isNewerClaim, knownRow } from '../tracking/instance-store.js'
import type { WorkerParts } from '../worker-parts.js'
import type { Inbox } from './inbox.js'
import type { InstanceRecord } from './instance-record.js'
import type { ReceivedMessage } from './received-message.js'

export interface WorkerStoreOptions {
  readonly parts: WorkerParts
  readonly inbox: Inbox
  readonly workItems: WorkItemQueue
  readonly activityHost: ActivityHost
  readonly onItemEnded: () => void
}

export interface LoadOptions {
  /** One of the messages was delivered before: what an earlier commit left undone is finished. */
  readonly finish: boolean
  /** One of the messages is a start, which may belong to a claim. */
  readonly starts: boolean
}

export class WorkerStore {
  readonly parts: WorkerParts
  readonly inbox: Inbox
  readonly local: LocalActivities
  readonly onItemEnded: () => void
  /** No further turn begins here: results of local activities go the ordinary way. */
  isStopping = false
  readonly #workItems: WorkItemQueue
  readonly #activityHost: ActivityHost
  /** Requests that nobody waits for, but the end of the worker. */
  readonly #background = new Set<Promise<unknown>>()

  constructor({ parts, inbox, workItems, activityHost, onItemEnded }: WorkerStoreOptions) {
    this.onItemEnded = onItemEnded
    this.parts = parts
    this.inbox = inbox
    this.#workItems = workItems
    this.#activityHost = activityHost
    this.local = new LocalActivities({ clock: parts.host.clock, hiddenForMs: parts.settings.workItemLock })
  }

  async load(record: InstanceRecord, { finish, starts }: LoadOptions): Promise<InstanceSnapshot> {
    const { histories, instances } = this.parts
    const { instanceId } = record
    const stored = await histories.load(instanceId)
    const known = stored.isOurs ? stored.state() : undefined
    const needsRow = starts || finish || known === undefined || isFinal(known.status)
    const read = needsRow ? await instances.read(instanceId) : undefined
    const committed = known ?? stored.state(read?.state)
    // Not looked at, the row is that of the turn before; should it have changed since, the write on it fails, and then it is looked at.
    const before = record.known
    const isSame = before?.version === stored.version && before.row?.executionId === committed?.executionId
    let row = needsRow ? knownRow(read) : isSame ? before.row : undefined
    const isClaimed = read !== undefined && (committed === undefined || isNewerClaim(read, committed, stored.consumedIds))
    // A .NET worker says nothing of its commits: that it ended the instance, and did not come to say so, is all that can be told.
    const isEndUnsaid = committed !== undefined && isFinal(committed.status) && read?.state.executionId === committed.executionId && !isFinal(read.state.status)
    const isBehind = stored.isOurs ? (finish || read !== undefined) && (read?.sequence ?? 0) < stored.sequence : isEndUnsaid
    if (isBehind && committed !== undefined && !isClaimed) {
      const shown = await instances.show({ state: committed, sequence: stored.sequence, consumedIds: async () => stored.consumedIds }, row)
      row = shown.row
      if (shown.isWritten) this.parts.log.finished(instanceId, 'state')
    }
    record.known = { version: stored.version, row }
    return { version: stored.version, history: stored.history, consumedIds: stored.consumedIds, state: isClaimed ? read.state : committed }
  }

  /** Makes the state of a commit visible. A row that is of a newer execution, or of a later commit, stays. */
  async show(record: InstanceRecord, { state }: Checkpoint, version: InstanceVersion): Promise<void> {
    const { histories, instances, watchers } = this.parts
    if (state === undefined) {
      record.known = { version, row: record.known?.row }
      return
    }
    const committed = { state, sequence: histories.sequenceOf(version), consumedIds: () => histories.consumedIds(record.instanceId) }
    const { row } = await instances.show(committed, record.known?.row)
    record.known = { version, row }
    if (!isFinal(state.status)) return
    watchers.ended(record.instanceId)
    this.#endLocalWork(record)
  }

  /** Finishes what an earlier commit left undone, without anything being read. */
  async finishCommit(record: InstanceRecord): Promise<void> {
    await this.load(record, { finish: true, starts: false })
  }

  reserve({ outbound }: Checkpoint): LocalReservation {
    return this.local.reserve(this.parts.settings.localActivities ? outbound : [], this.#workItems.slots)
  }

  /** The local activities of an instance, made when there are none. */
  localWork(record: InstanceRecord): LocalWork {
    record.local ??= new InstanceOwner(this.local, () => record.partition.isListening && !this.isStopping, () => {
      this.inbox.enqueue(record)
      this.inbox.pump()
    })
    return record.local.work
  }

  /** Puts the message of a local activity, hidden from others from the first moment on. */
  async sendBackup(outbound: OutboundMessage, sender: OrchestrationInstance): Promise<MessageBackup> {
    const { parts } = this
    const { host, settings } = parts
    const sent = await parts.sender.sendHidden(outbound, { sender }, settings.workItemLock)
    const lock = new MessageLock(parts.clients.queue(parts.names.workItemQueue), sent, host, sent.sentMs + settings.workItemLock)
    const { id, message, replyTo } = outbound
    const content = { id, message, replyTo, sender: sender.instanceId, faultCount: 0, enqueuedAt: host.clock.nowTicks(), episode: sent.envelope.episode }
    return new MessageBackup(this.#activityHost, content, lock, 1, (faultCount) => parts.sender.textWithFaults(sent, faultCount))
  }

  /** What becomes of one message. @throws LockLostError when it is in other hands */
  async settle(message: ReceivedMessage, { outcome, until, code, reason }: Settlement): Promise<void> {
    const { inbox, parts } = this
    const { lock, content } = message
    if (outcome === 'quarantine') await parts.quarantine.add({ id: content.id, queue: message.partition.name, text: message.reception.withFaults(0), code: code ?? 'DTFX_POISON', reason: reason ?? '' })
    const hiddenMs = parts.sender.msUntil(until)
    if (outcome === 'fault') await lock.putBack(hiddenMs, message.reception.withFaults(content.faultCount + 1))
    else if (outcome === 'defer') await lock.putBack(hiddenMs)
    else await lock.delete()
    inbox.drop(message)
    if (outcome !== 'fault' && outcome !== 'defer') return
    if (hiddenMs === 0) parts.wakers.wake(message.partition.name)
    else parts.wakers.wakeAfter(message.partition.name, Math.ceil(hiddenMs / 1_000) * 1_000)
  }

  /** Messages that an item did not settle wait here for the next one, or are put back into the queue where others see them. */
  giveBack(record: InstanceRecord, messages: readonly ReceivedMessage[]): void {
    for (const message of messages) {
      if (record.partition.isListening && message.lock.isHeld) this.inbox.giveBack(record, message)
      else this.putBack(message)
    }
    this.inbox.enqueue(record)
    this.inbox.pump()
  }

  /** Others see it at once. */
  putBack(message: ReceivedMessage): void {
    this.inbox.drop(message)
    this.later(message.lock.putBack(0))
  }

  /** Counted for the version that the turn is about to run on. */
  async markSuspect(record: InstanceRecord): Promise<number> {
    record.isSuspect = true
    const { version } = record.known ?? (await this.parts.histories.load(record.instanceId))
    return this.parts.suspicions.count(record.instanceId, version)
  }

  /** A turn came to its end without a commit. One that committed has another version: the count is not about it. */
  async clearSuspicion(record: InstanceRecord): Promise<void> {
    if (!record.isSuspect) return
    record.isSuspect = false
    await this.parts.suspicions.clear(record.instanceId)
  }

  /** A request whose failure changes nothing: time makes it good. */
  later(request: Promise<unknown>): void {
    const done = request.catch(() => {}).finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  /** Resolves when no such request is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#background)
  }

  /** Nobody waits for what still runs: it is told. */
  #endLocalWork({ local }: InstanceRecord): void {
    for (const { backup } of local?.work.running ?? []) if (backup instanceof MessageBackup) backup.abandonedByInstance()
  }
}
