/** A worker of the hub: what it waits for, and what it has. Invariant: after `stop` has resolved it holds nothing and gets nothing. */
import { dtfxError, type ActivityWorkItem, type DurableError, type OrchestrationWorkItem, type StopReport, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import type { Sql } from './file/sql.js'
import type { Held, Holder } from './holder.js'
import type { Hub } from './hub.js'
import type { InstanceSession } from './instances/instance-session.js'
import { endSession } from './instances/settle-all.js'
import { OwnerLease } from './owners/owner-lease.js'
import { ownProcess } from './owners/process-identity.js'
import { freeAll } from './owners/take-over.js'
import { instanceSql } from './sql/instance-sql.js'
import { WaitingCalls, type WaitingCall } from './waiting-calls.js'

export class SqliteWorkerPort implements WorkerPort, Holder {
  readonly orchestrationCalls = new WaitingCalls<OrchestrationWorkItem>()
  readonly activityCalls = new WaitingCalls<ActivityWorkItem>()
  readonly items = new Set<Held>()
  readonly lease: OwnerLease
  readonly #hosted: ReadonlySet<string> | undefined
  readonly #sessions = new Map<number, InstanceSession>()
  readonly #byId = new Map<string, InstanceSession>()
  readonly #ready = new Set<InstanceSession>()
  #stopped: Promise<StopReport> | undefined
  #onItemEnded: (() => void) | undefined

  constructor(
    readonly hub: Hub,
    spec: WorkerSpec,
  ) {
    this.#hosted = spec.hosted === undefined ? undefined : new Set(spec.hosted.activities.map(({ name }) => name))
    const { clock, settings } = hub
    this.lease = new OwnerLease({
      clock,
      lockTimeoutMs: settings.lockTimeout,
      workerId: spec.workerId,
      process: ownProcess(),
      write: (run) => hub.write(run, { durable: false }),
      lost: () => this.loseAll(),
    })
  }

  get owner(): number {
    return this.lease.owner
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined
  }

  get isWaiting(): boolean {
    return this.orchestrationCalls.count > 0 || this.activityCalls.count > 0
  }

  get hasReadySession(): boolean {
    return this.#ready.size > 0
  }

  async start(): Promise<void> {
    await this.lease.register()
    this.hub.addPort(this)
  }

  nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    return this.#next(this.orchestrationCalls, signal)
  }

  nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    return this.#next(this.activityCalls, signal, request.accept)
  }

  stop(deadlineMs: number): Promise<StopReport> {
    return (this.#stopped ??= this.#stop(deadlineMs))
  }

  takeActivityCall(name: string): WaitingCall<ActivityWorkItem> | undefined {
    return this.isStopping || this.#hosted?.has(name) === false ? undefined : this.activityCalls.take(name)
  }

  sessionOf(instanceId: string): InstanceSession | undefined {
    return this.#byId.get(instanceId)
  }

  addSession(session: InstanceSession): void {
    this.#sessions.set(session.key, session)
    this.#byId.set(session.instanceId, session)
  }

  removeSession(session: InstanceSession): void {
    if (this.#sessions.get(session.key) !== session) return
    this.#sessions.delete(session.key)
    this.#byId.delete(session.instanceId)
    this.#ready.delete(session)
  }

  sessionReady(session: InstanceSession): void {
    this.#ready.add(session)
    if (this.orchestrationCalls.count > 0) this.hub.wake()
  }

  *readySessions(): Generator<InstanceSession> {
    for (const session of [...this.#ready]) {
      this.#ready.delete(session)
      if (!session.isReady || this.#sessions.get(session.key) !== session) continue
      // Also when the caller takes no more: one that was looked at and not taken is ready still.
      try {
        yield session
      } finally {
        if (session.isReady) this.#ready.add(session)
      }
    }
  }

  messagesArrived(instance: number): void {
    const session = this.#sessions.get(instance)
    if (session === undefined || session.item !== undefined) return
    session.hasMessages = true
    this.#ready.add(session)
  }

  /** Of others, to what this worker has. */
  lookForMessages(sql: Sql): void {
    if (this.#sessions.size === 0) return
    for (const { key } of sql.all<{ readonly key: number }>(instanceSql.readyOwned, this.owner)) this.messagesArrived(key)
  }

  itemEnded(): void {
    this.#onItemEnded?.()
  }

  /** Others have, or will have, what this one had. */
  loseAll(): void {
    this.#sessions.clear()
    this.#byId.clear()
    this.#ready.clear()
    for (const item of [...this.items]) item.lose()
  }

  #next<Item>(calls: WaitingCalls<Item>, signal: AbortSignal, accept?: readonly string[]): Promise<Item> {
    if (this.isStopping) return Promise.reject(stopped())
    if (signal.aborted) return Promise.reject(signal.reason)
    const next = calls.add(signal, accept)
    this.hub.wake()
    return next
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const { hub } = this
    this.orchestrationCalls.rejectAll(stopped())
    this.activityCalls.rejectAll(stopped())
    if (deadlineMs > 0 && this.items.size > 0) await this.#drained(deadlineMs)
    const abandoned = this.items.size
    hub.removePort(this)
    // What cannot be given back is given up: its time runs out.
    await hub.write((transaction) => {
      for (const session of this.#sessions.values()) endSession(transaction, this, session)
      freeAll(transaction.sql, this.owner)
      transaction.onCommit(() => {
        this.loseAll()
        hub.work.unknown(hub.clock.nowMs())
        hub.wake()
      })
    }).catch((error: unknown) => {
      hub.report(error)
      this.loseAll()
    })
    return { abandoned }
  }

  #drained(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.hub.clock.setTimer(deadlineMs, resolve)
      this.#onItemEnded = () => {
        if (this.items.size > 0) return
        cancel()
        resolve()
      }
    })
  }
}

function stopped(): DurableError {
  return dtfxError('DTFX_WORKER_STATE', { state: 'stopped', what: 'taking work' })
}
