/**
 * Stores what an instance told: its history and .NET's row, then our row; at its end the state of its session is cleared.
 *
 * Invariants:
 * 1. Our row comes last: who sees the end of an instance there may read all of it, or purge it, and nothing is written behind that.
 * 2. What comes twice changes nothing: rows have the same keys, and a state is not written over a later one.
 * 3. The state of a session is needed until our row has it and the inputs of its last turn are completed: until then what the turn sends may not be sent.
 */
import { isFinal, LockLostError, TransientError, type InstanceId } from '@dtfx/core/provider'
import type { InstanceWatchers } from '@dtfx/azure-common'
import { SessionLink } from '../bus/session-link.js'
import type { SpreadConnections } from '../bus/spread-connections.js'
import type { HubParts } from '../hub-parts.js'
import { isOver } from '../sessions/session-state.js'
import type { FinishedSessions } from './finished-sessions.js'
import type { InstanceStore } from './instance-store.js'
import type { RecentEnds } from './recent-ends.js'
import type { TrackedBatch, TrackedState } from './tracked-batch.js'

export interface TrackerParts {
  readonly parts: HubParts
  readonly store: InstanceStore
  readonly watchers: InstanceWatchers
  readonly ends: RecentEnds
  readonly sessions: FinishedSessions
  /** For the sessions of the orchestrator queue that are cleared. */
  readonly orchestrations: SpreadConnections
}

export class InstanceTracker {
  constructor(readonly of: TrackerParts) {}

  /** False: all is stored, but the session of the finished instance could not be cleared yet. @throws what a port may throw */
  async track(instanceId: InstanceId, { events, states }: TrackedBatch): Promise<boolean> {
    const { store } = this.of
    const results = await Promise.allSettled([store.histories.write(instanceId, events), ...states.map(({ state }) => store.showToDotnet(state))])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return this.#show(instanceId, states)
  }

  async #show(instanceId: InstanceId, states: readonly TrackedState[]): Promise<boolean> {
    const { store, watchers, ends } = this.of
    let isShown = false
    for (const state of states) isShown = await store.show(state)
    const last = states.at(-1)
    if (last === undefined || !isFinal(last.state.status)) return true
    if (isShown) ends.tell(last.state)
    watchers.ended(instanceId)
    return this.#clear(instanceId, last)
  }

  /** False: the session is in other hands, or its state is still needed. */
  async #clear(instanceId: InstanceId, { commit }: TrackedState): Promise<boolean> {
    if (commit === undefined) return true
    const held = this.of.sessions.find(instanceId)
    try {
      return await (held === undefined ? this.#clearUnheld(instanceId, commit.sequence) : held.forget(commit.sequence))
    } catch (error) {
      if (error instanceof TransientError || error instanceof LockLostError) return false
      throw error
    }
  }

  async #clearUnheld(instanceId: InstanceId, sequence: number): Promise<boolean> {
    const { parts, orchestrations } = this.of
    const { names, sessions, settings } = parts
    const link = await SessionLink.accept({ connection: orchestrations.next([]), queue: names.orchestratorQueue, role: 'orchestrator', sessionId: instanceId, lockMs: settings.lockDuration })
    if (link === undefined) return false
    try {
      const stored = await sessions.read(link, instanceId)
      if (!isOver(stored) || stored.sequence !== sequence) return true
      if (await link.hasAny(stored.inputs)) return false
      await sessions.clear(link, stored)
      return true
    } finally {
      await link.close()
    }
  }
}
