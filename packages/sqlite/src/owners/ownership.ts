/** Keeps the locks of the workers of this process, gives up what nobody renews, and looks for workers that are gone. One timer for all of it, while there is a worker. */
import type { CancelTimer } from '@dtfx/core/provider'
import type { Holder } from '../holder.js'
import type { HubAccess } from '../hub-access.js'
import { goneOwners, takeOver } from './take-over.js'

const longestPauseMs = 1_000

export class Ownership {
  #cancel: CancelTimer | undefined
  readonly #pauseMs: number

  constructor(
    readonly hub: HubAccess,
    readonly ports: ReadonlySet<Holder>,
  ) {
    this.#pauseMs = Math.min(longestPauseMs, hub.settings.lockTimeout / 8)
  }

  start(): void {
    this.#look()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #look(): void {
    this.#cancel?.()
    this.#cancel = this.hub.clock.setTimer(this.#pauseMs, () => this.#look(), { keepAlive: false })
    const { hub } = this
    const nowMs = hub.clock.monotonicMs()
    for (const port of this.ports) {
      port.lease.keep().catch((error: unknown) => hub.report(error))
      for (const item of port.items) if (item.deadlineMs <= nowMs) item.giveUp().catch(() => item.lose())
    }
    void this.#takeOver().catch((error: unknown) => hub.report(error))
  }

  async #takeOver(): Promise<void> {
    const { hub } = this
    const own = new Set([...this.ports].map((port) => port.owner))
    const gone = (await hub.file.read((sql) => goneOwners(sql, hub.clock.nowMs()))).filter((owner) => !own.has(owner))
    if (gone.length === 0) return
    await hub.write((transaction) => {
      for (const owner of goneOwners(transaction.sql, hub.clock.nowMs())) if (gone.includes(owner)) takeOver(hub, transaction, owner)
    }, { durable: false })
  }
}
