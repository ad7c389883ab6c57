/**
 * Instances the worker has seen lately: the fold of their state and the version it belongs to, so that a turn need not load and replay. Least recently used leave first.
 * Invariant: an entry is only kept after a commit that was acknowledged whole and came from the executor's own outcome; it is taken out while its turn runs.
 */
import type { RuntimeState } from '../engine/runtime-state.js'
import type { InstanceState } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { InstanceVersion } from '../provider/work-items.js'

export interface CachedInstance {
  readonly version: InstanceVersion
  readonly runtime: RuntimeState
  readonly state: InstanceState
  readonly consumedIds: readonly MessageId[]
}

export class InstanceCache {
  readonly #entries = new Map<string, CachedInstance>()

  constructor(
    readonly maxInstances: number,
    readonly onEvict: (entry: CachedInstance) => void,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  /** Takes the entry out; `put` brings it back. */
  take(instanceId: string): CachedInstance | undefined {
    const entry = this.#entries.get(instanceId)
    if (entry !== undefined) this.#entries.delete(instanceId)
    return entry
  }

  put(instanceId: string, entry: CachedInstance): void {
    if (this.maxInstances === 0) return this.onEvict(entry)
    const before = this.take(instanceId)
    if (before !== undefined && before.runtime.executionId !== entry.runtime.executionId) this.onEvict(before)
    this.#entries.set(instanceId, entry)
    if (this.#entries.size <= this.maxInstances) return
    const [oldest] = this.#entries.keys()
    const evicted = this.take(oldest as string)
    if (evicted !== undefined) this.onEvict(evicted)
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.onEvict(entry)
    this.#entries.clear()
  }
}
