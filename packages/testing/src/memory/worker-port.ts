/** A worker of the hub. Invariant: after `stop` has resolved it holds nothing and gets nothing. */
import { dtfxError, LocalActivities, type ActivityWorkItem, type Clock, type DurableError, type StopReport, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import { Fifo } from './fifo.js'
import type { Holder } from './held-item.js'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { OutboxEntry } from './local/outbox-backup.js'
import type { OrchestrationItem } from './orchestration-item.js'
import type { Steps, StoreAccess } from './steps.js'

export class MemoryWorkerPort implements WorkerPort, Holder {
  readonly workerId: string
  readonly steps: Steps
  readonly clock: Clock
  readonly ready = new Fifo<InstanceRecord>()
  readonly local: LocalActivities
  readonly sent = new WeakSet<OutboxEntry>()
  readonly #hosted: ReadonlySet<string> | undefined
  #stopped: Promise<StopReport> | undefined
  #onItemEnded: (() => void) | undefined

  constructor(
    readonly hub: Hub,
    spec: WorkerSpec,
    { steps, clock }: StoreAccess,
    /** Called once, when nothing is held any more. */
    readonly onStopped: (port: MemoryWorkerPort) => void,
  ) {
    this.workerId = spec.workerId
    this.#hosted = spec.hosted === undefined ? undefined : new Set(spec.hosted.activities.map(({ name }) => name))
    this.steps = steps
    this.clock = clock
    this.local = new LocalActivities({ clock, hiddenForMs: hub.locks.timeoutMs })
  }

  nextOrchestration(signal: AbortSignal): Promise<OrchestrationItem> {
    if (this.#stopped !== undefined) return Promise.reject(stopped())
    if (signal.aborted) return Promise.reject(signal.reason)
    return this.hub.inboxes.next(this, signal)
  }

  nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    if (this.#stopped !== undefined) return Promise.reject(stopped())
    if (signal.aborted) return Promise.reject(signal.reason)
    return this.hub.activities.next(this, signal, request.accept)
  }

  stop(deadlineMs: number): Promise<StopReport> {
    return (this.#stopped ??= this.#stop(deadlineMs))
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined && this.hub.locks.heldBy(this).length === 0
  }

  hosts(activity: string): boolean {
    return this.#hosted?.has(activity) ?? true
  }

  itemEnded(): void {
    this.#onItemEnded?.()
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const { hub } = this
    hub.inboxes.waiters.rejectAllOf(this, stopped())
    hub.activities.waiters.rejectAllOf(this, stopped())
    const owned = [...hub.store.records()].flatMap(({ local }) => (local?.holder === this ? [local] : []))
    // What could not be given back in order is lost with the rest.
    await Promise.allSettled(owned.map((owner) => owner.drain()))
    if (deadlineMs > 0 && hub.locks.heldBy(this).length > 0) await this.#drained(deadlineMs)
    const abandoned = hub.locks.heldBy(this)
    for (const item of abandoned) item.lose()
    this.local.stop()
    this.onStopped(this)
    return { abandoned: abandoned.length }
  }

  #drained(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.hub.clock.setTimer(deadlineMs, resolve)
      this.#onItemEnded = () => {
        if (this.hub.locks.heldBy(this).length > 0) return
        cancel()
        resolve()
      }
    })
  }
}

function stopped(): DurableError {
  return dtfxError('DTFX_WORKER_STATE', { state: 'stopped', what: 'taking work' })
}
