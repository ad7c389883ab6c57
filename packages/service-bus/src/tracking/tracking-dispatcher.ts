/**
 * Takes the tracking messages of instances, session by session, and writes histories and states into the instance store.
 *
 * Invariants:
 * 1. A message is completed when what it says is stored, and, for the end of an instance, when its session's state is cleared: so a state that is not needed any more is always cleared, whoever dies.
 *    It is needed until the inputs of the last turn are completed: until then what the turn sends may not be sent.
 * 2. What comes twice changes nothing: rows have the same keys, and a state is not written over a later one.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { deferred, DurableError, isFinal, sleep, TransientError } from '@dtfx/core/provider'
import type { InstanceWatchers } from '@dtfx/azure-common'
import type { BusConnection } from '../bus/bus-connection.js'
import { FetchLoops } from '../bus/fetch-loops.js'
import { SessionLink } from '../bus/session-link.js'
import type { HubParts } from '../hub-parts.js'
import { copyOf } from '../messages/bus-message.js'
import { receivedMessage, type Received } from '../messages/message-receiver.js'
import { isOver } from '../sessions/session-state.js'
import type { FinishedSessions } from './finished-sessions.js'
import type { InstanceStore } from './instance-store.js'
import type { RecentEnds } from './recent-ends.js'
import { trackedBatch, trackedMessage, type TrackedBatch, type TrackedState } from './tracked-batch.js'

export interface TrackingParts {
  readonly parts: HubParts
  readonly store: InstanceStore
  readonly watchers: InstanceWatchers
  readonly ends: RecentEnds
  readonly sessions: FinishedSessions
  /** For the sessions of the orchestrator queue that are cleared. */
  readonly orchestrations: BusConnection
}

/** A session whose state is to be cleared may be held by another worker, who lets it go in a moment. */
const heldElsewhereMs = 2_000

interface Tracked {
  readonly raw: ServiceBusReceivedMessage
  readonly instanceId: string
  readonly told: TrackedBatch
  readonly settled: () => void
}

export class TrackingDispatcher {
  readonly #connection: BusConnection
  readonly #loops: FetchLoops

  constructor(readonly of: TrackingParts) {
    const { parts } = of
    this.#connection = parts.connect()
    this.#loops = new FetchLoops({
      host: parts.host,
      max: parts.settings.acceptors,
      open: () => ({ next: (signal) => this.#next(signal), reset: () => Promise.resolve() }),
      hasDemand: () => true,
      failed: (error) => parts.log.failed(parts.names.trackingQueue, error),
    })
  }

  /** Resolves when it holds nothing any more. */
  async stop(): Promise<void> {
    await this.#loops.stop(new Error('the worker stops'))
    await this.#connection.close()
  }

