/**
 * Pollers of this process by the name of their queue: whoever puts a message into a queue wakes who looks at it, at once, or when a hidden message is due, so that between parts of one process nothing waits
 * for a poll.
 * Invariant: bounded. Of many due times the earliest are kept; what is forgotten is found by an ordinary look.
 */
import type { CancelTimer, Clock } from '@dtfx/core/provider'

/** Due times kept for a queue. */
const maxDueTimes = 1_000

interface Watched {
  readonly wakers: Set<() => void>
  /** On the monotonic clock, in order. */
  dueMs: number[]
  cancel: CancelTimer | undefined
}

export class QueueWakers {
  readonly #byQueue = new Map<string, Watched>()

  constructor(readonly clock: Clock) {}

  /** Gives the way to take it out again. */
  add(queue: string, wake: () => void): () => void {
    const watched = this.#byQueue.get(queue) ?? { wakers: new Set(), dueMs: [], cancel: undefined }
    this.#byQueue.set(queue, watched)
    watched.wakers.add(wake)
    return () => {
      watched.wakers.delete(wake)
      if (watched.wakers.size > 0) return
      watched.cancel?.()
      if (this.#byQueue.get(queue) === watched) this.#byQueue.delete(queue)
    }
  }

  /** This process looks at it. */
  has(queue: string): boolean {
    return this.#byQueue.has(queue)
  }

  wake(queue: string): void {
    for (const wake of this.#byQueue.get(queue)?.wakers ?? []) wake()
  }

  /** Something in the queue will be seen after `delayMs`. */
  wakeAfter(queue: string, delayMs: number): void {
    const watched = this.#byQueue.get(queue)
    if (watched === undefined) return
    const atMs = this.clock.monotonicMs() + delayMs
    const { dueMs } = watched
    const place = dueMs.findLastIndex((each) => each <= atMs) + 1
    if (dueMs[place - 1] === atMs || place >= maxDueTimes) return
    dueMs.splice(place, 0, atMs)
    if (dueMs.length > maxDueTimes) dueMs.pop()
    if (place === 0) this.#arm(queue, watched)
  }

  #arm(queue: string, watched: Watched): void {
    watched.cancel?.()
    const [next] = watched.dueMs
    watched.cancel = next === undefined ? undefined : this.clock.setTimer(Math.max(0, next - this.clock.monotonicMs()), () => this.#due(queue, watched), { keepAlive: false })
  }

  #due(queue: string, watched: Watched): void {
    const nowMs = this.clock.monotonicMs()
    watched.dueMs = watched.dueMs.filter((each) => each > nowMs)
    this.#arm(queue, watched)
    this.wake(queue)
  }
}
