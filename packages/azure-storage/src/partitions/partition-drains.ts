/**
 * The drains in progress of one worker: each has an end, by itself, by its cap, or because the partition was dropped meanwhile.
 * Invariant: `onDone` is called once for each drain that was not cancelled, and never for one that was.
 */
import type { Clock } from '@dtfx/core/provider'

export interface PartitionDrainsOptions {
  readonly clock: Clock
  readonly drainMs: number
  /** Stops to receive and resolves when nothing of the partition is in progress. `signal` aborts when it has to give up. */
  readonly drain: (partition: string, signal: AbortSignal) => Promise<void>
  readonly onDone: (partition: string) => void
  /** It failed or took too long; the partition is given away all the same. */
  readonly onProblem: (partition: string, problem: unknown) => void
}

export class PartitionDrains {
  readonly #options: PartitionDrainsOptions
  readonly #running = new Map<string, AbortController>()

  constructor(options: PartitionDrainsOptions) {
    this.#options = options
  }

  start(partition: string): void {
    const { clock, drainMs, drain, onDone, onProblem } = this.#options
    const abort = new AbortController()
    this.#running.set(partition, abort)
    const end = (problem?: unknown): void => {
      if (this.#running.get(partition) !== abort) return
      this.#running.delete(partition)
      cancelTimer()
      if (problem !== undefined) {
        onProblem(partition, problem)
        abort.abort()
      }
      onDone(partition)
    }
    const cancelTimer = clock.setTimer(drainMs, () => end(new Error(`not drained within ${drainMs} ms`)))
    abort.signal.addEventListener('abort', cancelTimer, { once: true })
    void Promise.resolve()
      .then(() => drain(partition, abort.signal))
      .then(() => end(), (error: unknown) => end(error ?? new Error('the drain failed')))
  }

  /** The partition is not ours any more, or the worker ends. */
  cancel(partition: string): void {
    const abort = this.#running.get(partition)
    this.#running.delete(partition)
    abort?.abort()
  }
}
