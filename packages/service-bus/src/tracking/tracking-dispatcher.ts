/**
 * Waits for sessions of the tracking queue and has them served, several at once: the lanes of this framework, and those of single instances that .NET left.
 * Invariant: after a failure nothing new is taken for a while, longer each time; after `stop` has resolved nothing is held or in progress.
 */
import { RequestGate } from '@dtfx/azure-common'
import { backoffMs } from '@dtfx/core/provider'
import type { BusConnection } from '../bus/bus-connection.js'
import { FetchLoops } from '../bus/fetch-loops.js'
import { SessionLink } from '../bus/session-link.js'
import { InstanceTracker, type TrackerParts } from './instance-tracker.js'
import { ServedSession, type ServingParts } from './served-session.js'
import { trackingLanes } from './tracking-lane.js'

/** Instances that are stored at once: each takes some requests to the account. */
const maxTracking = 64
const retry = { firstMs: 100, maxMs: 10_000 }

export class TrackingDispatcher {
  readonly #connection: BusConnection
  readonly #loops: FetchLoops
  readonly #serving = new Set<Promise<void>>()
  readonly #of: ServingParts
  #failures = 0
  #isPausing = false

  constructor(tracker: TrackerParts) {
    const { parts } = tracker
    const { host, settings, log, names } = parts
    this.#connection = parts.connect()
    this.#of = { parts, tracker: new InstanceTracker(tracker), gate: new RequestGate(maxTracking) }
    // All lanes may be held here for a long time: others are waited for nevertheless.
    const maxServing = trackingLanes + settings.acceptors
    this.#loops = new FetchLoops({
      host,
      max: settings.acceptors,
      open: () => ({ next: (signal) => this.#next(signal), reset: () => Promise.resolve() }),
      hasDemand: () => !this.#isPausing && this.#serving.size < maxServing,
      failed: (error) => log.failed(names.trackingQueue, error),
    })
  }

  async stop(): Promise<void> {
    await this.#loops.stop(new Error('the worker stops'))
    await Promise.all(this.#serving)
    await this.#connection.close()
  }

  async #next(signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
    const { names, settings } = this.#of.parts
    const link = await SessionLink.accept({ connection: this.#connection, queue: names.trackingQueue, role: 'tracking', sessionId: undefined, signal, lockMs: settings.lockDuration })
    if (link === undefined) return undefined
    if (signal.aborted) return () => link.close()
    const serving: Promise<void> = this.#serve(link, signal).finally(() => {
      this.#serving.delete(serving)
      this.#loops.wake()
    })
    this.#serving.add(serving)
    return () => Promise.resolve()
  }

  /** Never rejects. */
  async #serve(link: SessionLink, signal: AbortSignal): Promise<void> {
    try {
      await new ServedSession(this.#of, link).run(signal)
      this.#failures = 0
    } catch (error) {
      if (!signal.aborted) this.#pause(error)
    }
  }

  #pause(error: unknown): void {
    const { log, names, host } = this.#of.parts
    log.failed(names.trackingQueue, error)
    if (this.#isPausing) return
    this.#isPausing = true
    const resume = (): void => {
      this.#isPausing = false
      this.#loops.wake()
    }
    host.clock.setTimer(backoffMs(retry, ++this.#failures, host.random), resume, { keepAlive: false })
  }
}
