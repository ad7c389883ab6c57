/**
 * Finds out that a test waits for something that will not happen by itself: nothing is in progress, and the clock stands still. Then those who wait are told, instead of hanging until the test times out.
 * Invariant: it only looks while somebody waits, and never moves the clock.
 */
import { systemClock } from '@dtfx/core/provider'

/** Somebody who waits for a change of an instance. */
export interface StuckWaiter {
  readonly instanceId: string
  reject(error: unknown): void
}

export interface StuckSources {
  /** Resolves when nothing is in progress. */
  whenIdle(): Promise<void>
  /** Something that differs whenever anything happened, or undefined while the test itself is moving things. */
  mark(): string | undefined
  /** The error for one who waits for `instanceId`. */
  describe(instanceId: string): Promise<Error>
  /** How long, in real time, the test may be busy elsewhere before waiting counts as stuck. */
  readonly graceMs: number
}

export class StuckMonitor {
  readonly #waiters = new Set<StuckWaiter>()
  #looking = false

  constructor(readonly sources: StuckSources) {}

  add(waiter: StuckWaiter): void {
    this.#waiters.add(waiter)
    if (!this.#looking) void this.#look()
  }

  remove(waiter: StuckWaiter): void {
    this.#waiters.delete(waiter)
  }

  async #look(): Promise<void> {
    this.#looking = true
    while (this.#waiters.size > 0) {
      await this.sources.whenIdle()
      const mark = this.sources.mark()
      await pause(this.sources.graceMs)
      if (mark !== undefined && this.sources.mark() === mark) await this.#report(mark)
    }
    this.#looking = false
  }

  async #report(mark: string): Promise<void> {
    for (const waiter of [...this.#waiters]) {
      const error = await this.sources.describe(waiter.instanceId)
      if (this.sources.mark() !== mark) return
      if (this.#waiters.delete(waiter)) waiter.reject(error)
    }
  }
}

/** Real time: what is waited for here is the test's own code. */
function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(delayMs, resolve))
}
