/**
 * A worker of the hub: the sessions it holds, its share of the activities, and, with an instance store, the tracking of what has happened.
 * Invariant: after `stop` has resolved it holds, fetches and renews nothing.
 */
import { dtfxError, LocalActivities, type ActivityWorkItem, type LocalReservation, type OutboundMessage, type StopReport, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import type { InstanceWatchers } from '@dtfx/azure-common'
import { ActivityQueue } from './activities/activity-queue.js'
import { OutboxBackup } from './sessions/outbox-backup.js'
import type { HubParts } from './hub-parts.js'
import type { HeldSession } from './sessions/held-session.js'
import type { OrchestrationItem } from './sessions/orchestration-item.js'
import type { SessionHost } from './sessions/session-host.js'
import { SessionPool } from './sessions/session-pool.js'
import type { FinishedSessions } from './tracking/finished-sessions.js'
import type { JumpStarts } from './tracking/jump-start.js'
import type { RecentEnds } from './tracking/recent-ends.js'
import { TrackingDispatcher } from './tracking/tracking-dispatcher.js'

export interface WorkerPortParts {
  readonly parts: HubParts
  readonly watchers: InstanceWatchers
  readonly ends: RecentEnds
  readonly jumpStarts: JumpStarts | undefined
  /** Of all workers of the process. */
  readonly sessions: FinishedSessions
  /** Called once, when it has stopped. */
  readonly onStopped: (port: ServiceBusWorkerPort) => void
}

export class ServiceBusWorkerPort implements WorkerPort, SessionHost {
  readonly local: LocalActivities
  readonly pool: SessionPool
  readonly #activities: ActivityQueue
  readonly #tracking: TrackingDispatcher | undefined
  readonly #jumpStarting: Promise<void> | undefined
  readonly #stopping = new AbortController()
  #isStopping = false
  #stopped: Promise<StopReport> | undefined
  #onItemEnded: (() => void) | undefined

  constructor(
    readonly of: WorkerPortParts,
    spec: WorkerSpec,
  ) {
    const { parts, watchers, ends, jumpStarts, sessions } = of
    this.local = new LocalActivities({ clock: parts.host.clock, hiddenForMs: parts.settings.lockDuration })
    this.#activities = new ActivityQueue(parts, spec.hosted?.activities.map(({ name }) => name), () => this.itemEnded())
    this.pool = new SessionPool(this)
    const { store } = parts
    this.#tracking = store === undefined ? undefined : new TrackingDispatcher({ parts, store, watchers, ends, sessions, orchestrations: this.pool.connections })
    this.#jumpStarting = jumpStarts?.run(parts.settings.jumpStartInterval, this.#stopping.signal)
  }

  get parts(): HubParts {
    return this.of.parts
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  nextOrchestration(signal: AbortSignal): Promise<OrchestrationItem> {
    return this.pool.next(signal)
  }

  nextActivity({ accept }: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    return this.#activities.next(signal, accept)
  }

  stop(deadlineMs: number): Promise<StopReport> {
    return (this.#stopped ??= this.#stop(deadlineMs))
  }

  reserve(outbound: readonly OutboundMessage[]): LocalReservation {
    return this.local.reserve(this.parts.settings.localActivities && !this.#isStopping ? outbound : [], this.#activities.slots)
  }

  enqueue(session: HeldSession): void {
    this.pool.enqueue(session)
  }

  ended(session: HeldSession): void {
    this.pool.ended(session)
  }

  itemEnded(): void {
    this.#onItemEnded?.()
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const reason = dtfxError('DTFX_WORKER_STATE', { state: 'stopped', what: 'taking work' })
    const fetching = Promise.all([this.pool.stop(reason), this.#activities.stop(reason)])
    this.#stopping.abort(reason)
    this.#isStopping = true
    // Results that wait for a turn of this worker go the ordinary way: it takes none any more.
    await Promise.all([...this.pool.sessions()].map(({ localWork }) => localWork?.leave()))
    if (deadlineMs > 0) await this.#idle(deadlineMs)
    await fetching
    const items = [...this.pool.sessions()].flatMap(({ item }) => (item === undefined ? [] : [item]))
    const activities = [...this.#activities.active]
    const backups = [...this.pool.sessions()].flatMap(({ localWork }) => [...(localWork?.running ?? [])].map(({ backup }) => backup)).filter((backup): backup is OutboxBackup => backup instanceof OutboxBackup)
    for (const item of items) item.lose()
    await Promise.all([...activities.map((item) => item.giveUp()), ...backups.map((backup) => backup.giveUp())])
    this.local.stop()
    await Promise.all([...this.pool.sessions()].map((session) => session.close()))
    await this.#tracking?.stop()
    await Promise.all([this.pool.close(), this.#activities.close(), this.#jumpStarting])
    this.of.onStopped(this)
    return { abandoned: items.length + activities.length + backups.length }
  }

  get #isIdle(): boolean {
    if (this.#activities.active.size > 0) return false
    return [...this.pool.sessions()].every(({ item, localWork }) => item === undefined && [...(localWork?.running ?? [])].length === 0)
  }

  /** Waits until nothing is in progress, at most `deadlineMs`. */
  #idle(deadlineMs: number): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.parts.host.clock.setTimer(deadlineMs, resolve)
      this.#onItemEnded = () => {
        if (!this.#isIdle) return
        cancel()
        resolve()
      }
    })
  }
}
