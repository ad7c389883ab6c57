/**
 * Instances the worker has seen lately: the fold of their state and the version it belongs to, so that a turn need not load and replay. Bounded by number and by estimated bytes;
 * the least recently used leave first, and one that is larger than all the room there is is not kept at all.
 * Invariant: an entry is only kept after a commit that was acknowledged whole and came from the executor's own outcome; who cannot vouch for it any more removes it.
 */
import { limits } from '../base/limits.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import type { HistoryEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { ConsumedIds, InstanceVersion } from '../provider/work-items.js'

export interface CachedInstance {
  readonly version: InstanceVersion
  readonly runtime: RuntimeState
  readonly state: InstanceState
  readonly consumedIds: ConsumedIds
  /** Estimate: {@link limits.cachedInstanceBytes} and what the payloads of its history take. */
  readonly bytes: number
}

export interface CacheBounds {
  readonly maxInstances: number
  readonly maxBytes: number
}

export class InstanceCache {
  /** Least recently used first. */
  readonly #entries = new Map<string, CachedInstance>()
  #bytes = 0

  constructor(
    readonly bounds: CacheBounds,
    /** Not called by `remove`. */
    readonly onEvict: (cached: CachedInstance) => void,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A use: the entry is the last to leave now. */
  get(instanceId: string): CachedInstance | undefined {
    const cached = this.#entries.get(instanceId)
    if (cached === undefined) return undefined
    this.#entries.delete(instanceId)
    this.#entries.set(instanceId, cached)
    return cached
  }

  remove(instanceId: string): void {
    const cached = this.#entries.get(instanceId)
    if (cached === undefined) return
    this.#entries.delete(instanceId)
    this.#bytes -= cached.bytes
  }

  put(instanceId: string, cached: CachedInstance): void {
    const before = this.#entries.get(instanceId)
    if (before !== undefined) {
      this.remove(instanceId)
      if (before.runtime.executionId !== cached.runtime.executionId) this.onEvict(before)
    }
    const { maxInstances, maxBytes } = this.bounds
    if (maxInstances === 0 || cached.bytes > maxBytes) return this.onEvict(cached)
    this.#entries.set(instanceId, cached)
    this.#bytes += cached.bytes
    while (this.#entries.size > maxInstances || this.#bytes > maxBytes) this.#evictOldest()
  }

  clear(): void {
    for (const cached of this.#entries.values()) this.onEvict(cached)
    this.#entries.clear()
    this.#bytes = 0
  }

  #evictOldest(): void {
    const [instanceId, cached] = this.#entries.entries().next().value as [string, CachedInstance]
    this.remove(instanceId)
    this.onEvict(cached)
  }
}

/** Estimated bytes of an instance after a commit of `turn`: what it took before (its cached copy, or the history it was loaded from) and what the turn brought. */
export function cachedBytes(
  stored: { readonly bytes: number } | { readonly history: readonly HistoryEvent[] } | undefined,
  turn: { readonly kind: 'append' | 'replace'; readonly events: readonly HistoryEvent[] },
): number {
  const before = stored === undefined || turn.kind === 'replace' ? limits.cachedInstanceBytes : 'bytes' in stored ? stored.bytes : limits.cachedInstanceBytes + payloadBytes(stored.history)
  return before + payloadBytes(turn.events)
}

const bytesPerCharacter = 2

function payloadBytes(events: readonly HistoryEvent[]): number {
  let length = 0
  for (const event of events) {
    switch (event.type) {
      case 'TaskCompleted':
      case 'SubOrchestrationInstanceCompleted':
        length += event.result?.length ?? 0
        break
      case 'ExecutionStarted':
      case 'EventRaised':
      case 'TaskScheduled':
      case 'SubOrchestrationInstanceCreated':
        length += event.input?.length ?? 0
        break
      case 'TaskFailed':
      case 'SubOrchestrationInstanceFailed':
        length += (event.reason?.length ?? 0) + (event.details?.length ?? 0) + (event.failure?.errorMessage?.length ?? 0) + (event.failure?.stackTrace?.length ?? 0)
    }
  }
  return length * bytesPerCharacter
}