  async #next(signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const link = await this.#accept('tracking', this.of.parts.names.trackingQueue, undefined, signal)
    return link === undefined ? undefined : () => this.#serve(link)
  }

  #accept(role: string, queue: string, sessionId: string | undefined, signal?: AbortSignal): Promise<SessionLink | undefined> {
    const connection = role === 'tracking' ? this.#connection : this.of.orchestrations
    return SessionLink.accept({ connection, queue, role, sessionId, signal, lockMs: this.of.parts.settings.lockDuration })
  }

  /** All messages of a session that are there, then it is given back. */
  async #serve(link: SessionLink): Promise<void> {
    let waiting: { readonly raw: ServiceBusReceivedMessage; readonly settled: () => void }[] = []
    let arrived = deferred<void>()
    link.onLost = () => arrived.resolve()
    link.receive((raw) => {
      const room = deferred<void>()
      waiting.push({ raw, settled: room.resolve })
      arrived.resolve()
      return room.promise
    })
    try {
      await Promise.race([arrived.promise, sleep(this.of.parts.host.clock, heldElsewhereMs, this.#loops.signal)])
      while (waiting.length > 0 && link.isHeld && !this.#loops.signal.aborted) {
        const batch = waiting
        waiting = []
        arrived = deferred<void>()
        await this.#track(link, batch)
      }
    } finally {
      await link.close()
    }
  }

  async #track(link: SessionLink, batch: readonly { readonly raw: ServiceBusReceivedMessage; readonly settled: () => void }[]): Promise<void> {
    const { store, watchers, ends } = this.of
    const tracked: Tracked[] = []
    for (const { raw, settled } of batch) {
      const read = await this.#read(link, raw)
      if (read === undefined) settled()
      else tracked.push({ raw, ...read, settled })
    }
    const [first] = tracked
    if (first === undefined) return
    const { instanceId } = first
    const { events, states } = trackedBatch(tracked.map(({ told }) => told))
    if (events.length > 0) await store.histories.write(instanceId, events)
    let isShown = false
    for (const state of states) isShown = await store.show(state)
    const last = states.at(-1)
    if (last !== undefined && isFinal(last.state.status)) {
      if (isShown) ends.tell(last.state)
      watchers.ended(instanceId)
    }
    const isCleared = last === undefined || (await this.#clear(instanceId, last))
    // The one that tells it: behind it there may be an earlier one, sent again.
    const telling = tracked.find(({ told }) => last !== undefined && told.states.includes(last))
    await Promise.all(
      tracked.map(async ({ raw, settled }) => {
        if (!isCleared && raw === telling?.raw) await this.#later(link, raw)
        else await link.complete(raw)
        settled()
      }),
    )
  }

  /** Undefined: nobody can read it, and it was set aside. */
  async #read(link: SessionLink, raw: ServiceBusReceivedMessage): Promise<Pick<Tracked, 'instanceId' | 'told'> | undefined> {
    const { blobs, log, names } = this.of.parts
    const read = told(await receivedMessage(raw, blobs))
    if (!('reason' in read)) return read
    log.setAside(names.trackingQueue, String(raw.messageId), read.reason)
    await link.deadLetter(raw, read.code, read.reason)
    return undefined
  }

  /** False: the session is in other hands, or its state is still needed. */
  async #clear(instanceId: string, { state, commit }: TrackedState): Promise<boolean> {
    if (commit === undefined || !isFinal(state.status)) return true
    const held = this.of.sessions.find(instanceId)
    if (held !== undefined) return held.forget(commit.sequence)
    try {
      return await this.#clearUnheld(instanceId, commit.sequence)
    } catch (error) {
      if (error instanceof TransientError) return false
      throw error
    }
  }

  async #clearUnheld(instanceId: string, sequence: number): Promise<boolean> {
    const { names, sessions } = this.of.parts
    const link = await this.#accept('orchestrator', names.orchestratorQueue, instanceId)
    if (link === undefined) return false
    try {
      const stored = await sessions.read(link, instanceId)
      if (!isOver(stored) || stored.sequence !== sequence) return true
      if (await link.hasAny(stored.inputs)) return false
      await sessions.clear(link, stored)
      return true
    } finally {
      await link.close()
    }
  }

  /** A copy comes back in a moment; what it says is stored by then, and written again. */
  async #later(link: SessionLink, raw: ServiceBusReceivedMessage): Promise<void> {
    const { sender, host } = this.of.parts
    const content = { id: String(raw.messageId), enqueuedAt: host.clock.nowTicks() }
    const deliverAt = new Date(host.clock.nowMs() + heldElsewhereMs).toISOString()
    await sender.sendRaw('tracking', [copyOf(raw, content, { copy: sender.copyName(), faultCount: 0, deliveries: 0, deliverAt })])
    await link.complete(raw)
  }
}

function told(received: Received): Pick<Tracked, 'instanceId' | 'told'> | { readonly code: string; readonly reason: string } {
  if (received.kind === 'unreadable') return received
  const { message } = received.content
  try {
    return { instanceId: message.instance.instanceId, told: trackedMessage(message) }
  } catch (error) {
    if (!DurableError.is(error, 'DTFX_WIRE_INVALID')) throw error
    return { code: error.code, reason: error.message }
  }
}
