/** Histories, purge and the figures that autoscalers read. */
import { isFinal, type HistoryEvent, type HistoryPort, type InstanceId, type PurgePort, type ScaleMetrics, type ScalePort } from '@dtfx/core/provider'
import type { Hub } from './hub.js'

/** Events per chunk: as large as a page of a real store, so that readers meet more than one. */
const chunkEvents = 1_000

export class MemoryHistoryPort implements HistoryPort {
  constructor(readonly hub: Hub) {}

  async *read(instanceId: InstanceId): AsyncGenerator<readonly HistoryEvent[]> {
    const history = this.hub.store.get(instanceId)?.history.slice() ?? []
    for (let at = 0; at < history.length; at += chunkEvents) yield history.slice(at, at + chunkEvents)
  }
}

export class MemoryPurgePort implements PurgePort {
  constructor(readonly hub: Hub) {}

  purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'> {
    const { store } = this.hub
    const record = store.get(instanceId)
    const state = record?.state
    if (record === undefined || state === undefined) return Promise.resolve('not-found')
    if (!isFinal(state.status)) return Promise.resolve('not-finished')
    // A scheduled start that was terminated before its time would otherwise start again what was purged.
    this.hub.dropDelayed(record, ({ message }) => message.instance.executionId === state.executionId)
    store.erase(record)
    return Promise.resolve('purged')
  }
}

export class MemoryScalePort implements ScalePort {
  constructor(readonly hub: Hub) {}

  metrics(): Promise<ScaleMetrics> {
    const { store, activities, clock } = this.hub
    const nowMs = clock.nowMs()
    let orchestrationBacklog = 0
    let oldestMs = nowMs
    for (const { waiting } of store.records()) {
      orchestrationBacklog += waiting.length
      for (const message of waiting) oldestMs = Math.min(oldestMs, message.enqueuedMs)
    }
    for (const message of activities) oldestMs = Math.min(oldestMs, message.enqueuedMs)
    return Promise.resolve({ orchestrationBacklog, activityBacklog: activities.length, oldestMessageAgeMs: nowMs - oldestMs })
  }
}
