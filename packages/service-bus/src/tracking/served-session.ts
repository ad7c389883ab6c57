/**
 * A session of the tracking queue that this worker holds, until nothing comes any more: what one instance told is stored in order, what several told side by side.
 *
 * Invariants:
 * 1. A message is completed when what it says is stored, and, for the end of an instance, when its session's state is cleared: so a state that is not needed any more is always cleared, whoever dies.
 * 2. What cannot be stored of one instance does not hold up the others: it comes again later, and is set aside after some failures. A store that does not answer ends the whole: nothing is set aside for that.
 * 3. When `run` has ended nothing is in progress.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import type { RequestGate } from '@dtfx/azure-common'
import { addMs, backoffMs, deferred, DurableError, sleep, type InstanceId } from '@dtfx/core/provider'
import { maxFailedDeliveries, type SessionLink } from '../bus/session-link.js'
import type { HubParts } from '../hub-parts.js'
import { copyOf, type MessageContent } from '../messages/bus-message.js'
import { receivedMessage, type Received } from '../messages/message-receiver.js'
import type { InstanceTracker } from './instance-tracker.js'
import { trackedBatch, trackedMessage, type TrackedBatch } from './tracked-batch.js'
import { isTrackingLane } from './tracking-lane.js'

export interface ServingParts {
  readonly parts: HubParts
  readonly tracker: InstanceTracker
  /** Of all sessions that this worker serves: instances that are stored at once. */
  readonly gate: RequestGate
}

interface TrackingMessage {
  readonly raw: ServiceBusReceivedMessage
  readonly content: MessageContent
  readonly told: TrackedBatch
  readonly settled: () => void
}

/** A lane is kept for as long as something comes; another session, of which nothing more is expected, not for long. */
const laneIdleMs = 1_000
const otherIdleMs = 50
/** Messages of one session that are here and not settled. */
const maxUnsettled = 64
/** The first message of a session that was found takes no longer than this. */
const firstMessageMs = 2_000
/** For a session that somebody else holds, who lets it go in a moment. */
const heldElsewhereMs = 2_000
/** With the pauses between them about three hours. */
const maxFaults = 24
const faultPauses = { firstMs: 2_000, maxMs: 600_000, jitter: 0 }
/** Of everything, not of one instance. */
const passingCodes = ['DTFX_TRANSIENT', 'DTFX_AMBIGUOUS', 'DTFX_LOCK_LOST', 'DTFX_CLOSED'] as const

export class ServedSession {
  /** Of instances that are being stored: what came meanwhile. */
  readonly #waiting = new Map<InstanceId, TrackingMessage[]>()
  readonly #running = new Set<Promise<void>>()
  readonly #over = new AbortController()
  /** Messages are read in the order in which they come, also those that are in blobs. */
  #intake: Promise<void> = Promise.resolve()
  #arrived = 0
  #settled = 0
  #failure: { readonly error: unknown } | undefined

  constructor(
    readonly of: ServingParts,
    readonly link: SessionLink,
  ) {}

