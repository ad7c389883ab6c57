/**
 * Who in this process waits for an instance. Its end wakes them, where this process wrote it; every other change is found by a look from time to time, because each look is a request and nearly everybody waits for the end.
 * What other processes write is not seen here: unless the instance is one of a partition that this process owns, the looks are closer together at first.
 */
import { sleep, type Clock, type InstanceId } from '@dtfx/core/provider'

/** Looks at an instance that changes elsewhere: often at first, because most orchestrations are short. */
const firstPauseMs = 100
const longestPauseMs = 2_000

export class InstanceWatchers {
  readonly #waiting = new Map<InstanceId, Set<() => void>>()

  constructor(
    readonly clock: Clock,
    /** This process owns the partition of the instance. */
    readonly isOwned: (instanceId: InstanceId) => boolean,
  ) {}

  ended(instanceId: InstanceId): void {
    const waiting = this.#waiting.get(instanceId)
    this.#waiting.delete(instanceId)
    for (const wake of waiting ?? []) wake()
  }

  /** True at the end of the instance, or when it is time to look; false when `signal` aborts. `round`: how often it has been waited already. */
  async watch(instanceId: InstanceId, signal: AbortSignal, round: number): Promise<boolean> {
    if (signal.aborted) return false
    const over = new AbortController()
    const end = (): void => over.abort()
    const waiting = this.#waiting.get(instanceId) ?? new Set()
    this.#waiting.set(instanceId, waiting.add(end))
    signal.addEventListener('abort', end, { once: true })
    const pauseMs = this.isOwned(instanceId) ? longestPauseMs : Math.min(firstPauseMs * 1.5 ** round, longestPauseMs)
    await sleep(this.clock, pauseMs, over.signal)
    signal.removeEventListener('abort', end)
    waiting.delete(end)
    if (waiting.size === 0 && this.#waiting.get(instanceId) === waiting) this.#waiting.delete(instanceId)
    return !signal.aborted
  }
}
