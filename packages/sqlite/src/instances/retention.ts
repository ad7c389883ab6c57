/** Purges instances that ended longer ago than the hub keeps them: a few in each group, so that it delays nobody, and again soon while there are more. */
import type { CancelTimer } from '@dtfx/core/provider'
import type { HubAccess } from '../hub-access.js'
import { instanceSql } from '../sql/instance-sql.js'
import { sortableTicks } from '../sql/sortable-ticks.js'
import { ticksFromMs } from '@dtfx/core/provider'
import { purgeInstance, type PurgeRow } from './purge-instance.js'

const batchSize = 100
const pauses = { betweenMs: 100, longestMs: 60_000, shareOfRetention: 10 }

export class Retention {
  #cancel: CancelTimer | undefined
  #closed = false

  constructor(
    readonly hub: HubAccess,
    readonly keepMs: number,
  ) {}

  start(): void {
    if (this.#cancel === undefined && !this.#closed) this.#arm(0)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(delayMs: number): void {
    this.#cancel = this.hub.clock.setTimer(delayMs, () => void this.#purge(), { keepAlive: false })
  }

  async #purge(): Promise<void> {
    const { hub, keepMs } = this
    let purged = 0
    try {
      const before = sortableTicks(ticksFromMs(hub.clock.nowMs() - keepMs))
      purged = await hub.write(({ sql }) => {
        const rows = sql.all<PurgeRow>(instanceSql.finishedBefore, before, batchSize)
        for (const row of rows) purgeInstance(sql, row)
        return rows.length
      }, { durable: false })
    } catch (error) {
      hub.report(error)
    }
    if (!this.#closed) this.#arm(purged === batchSize ? pauses.betweenMs : Math.min(pauses.longestMs, keepMs / pauses.shareOfRetention + pauses.betweenMs))
  }
}
