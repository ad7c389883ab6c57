/**
 * The one loop behind orchestrations and activities: a fixed number of slots, each fetching an item and processing it to the end. Knows nothing of kinds.
 *
 * Invariants:
 * 1. At most `concurrency` items are fetched or processed at once; the number of outstanding fetches is the number of free slots.
 * 2. A failing fetch backs off with jitter and never ends the loop; an error of `process` is logged and costs its own slot a back-off only.
 * 3. `stop` aborts the fetches, gives back items that were locked at that moment, and waits for what is in progress until the deadline.
 */
import { backoffMs } from '../base/backoff.js'
import { sleep } from '../base/clock.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import { logEvents } from '../telemetry/log-events.js'
import { noMetrics, type MetricName } from '../telemetry/metrics.js'
import { logLine, messageOf } from './worker-log.js'

export interface DispatcherPlan<Item> {
  readonly name: string
  /** The level that shows how many items are in progress. */
  readonly gauge: MetricName
  readonly concurrency: number
  readonly host: OrchestrationService['host']
  fetch(signal: AbortSignal): Promise<Item>
  /** Handles the item to its end; errors are its own business as far as it can. `slot`, from 0 to `concurrency` − 1, is its own for that time. */
  process(item: Item, slot: number): Promise<void>
  /** Gives an item back untouched. */
  giveBack(item: Item): Promise<void>
}

const retry = { firstMs: 50, maxMs: 10_000 }

export class Dispatcher<Item> {
  readonly #plan: DispatcherPlan<Item>
  readonly #stopping = new AbortController()
  #slots: Promise<void>[] = []
  active = 0

  constructor(plan: DispatcherPlan<Item>) {
    this.#plan = plan
  }

  start(): void {
    this.#slots = Array.from({ length: this.#plan.concurrency }, (_, slot) => this.#slot(slot))
  }

  /** Resolves when every slot has ended, or with the number of busy ones at the deadline. */
  async stop(deadlineMs: number): Promise<number> {
    this.#stopping.abort(new Error('the worker stops'))
    const { clock } = this.#plan.host
    const done = new AbortController()
    const drained = Promise.all(this.#slots).then(() => done.abort())
    await Promise.race([drained, sleep(clock, deadlineMs, done.signal)])
    return this.active
  }

  async #slot(slot: number): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      try {
        const item = await this.#plan.fetch(signal)
        if (signal.aborted) await this.#plan.giveBack(item)
        else {
          this.#count(1)
          try {
            await this.#plan.process(item, slot)
          } finally {
            this.#count(-1)
          }
        }
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        await this.#backOff(failures, error)
      }
    }
  }

  #count(change: number): void {
    this.active += change
    const { metrics } = this.#plan.host
    if (metrics !== noMetrics) metrics.gauge(this.#plan.gauge, this.active)
  }

  async #backOff(failures: number, error: unknown): Promise<void> {
    const { clock, random, logger } = this.#plan.host
    const delayMs = backoffMs(retry, failures, random)
    logLine(logger, logEvents.fetchFailed, { dispatcher: this.#plan.name, failures, delayMs, error }, `${this.#plan.name} dispatcher: ${messageOf(error)}`)
    await sleep(clock, delayMs, this.#stopping.signal)
  }
}