  /** @throws what went wrong: the session was given back, and its messages come again */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.of.parts.host
    const end = (): void => this.#over.abort()
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    this.link.onLost = end
    this.link.receive(maxUnsettled, (raw) => this.#receive(raw))
    const endMs = clock.monotonicMs() + this.link.lockMs / 2
    const idleMs = isTrackingLane(this.link.sessionId) ? laneIdleMs : otherIdleMs
    const firstEndMs = clock.monotonicMs() + firstMessageMs
    while (!this.#over.signal.aborted && clock.monotonicMs() < endMs) {
      const before = this.#arrived
      await sleep(clock, idleMs, this.#over.signal)
      const isIdle = before === this.#arrived && this.#settled === this.#arrived
      if (isIdle && (before > 0 || clock.monotonicMs() > firstEndMs)) break
    }
    end()
    signal.removeEventListener('abort', end)
    await this.#intake
    await Promise.all(this.#running)
    await this.link.close()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #receive(raw: ServiceBusReceivedMessage): Promise<void> {
    const room = deferred<void>()
    this.#arrived++
    const settled = (): void => {
      this.#settled++
      room.resolve()
    }
    this.#intake = this.#intake.then(() => this.#take(raw, settled)).catch((error: unknown) => this.#fail(error))
    return room.promise
  }

  async #take(raw: ServiceBusReceivedMessage, settled: () => void): Promise<void> {
    if (this.#over.signal.aborted) return
    const { blobs, log, names } = this.of.parts
    const read = readingOf(await receivedMessage(raw, blobs))
    if ('reason' in read) {
      log.setAside(names.trackingQueue, String(raw.messageId), read.reason)
      await this.link.deadLetter(raw, read.code, read.reason)
      return settled()
    }
    const message = { raw, ...read, settled }
    if ((raw.deliveryCount ?? 0) >= maxFailedDeliveries) return this.#again(message, { faultCount: read.content.faultCount, afterMs: 0 })
    const { instanceId } = read.content.message.instance
    const waiting = this.#waiting.get(instanceId)
    if (waiting !== undefined) return void waiting.push(message)
    this.#waiting.set(instanceId, [message])
    const run: Promise<void> = this.#trackAll(instanceId)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #trackAll(instanceId: InstanceId): Promise<void> {
    try {
      while (!this.#over.signal.aborted && (this.#waiting.get(instanceId)?.length ?? 0) > 0) {
        await this.of.gate.pass(() => {
          const messages = this.#waiting.get(instanceId) ?? []
          this.#waiting.set(instanceId, [])
          return this.#track(instanceId, messages)
        })
      }
    } finally {
      this.#waiting.delete(instanceId)
    }
  }

  async #track(instanceId: InstanceId, messages: readonly TrackingMessage[]): Promise<void> {
    const { tracker, parts } = this.of
    const batch = trackedBatch(messages.map(({ told }) => told))
    let isCleared: boolean
    try {
      isCleared = await tracker.track(instanceId, batch)
    } catch (error) {
      if (isPassing(error)) throw error
      parts.log.untracked(instanceId, error)
      for (const message of messages) await this.#fault(message, error)
      return
    }
    // The one that tells the last commit: behind it there may be an earlier one, sent again.
    const last = batch.states.at(-1)
    const telling = isCleared || last === undefined ? undefined : messages.find(({ told }) => told.states.includes(last))
    await Promise.all(messages.map((message) => (message === telling ? this.#again(message, { faultCount: message.content.faultCount, afterMs: heldElsewhereMs }) : this.#complete(message))))
  }

  async #complete({ raw, settled }: TrackingMessage): Promise<void> {
    await this.link.complete(raw)
    settled()
  }

  async #fault(message: TrackingMessage, error: unknown): Promise<void> {
    const faultCount = message.content.faultCount + 1
    if (faultCount < maxFaults) return this.#again(message, { faultCount, afterMs: backoffMs(faultPauses, faultCount, this.of.parts.host.random) })
    const { log, names } = this.of.parts
    const reason = error instanceof Error ? error.message : String(error)
    log.setAside(names.trackingQueue, String(message.raw.messageId), reason)
    await this.link.deadLetter(message.raw, DurableError.is(error) ? error.code : 'DTFX_POISON', reason)
    message.settled()
  }

  /** A copy comes later; what is stored by then is written again. */
  async #again({ raw, content, settled }: TrackingMessage, { faultCount, afterMs }: { readonly faultCount: number; readonly afterMs: number }): Promise<void> {
    const { sender, host } = this.of.parts
    const deliverAt = afterMs === 0 ? undefined : addMs(host.clock.nowTicks(), afterMs)
    await sender.sendRaw('tracking', [copyOf(raw, content, { copy: sender.copyName(), faultCount, deliveries: 0, deliverAt })])
    await this.link.complete(raw)
    settled()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#over.abort()
  }
}

function isPassing(error: unknown): boolean {
  return passingCodes.some((code) => DurableError.is(error, code))
}

type Reading = Pick<TrackingMessage, 'content' | 'told'> | { readonly code: string; readonly reason: string }

function readingOf(received: Received): Reading {
  if (received.kind === 'unreadable') return received
  const { content } = received
  try {
    return { content, told: trackedMessage(content.message) }
  } catch (error) {
    if (!DurableError.is(error, 'DTFX_WIRE_INVALID')) throw error
    return { code: error.code, reason: error.message }
  }
}
