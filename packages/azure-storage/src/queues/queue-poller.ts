/**
 * Looks at one queue again and again: at once while it has messages, more and more seldom while it has none, and at once when somebody knows that there is something.
 *
 * Invariants:
 * 1. One request at a time, and none while nobody has room for what it may bring.
 * 2. After `stop` has resolved no request is under way and no message is handed over.
 * 3. A request that fails never ends the loop.
 */
import { backoffMs, sleep, type Clock, type Random } from '@dtfx/core/provider'

export interface QueuePollerOptions {
  readonly clock: Clock
  readonly random: Random
  readonly maxPauseMs: number
  /** How many messages there is room for; with 0 the poller waits until there is. */
  readonly room: () => number
  /** Asks the queue for at most `count` messages and takes care of them. Gives how many there were. */
  readonly receive: (count: number, signal: AbortSignal) => Promise<number>
  readonly failed: (error: unknown) => void
}

/** The first pause is none: a queue that just had something often has more. Then as .NET: from 50 ms, doubling, with jitter. */
const firstPauseMs = 50
const failurePause = { firstMs: 250, maxMs: 10_000 }
/** A lease that is renewed late makes room without a word. */
const roomCheckMs = 500
/** What one request may ask for. */
const maxBatch = 32

export class QueuePoller {
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #empty = 0
  #failures = 0
  #wake: (() => void) | undefined
  #isWoken = false
  #isWaitingForRoom = false

  constructor(readonly options: QueuePollerOptions) {}

  start(): void {
    this.#running ??= this.#run()
  }

  /** There is something. */
  wake(): void {
    this.#isWoken = true
    this.#wake?.()
  }

  /** There is room again where there was none; how long an idle queue is left alone does not change. */
  roomMade(): void {
    if (this.#isWaitingForRoom) this.#wake?.()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake?.()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const room = Math.min(this.options.room(), maxBatch)
      if (room <= 0) {
        this.#isWaitingForRoom = true
        await this.#pause(roomCheckMs)
        this.#isWaitingForRoom = false
        continue
      }
      this.#isWoken = false
      await this.#receive(room, signal)
      const pauseMs = this.#pauseMs()
      if (pauseMs > 0 && !signal.aborted) await this.#pause(pauseMs)
    }
  }

  async #receive(room: number, signal: AbortSignal): Promise<void> {
    try {
      const count = await this.options.receive(room, signal)
      this.#failures = 0
      this.#empty = count > 0 ? 0 : this.#empty + 1
    } catch (error) {
      if (signal.aborted) return
      this.#failures++
      this.options.failed(error)
    }
  }

  #pauseMs(): number {
    const { random, maxPauseMs } = this.options
    if (this.#failures > 0) return backoffMs(failurePause, this.#failures, random)
    return this.#empty <= 1 ? 0 : backoffMs({ firstMs: firstPauseMs, maxMs: maxPauseMs }, this.#empty - 1, random)
  }

  /** Until the time is over, or somebody wakes us: then the pauses begin anew. */
  async #pause(pauseMs: number): Promise<void> {
    if (this.#isWoken || this.#stop.signal.aborted) {
      this.#isWoken = false
      this.#empty = 0
      return
    }
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(this.options.clock, pauseMs, woken.signal)
    this.#wake = undefined
    if (!this.#isWoken) return
    this.#isWoken = false
    this.#empty = 0
  }
}
