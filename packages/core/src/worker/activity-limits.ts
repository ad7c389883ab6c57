/**
 * Limits of single activities on this worker: how many of one run at once, and what a free slot asks for meanwhile.
 *
 * An activity at its limit is left out of what slots fetch, so that in stores that can filter its backlog is neither locked nor touched. What comes all the same is given back with a growing delay.
 * Invariants:
 * 1. Never more of an activity are inside than its limit; an item outside holds no slot.
 * 2. As soon as one leaves, one waiting fetch is begun anew without the restriction: a backlog is never left waiting while there is room.
 */
import type { AnyActivity } from '../authoring/definitions.js'
import type { Registry } from '../authoring/registry.js'
import type { WorkerPort } from '../provider/worker-port.js'
import type { ActivityWorkItem } from '../provider/work-items.js'

const anyName: { readonly accept?: readonly string[] | undefined } = Object.freeze({})

export class ActivityLimits {
  readonly #definitions: readonly AnyActivity[]
  readonly #inside = new Map<AnyActivity, number>()
  readonly #full = new Set<AnyActivity>()
  /** Fetches that leave something out. */
  readonly #restricted = new Set<AbortController>()
  #request = anyName

  constructor(activities: Registry<AnyActivity>) {
    this.#definitions = activities.list().map(({ name, version }) => activities.find(name, version) as AnyActivity)
  }

  /** True: it may run, and `leave` must follow. */
  enter(definition: AnyActivity): boolean {
    const limit = definition.concurrency ?? Number.POSITIVE_INFINITY
    const inside = this.#inside.get(definition) ?? 0
    if (inside >= limit) return false
    this.#inside.set(definition, inside + 1)
    if (inside + 1 === limit) {
      this.#full.add(definition)
      this.#restrict()
    }
    return true
  }

  leave(definition: AnyActivity): void {
    this.#inside.set(definition, (this.#inside.get(definition) ?? 1) - 1)
    if (!this.#full.delete(definition)) return
    this.#restrict()
    const [waiting] = this.#restricted
    waiting?.abort()
  }

  /** The next item of an activity that has room. */
  fetch(port: WorkerPort, signal: AbortSignal): Promise<ActivityWorkItem> {
    return this.#request === anyName ? port.nextActivity(anyName, signal) : this.#fetchRestricted(port, signal)
  }

  async #fetchRestricted(port: WorkerPort, signal: AbortSignal): Promise<ActivityWorkItem> {
    while (this.#request !== anyName && !signal.aborted) {
      const again = new AbortController()
      const stop = (): void => again.abort(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      this.#restricted.add(again)
      try {
        return await port.nextActivity(this.#request, again.signal)
      } catch (error) {
        if (!again.signal.aborted || signal.aborted) throw error
      } finally {
        this.#restricted.delete(again)
        signal.removeEventListener('abort', stop)
      }
    }
    return port.nextActivity(anyName, signal)
  }

  #restrict(): void {
    if (this.#full.size === 0) {
      this.#request = anyName
      return
    }
    const names = this.#definitions.filter((each) => !this.#full.has(each)).map(({ name }) => name)
    this.#request = { accept: [...new Set(names)] }
  }
}
