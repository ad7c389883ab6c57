/** A worker as its items see it, and as they are seen by it. */
import type { ActivityWorkItem, OrchestrationWorkItem } from '@dtfx/core/provider'
import type { HubAccess } from './hub-access.js'
import type { InstanceSession } from './instances/instance-session.js'
import type { OwnerLease } from './owners/owner-lease.js'
import type { WaitingCall, WaitingCalls } from './waiting-calls.js'

/** A work item in progress. */
export interface Held {
  /** On the monotonic clock: one that nobody renews by then is given up. */
  readonly deadlineMs: number
  /** Its process may die of it. */
  readonly isSuspect: boolean
  /** Makes what it holds available again, in the file. */
  giveUp(): Promise<void>
  /** The lock is gone: what is in memory forgets the item. */
  lose(): void
}

export interface Holder {
  readonly hub: HubAccess
  /** Key of its row; 0 before it has one. */
  readonly owner: number
  readonly lease: OwnerLease
  /** It takes no new work. */
  readonly isStopping: boolean
  readonly items: Set<Held>
  readonly orchestrationCalls: WaitingCalls<OrchestrationWorkItem>
  readonly activityCalls: WaitingCalls<ActivityWorkItem>
  /** A free slot for an activity that this worker hosts. */
  takeActivityCall(name: string): WaitingCall<ActivityWorkItem> | undefined
  sessionOf(instanceId: string): InstanceSession | undefined
  addSession(session: InstanceSession): void
  removeSession(session: InstanceSession): void
  /** A turn of it could begin. */
  sessionReady(session: InstanceSession): void
  /** Those that have something for a turn, in order. */
  readySessions(): Iterable<InstanceSession>
  /** Called once for each item when it is settled or lost. */
  itemEnded(): void
}
