/** Who in this process wants to know of the changes of an instance: clients that wait for it. Told by the commits of this process, and by a look at the file after those of others. */
import type { InstanceId } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf } from '../sql/text-column.js'

/** Instances that one look compares, in turn: bounds what thousands of waiting clients cost. */
const maxCompared = 100

interface Watch {
  /** The commit that its client has seen. */
  seen: number | undefined
  readonly done: (changed: boolean) => void
}

export class InstanceChanges {
  /** In the order in which they are looked at. */
  readonly #watches = new Map<InstanceId, Watch[]>()

  /** Clients wait. */
  get isWatched(): boolean {
    return this.#watches.size > 0
  }

  /** Resolves with true at the next change, with false when `signal` aborts. */
  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#remove(instanceId, watch)
        resolve(false)
      }
      const watch: Watch = {
        seen: undefined,
        done: (changed) => {
          signal.removeEventListener('abort', onAbort)
          resolve(changed)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const watches = this.#watches.get(instanceId)
      if (watches === undefined) this.#watches.set(instanceId, [watch])
      else watches.push(watch)
    })
  }

  /** A client has read the instance as of that commit. */
  saw(instanceId: InstanceId, number: number | undefined): void {
    for (const watch of this.#watches.get(instanceId) ?? []) watch.seen ??= number
  }

  notify(instanceId: InstanceId): void {
    const watches = this.#watches.get(instanceId)
    if (watches === undefined) return
    this.#watches.delete(instanceId)
    for (const { done } of watches) done(true)
  }

  notifyAll(): void {
    for (const instanceId of [...this.#watches.keys()]) this.notify(instanceId)
  }

  /** Others have written: which of the watched instances are not as they were? */
  compare(sql: Sql): void {
    for (const [instanceId, watches] of [...this.#watches].slice(0, maxCompared)) {
      this.#watches.delete(instanceId)
      this.#watches.set(instanceId, watches)
      const number = sql.get<{ readonly number: number }>(instanceSql.versions, columnOf(instanceId))?.number
      if (watches.some(({ seen }) => seen !== number)) this.notify(instanceId)
    }
  }

  #remove(instanceId: InstanceId, watch: Watch): void {
    const watches = this.#watches.get(instanceId)
    const index = watches?.indexOf(watch) ?? -1
    if (watches === undefined || index < 0) return
    if (watches.length === 1) this.#watches.delete(instanceId)
    else watches.splice(index, 1)
  }
}
