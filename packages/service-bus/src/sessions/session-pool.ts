/**
 * The sessions that a worker holds, and the calls that wait for one with work.
 *
 * Invariants:
 * 1. A session is asked for only while calls wait; one with work and nobody to take it is given back, unless activities of it run here.
 * 2. What is held and rests is renewed here; what is in a turn, by the worker. What is not renewed is lost when its time is over.
 */
import type { CancelTimer } from '@dtfx/core/provider'
import { WaitingCalls } from '@dtfx/azure-common'
import { FetchLoops } from '../bus/fetch-loops.js'
import { SessionLink } from '../bus/session-link.js'
import { SpreadConnections } from '../bus/spread-connections.js'
import { HeldSession } from './held-session.js'
import { OrchestrationItem } from './orchestration-item.js'
import type { SessionHost } from './session-host.js'

export class SessionPool {
  readonly connections: SpreadConnections
  readonly #calls = new WaitingCalls<OrchestrationItem>()
  /** By the id of the session, lower case: the broker may hand it back in another one. */
  readonly #sessions = new Map<string, HeldSession>()
  #ready: HeldSession[] = []
  readonly #loops: FetchLoops
  #cancelSweep: CancelTimer | undefined

  constructor(readonly host: SessionHost) {
    const { parts } = host
    this.connections = new SpreadConnections(() => parts.connect())
    this.#loops = new FetchLoops({
      host: parts.host,
      max: parts.settings.acceptors,
      open: () => ({ next: (signal) => this.#accept(signal), reset: () => Promise.resolve() }),
      hasDemand: () => this.#calls.length > 0,
      failed: (error) => parts.log.failed(parts.names.orchestratorQueue, error),
    })
    this.#armSweep()
  }

  next(signal: AbortSignal): Promise<OrchestrationItem> {
    const call = this.#calls.add(signal)
    this.#pump()
    return call
  }

  sessions(): Iterable<HeldSession> {
    return this.#sessions.values()
  }

  find(sessionId: string): HeldSession | undefined {
    return this.#sessions.get(sessionId.toLowerCase())
  }

  enqueue(session: HeldSession): void {
    if (session.isQueued || session.item !== undefined || !session.isHeld || !session.hasWork) return
    session.isQueued = true
    this.#ready.push(session)
    this.#pump()
    if (session.isQueued && !session.hasLocalWork) void this.#withdraw(session)
  }

  ended(session: HeldSession): void {
    if (this.find(session.link.sessionId) === session) this.#sessions.delete(session.link.sessionId.toLowerCase())
    this.#ready = this.#ready.filter((each) => each !== session)
  }

  /** No new work: calls that wait reject, nothing is accepted. */
  async stop(reason: Error): Promise<void> {
    this.#calls.close(reason)
    await this.#loops.stop(reason)
  }

  async close(): Promise<void> {
    this.#cancelSweep?.()
    await this.connections.close()
  }

  /** Nobody here has room for it: others may. */
  async #withdraw(session: HeldSession): Promise<void> {
    session.isQueued = false
    this.#ready = this.#ready.filter((each) => each !== session)
    await session.close()
  }

  async #accept(signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const { names, settings } = this.host.parts
    const connection = this.connections.next([...this.#sessions.values()].map(({ link }) => link.options.connection))
    const link = await SessionLink.accept({ connection, queue: names.orchestratorQueue, role: 'orchestrator', signal, lockMs: settings.lockDuration })
    if (link === undefined) return undefined
    if (signal.aborted) return () => link.close()
    this.#sessions.set(link.sessionId.toLowerCase(), new HeldSession(this.host, link))
    return () => Promise.resolve()
  }

  #pump(): void {
    while (this.#calls.length > 0) {
      const session = this.#ready.shift()
      if (session === undefined) break
      session.isQueued = false
      if (session.item !== undefined || !session.isHeld || !session.hasWork) continue
      this.#calls.take()?.resolve(new OrchestrationItem(session))
    }
    this.#loops.wake()
  }

  #armSweep(): void {
    const { clock } = this.host.parts.host
    this.#cancelSweep = clock.setTimer(this.host.parts.settings.lockDuration / 8, () => this.#sweep(), { keepAlive: false })
  }

  #sweep(): void {
    const { host, settings } = this.host.parts
    const nowMs = host.clock.monotonicMs()
    for (const session of [...this.#sessions.values()]) {
      const leftMs = session.link.deadlineMs - nowMs
      if (leftMs < 0) session.link.lose()
      else if (session.item === undefined && leftMs < settings.lockDuration * 0.6) void session.renewAtRest().catch(() => {})
    }
    this.#armSweep()
  }
}
