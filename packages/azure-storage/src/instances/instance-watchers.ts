/** Who in this process waits for a change of an instance. What other processes change is not seen here: whoever waits also looks for himself from time to time. */
import { sleep, type Clock, type InstanceId } from '@dtfx/core/provider'

/** Looks at an instance that changes elsewhere: often at first, because most orchestrations are short. */
const firstPauseMs = 100
const longestPauseMs = 2_000

export class InstanceWatchers {
  readonly #waiting = new Map<InstanceId, Set<() => void>>()

  constructor(readonly clock: Clock) {}

  changed(instanceId: InstanceId): void {
    const waiting = this.#waiting.get(instanceId)
    this.#waiting.delete(instanceId)
    for (const wake of waiting ?? []) wake()
  }

  /** True soon after a change, or when it is time to look; false when `signal` aborts. `round`: how often it has been waited already. */
  async watch(instanceId: InstanceId, signal: AbortSignal, round: number): Promise<boolean> {
    if (signal.aborted) return false
    const over = new AbortController()
    const end = (): void => over.abort()
    const waiting = this.#waiting.get(instanceId) ?? new Set()
    this.#waiting.set(instanceId, waiting.add(end))
    signal.addEventListener('abort', end, { once: true })
    await sleep(this.clock, Math.min(firstPauseMs * 1.5 ** round, longestPauseMs), over.signal)
    signal.removeEventListener('abort', end)
    waiting.delete(end)
    if (waiting.size === 0 && this.#waiting.get(instanceId) === waiting) this.#waiting.delete(instanceId)
    return !signal.aborted
  }
}
