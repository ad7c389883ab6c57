/**
 * A worker of the hub: the partitions it owns with their instances, and its share of the activities.
 *
 * Invariants:
 * 1. A partition that is let go leaves nothing here: what was fetched is put back, what is known of its instances is forgotten, results of local activities are sent.
 * 2. After `stop` has resolved nothing is fetched, held or renewed by it.
 */
import { dtfxError, isFinal, LockLostError, type ActivityWorkItem, type CancelTimer, type StopReport, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import type { ActivityItem, ActivityHost } from './activities/activity-item.js'
import { Inbox } from './instances/inbox.js'
import { OrchestrationItem } from './instances/orchestration-item.js'
import { OwnedPartition } from './instances/owned-partition.js'
import type { ReceivedMessage } from './instances/received-message.js'
import { WorkerStore } from './instances/worker-store.js'
import { controlQueueOf } from './names.js'
import type { PartitionCallbacks } from './partitions/partition-manager.js'
import type { PartitionOwnership } from './partitions/partition-ownership.js'
import { ControlQueue } from './queues/control-queue.js'
import { WaitingCalls } from '@dtfx/azure-common'
import { WorkItemQueue } from './queues/work-item-queue.js'
import type { WorkerParts } from './worker-parts.js'

interface Ownership {
  readonly partition: OwnedPartition
  readonly queue: ControlQueue
}

/** Of a lock: how often what waits is looked at, and renewed if less than half of its time would be left before the next look. */
const sweepsPerLock = 4
/** How long the partitions may take to be given away when the worker has nothing left to do. */
const releaseMs = 10_000

export class AzureWorkerPort implements WorkerPort {
  readonly #calls = new WaitingCalls<OrchestrationItem>()
  readonly #inbox: Inbox
  readonly #store: WorkerStore
  readonly #workItems: WorkItemQueue
  readonly #partitions: PartitionOwnership
  readonly #owned = new Map<string, Ownership>()
  readonly #activities = new Set<ActivityItem>()
  #cancelSweep: CancelTimer | undefined
  #stopped: Promise<StopReport> | undefined
  #onItemEnded: (() => void) | undefined

  constructor(
    readonly parts: WorkerParts,
    spec: WorkerSpec,
    own: (callbacks: PartitionCallbacks) => PartitionOwnership,
    /** Called once, when it has stopped. */
    readonly onStopped: (port: AzureWorkerPort) => void,
  ) {
    this.#workItems = new WorkItemQueue(parts, this.#activityHost(), spec.hosted?.activities.map(({ name }) => name))
    this.#inbox = new Inbox(
      this.#calls,
      (record) => new OrchestrationItem(this.#store, record),
      () => this.#madeRoom(),
      (message) => this.#store.putBack(message),
    )
    this.#store = new WorkerStore({ parts, inbox: this.#inbox, workItems: this.#workItems, activityHost: this.#workItems.activityHost, onItemEnded: () => this.#onItemEnded?.() })
    this.#partitions = own({ listen: (name) => this.#listen(name), drain: (name) => this.#drain(name), drop: (name) => this.#drop(name) })
    this.#partitions.start()
    this.#armSweep()
  }

  nextOrchestration(signal: AbortSignal): Promise<OrchestrationItem> {
    const call = this.#calls.add(signal)
    this.#inbox.pump()
    return call
  }

  nextActivity({ accept }: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    return this.#workItems.next(signal, accept)
  }

  stop(deadlineMs: number): Promise<StopReport> {
    return (this.#stopped ??= this.#stop(deadlineMs))
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const reason = dtfxError('DTFX_WORKER_STATE', { state: 'stopped', what: 'taking work' })
    this.#calls.close(reason)
    const queues = this.#workItems.stop(reason)
    this.#store.isStopping = true
    // Results that wait for a turn of this worker go the ordinary way: it takes none any more.
    await Promise.all([...this.#inbox.records()].map(({ local }) => local?.leave()))
    if (deadlineMs > 0) await this.#idle(deadlineMs)
    const held = [...this.#inbox.records()].flatMap(({ item }) => (item === undefined ? [] : [item]))
    const activities = [...this.#activities].filter(({ isHeld }) => isHeld)
    for (const item of held) item.lose()
    await Promise.all([queues, ...activities.map((item) => item.giveUp())])
    this.#store.local.stop()
    try {
      await this.#partitions.stop(Math.max(deadlineMs, releaseMs))
    } finally {
      for (const name of [...this.#owned.keys()]) this.#drop(name)
      this.#cancelSweep?.()
      await this.#store.settled()
      this.onStopped(this)
    }
    return { abandoned: held.length + activities.length }
  }

  #listen(name: string): void {
    const partition = new OwnedPartition(name, () => this.#partitions.isLeased(name))
    this.#owned.set(name, { partition, queue: new ControlQueue(this.parts, partition, this.#inbox) })
  }

  /** Resolves when no turn of the partition is in progress, and every result that waits here was sent. Local activities go on, and answer as any other. */
  async #drain(name: string): Promise<void> {
    const owned = this.#owned.get(name)
    if (owned === undefined) return
    const { partition, queue } = owned
    partition.drain()
    await queue.stop()
    for (const message of this.#inbox.takeWaiting(partition)) this.#store.putBack(message)
    const records = this.#inbox.recordsOf(partition)
    await Promise.all(records.map(({ item }) => item?.ended))
    await Promise.all(records.map(({ local }) => local?.leave()))
    await this.#store.settled()
  }

  #drop(name: string): void {
    const owned = this.#owned.get(name)
    if (owned === undefined) return
    this.#owned.delete(name)
    const { partition, queue } = owned
    partition.end()
    this.#store.later(queue.stop())
    for (const message of this.#inbox.takeWaiting(partition)) this.#store.putBack(message)
    for (const { local } of this.#inbox.recordsOf(partition)) if (local !== undefined) this.#store.later(local.leave())
    this.#inbox.forgetAll(partition)
  }

  #madeRoom(): void {
    for (const { queue } of this.#owned.values()) queue.roomMade()
  }

  /** Waits until nothing is in progress, at most `deadlineMs`. */
  #idle(deadlineMs: number): Promise<void> {
    const isIdle = (): boolean => this.#activities.size === 0 && [...this.#inbox.records()].every(({ item }) => item === undefined)
    if (isIdle()) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.parts.host.clock.setTimer(deadlineMs, resolve)
      this.#onItemEnded = () => {
        if (!isIdle()) return
        cancel()
        resolve()
      }
    })
  }

  #armSweep(): void {
    const { clock } = this.parts.host
    this.#cancelSweep = clock.setTimer(this.parts.settings.controlQueueLock / sweepsPerLock, () => this.#sweep(), { keepAlive: false })
  }

  /** Renews what waits here, and ends items and activities whose lock is over: whoever had them does not say anything any more. */
  #sweep(): void {
    const { clock } = this.parts.host
    const { controlQueueLock } = this.parts.settings
    const nowMs = clock.monotonicMs()
    for (const message of [...this.#inbox.waitingUntil(nowMs + controlQueueLock * (1 / 2 + 1 / sweepsPerLock))]) this.#store.later(this.#renew(message))
    for (const { item } of [...this.#inbox.records()]) if (item !== undefined && item.deadlineMs < nowMs) item.lose()
    for (const activity of [...this.#activities]) if (!activity.isHeld) activity.lose()
    this.#armSweep()
  }

  /** One that could not be renewed for a passing reason is tried again by the next sweep; one that is lost leaves, unless a turn has it by now, which finds out by itself. */
  async #renew(message: ReceivedMessage): Promise<void> {
    try {
      await this.parts.gate.pass(() => message.lock.renew(this.parts.settings.controlQueueLock))
    } catch (error) {
      if (error instanceof LockLostError && message.holder === undefined) this.#inbox.remove(message)
    }
  }

  #activityHost(): ActivityHost {
    const { parts } = this
    const { host, settings, names, sender, quarantine, instances } = parts
    return {
      clock: host.clock,
      lockMs: settings.workItemLock,
      answer: (message, options) => sender.send(message, options),
      textOf: (message, options) => sender.textOf(message, options),
      msUntil: (time) => sender.msUntil(time),
      quarantine: ({ id, queue, instanceId, text }, code, reason) => quarantine.add({ id, queue: queue === 'control' ? controlQueueOf(names, instanceId) : names.workItemQueue, text, code, reason }),
      isInstanceGone: async (instanceId, executionId) => {
        const row = await instances.read(instanceId, { payloads: false })
        return row === undefined || isFinal(row.state.status) || (executionId !== undefined && executionId !== row.state.executionId)
      },
      begun: (item) => void this.#activities.add(item),
      ended: (item) => {
        this.#activities.delete(item)
        this.#onItemEnded?.()
      },
    }
  }
}
