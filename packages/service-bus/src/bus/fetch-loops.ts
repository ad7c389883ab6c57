/**
 * Loops that wait for something of a queue: one that always waits while there is demand, and more while one finds something at once. So an idle worker has one wait open, which costs little and does not stand in
 * line before others, and a busy one has several.
 * Invariants: nothing is fetched without demand; a failure is logged and costs its loop a pause; after `stop` has resolved no loop runs.
 */
import { backoffMs, deferred, sleep, type Deferred, type OrchestrationService } from '@dtfx/core/provider'

/** What one loop has open between two fetches. */
export interface Fetcher {
  /** What is to be done with what was found; undefined: there was nothing within the time. */
  next(signal: AbortSignal): Promise<(() => Promise<void>) | undefined>
  /** After a failure it is used again all the same. */
  reset(): Promise<void>
}

export interface FetchLoopsOptions {
  readonly host: OrchestrationService['host']
  readonly max: number
  readonly open: () => Fetcher
  readonly hasDemand: () => boolean
  readonly failed: (error: unknown) => void
}

const retry = { firstMs: 100, maxMs: 10_000 }
/** Found within this, there may be more. */
const atOnceMs = 250

export class FetchLoops {
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #demand: Deferred<void> | undefined

  constructor(readonly options: FetchLoopsOptions) {
    this.#start(true)
  }

  /** There is demand, maybe again. */
  wake(): void {
    if (!this.options.hasDemand()) return
    this.#demand?.resolve()
    this.#demand = undefined
  }

  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  async stop(reason: Error): Promise<void> {
    this.#stopping.abort(reason)
    this.#demand?.resolve()
    await Promise.all(this.#running)
  }

  #start(isFirst: boolean): void {
    const run: Promise<void> = this.#run(isFirst).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #run(isFirst: boolean): Promise<void> {
    const { host, max, open, hasDemand, failed } = this.options
    const { signal } = this
    const fetcher = open()
    let failures = 0
    while (!signal.aborted) {
      if (!hasDemand()) {
        if (!isFirst) break
        await (this.#demand ??= deferred<void>()).promise
        continue
      }
      const startedMs = host.clock.monotonicMs()
      try {
        const work = await fetcher.next(signal)
        const isAtOnce = work !== undefined && host.clock.monotonicMs() - startedMs < atOnceMs
        if (isAtOnce && this.#running.size < max && !signal.aborted) this.#start(false)
        await work?.()
        failures = 0
        if (!isAtOnce && !isFirst) break
      } catch (error) {
        if (signal.aborted) break
        failed(error)
        await fetcher.reset()
        await sleep(host.clock, backoffMs(retry, ++failures, host.random), signal)
      }
    }
    await fetcher.reset()
  }
}
