/**
 * Instances the worker has seen lately: the fold of their state and the version it belongs to, so that a turn need not load and replay. Roughly the least recently used leave first:
 * an entry that was looked at since it last was the oldest gets a second chance, which costs a use no more than a flag.
 * Invariant: an entry is only kept after a commit that was acknowledged whole and came from the executor's own outcome; who cannot vouch for it any more removes it.
 */
import type { RuntimeState } from '../engine/runtime-state.js'
import type { InstanceState } from '../model/instance.js'
import type { ConsumedIds, InstanceVersion } from '../provider/work-items.js'

export interface CachedInstance {
  readonly version: InstanceVersion
  readonly runtime: RuntimeState
  readonly state: InstanceState
  readonly consumedIds: ConsumedIds
}

interface Entry {
  cached: CachedInstance
  wasUsed: boolean
}

export class InstanceCache {
  readonly #entries = new Map<string, Entry>()

  constructor(
    readonly maxInstances: number,
    /** Not called by `remove`. */
    readonly onEvict: (cached: CachedInstance) => void,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  get(instanceId: string): CachedInstance | undefined {
    const entry = this.#entries.get(instanceId)
    if (entry === undefined) return undefined
    entry.wasUsed = true
    return entry.cached
  }

  remove(instanceId: string): void {
    this.#entries.delete(instanceId)
  }

  put(instanceId: string, cached: CachedInstance): void {
    if (this.maxInstances === 0) return this.onEvict(cached)
    const entry = this.#entries.get(instanceId)
    if (entry === undefined) {
      this.#entries.set(instanceId, { cached, wasUsed: false })
      if (this.#entries.size > this.maxInstances) this.#evictOne()
      return
    }
    const before = entry.cached
    entry.cached = cached
    if (before.runtime.executionId !== cached.runtime.executionId) this.onEvict(before)
  }

  clear(): void {
    for (const { cached } of this.#entries.values()) this.onEvict(cached)
    this.#entries.clear()
  }

  /** Ends: every second chance clears the flag it is given for. */
  #evictOne(): void {
    for (const [instanceId, entry] of this.#entries) {
      this.#entries.delete(instanceId)
      if (!entry.wasUsed) return this.onEvict(entry.cached)
      entry.wasUsed = false
      this.#entries.set(instanceId, entry)
    }
  }
}
