/**
 * Notices what no rule of the partition manager would: a partition that nobody owns for long, and messages that nobody takes although their partition has an owner. Measures both, and says so in the log
 * (once, and again each time it has become twice as long). Changes nothing. Exists because such a partition stood still for days before anybody saw it (core#1389).
 */
import type { Clock, Logger, Metrics } from '@dtfx/core/provider'
import { isExpired } from './decide-row.js'
import { PartitionLog, problemOf, type PartitionLogScope } from './partition-log.js'
import type { PartitionRow } from './partition-row.js'

export interface PartitionWatchdogOptions extends PartitionLogScope {
  readonly host: { readonly clock: Clock; readonly logger: Logger; readonly metrics: Metrics }
  /** Unowned for longer is an error: two leases, so that the crash of an owner is none. */
  readonly unownedMs: number
  /** Messages that wait longer are an error. */
  readonly oldestMessageMs: number
  /** From one look at the ages of messages to the next; each costs a request for each owned partition. */
  readonly ageEveryMs: number
  /** Age of the oldest visible message; undefined: there is none. */
  readonly oldestMessageAgeMs: (partition: string) => Promise<number | undefined>
}

export class PartitionWatchdog {
  readonly #options: PartitionWatchdogOptions
  /** Monotonic time since which a partition has no owner. */
  readonly #unownedSince = new Map<string, number>()
  /** How long it had lasted when it was last said. */
  readonly #said = new Map<string, number>()
  #agesDueMs = 0
  #asking = false

  constructor(options: PartitionWatchdogOptions) {
    this.#options = options
  }

  /** The rows as `worker` just read them. */
  observe(rows: readonly PartitionRow[], worker: string): void {
    const { clock, logger } = this.#options.host
    const log = new PartitionLog(logger, this.#options, worker)
    for (const row of rows) this.#observeOwner(row, log)
    if (this.#asking || clock.monotonicMs() < this.#agesDueMs) return
    this.#agesDueMs = clock.monotonicMs() + this.#options.ageEveryMs
    this.#asking = true
    const owned = rows.filter(({ currentOwner }) => currentOwner === worker)
    void Promise.all(owned.map(({ partition }) => this.#observeAge(partition, log))).finally(() => (this.#asking = false))
  }

  #observeOwner(row: PartitionRow, log: PartitionLog): void {
    const { host, unownedMs, taskHub } = this.#options
    const { partition } = row
    const owned = row.currentOwner !== null && !isExpired(row, host.clock.nowMs())
    if (owned) this.#unownedSince.delete(partition)
    else if (!this.#unownedSince.has(partition)) this.#unownedSince.set(partition, host.clock.monotonicMs())
    const sinceMs = this.#unownedSince.get(partition)
    const lastedMs = sinceMs === undefined ? 0 : host.clock.monotonicMs() - sinceMs
    host.metrics.gauge('dtfx.partition.unowned_ms', lastedMs, { taskHub, partition })
    if (this.#isNews(`owner ${partition}`, lastedMs, unownedMs)) log.unowned(partition, lastedMs)
  }

  async #observeAge(partition: string, log: PartitionLog): Promise<void> {
    const { host, oldestMessageMs, taskHub, oldestMessageAgeMs } = this.#options
    try {
      const ageMs = (await oldestMessageAgeMs(partition)) ?? 0
      host.metrics.gauge('dtfx.partition.oldest_message_ms', ageMs, { taskHub, partition })
      if (this.#isNews(`age ${partition}`, ageMs, oldestMessageMs)) log.stuck(partition, ageMs)
    } catch (error) {
      log.warning(`the age of the messages of '${partition}' is unknown: ${problemOf(error)}`, { partition })
    }
  }

  #isNews(what: string, lastedMs: number, limitMs: number): boolean {
    if (lastedMs < limitMs) {
      this.#said.delete(what)
      return false
    }
    if (lastedMs < 2 * (this.#said.get(what) ?? 0)) return false
    this.#said.set(what, lastedMs)
    return true
  }
}
