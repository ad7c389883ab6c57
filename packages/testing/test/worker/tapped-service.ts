/** A service whose work items can be tapped: each call of a port goes through a function of the test, which may fail, delay or change it. */
import { delegateService, type ActivityWorkItem, type CommitResult, type Checkpoint, type InstanceSnapshot, type InstanceVersion, type OrchestrationService, type OrchestrationWorkItem, type Settlement, type WorkerPort } from '@dtfx/core/provider'

export interface Taps {
  load?: (next: () => Promise<InstanceSnapshot | 'unchanged'>, item: OrchestrationWorkItem, known: InstanceVersion | undefined) => Promise<InstanceSnapshot | 'unchanged'>
  complete?: (next: (checkpoint?: Checkpoint) => Promise<CommitResult>, checkpoint: Checkpoint, item: OrchestrationWorkItem) => Promise<CommitResult>
  renew?: OrchestrationWorkItem['renew']
  release?: (next: () => Promise<void>, settlements: readonly Settlement[]) => Promise<void>
  renewActivity?: ActivityWorkItem['renew']
  completeActivity?: (next: () => Promise<void>, event: Parameters<ActivityWorkItem['complete']>[0]) => Promise<void>
  releaseActivity?: (next: () => Promise<void>, settlement: Settlement) => Promise<void>
  stopPort?: () => Promise<void>
}

export interface TapLog {
  readonly loads: ('unchanged' | 'loaded')[]
  readonly commits: { readonly checkpoint: Checkpoint; readonly outcome: CommitResult['outcome'] }[]
  readonly releases: (readonly Settlement[])[]
  readonly activityReleases: Settlement[]
}

/** `wrapService` for a test hub, and what went through. Taps are read at each call, so a test may set and clear them as it goes. */
export function tapped(taps: Taps = {}): { readonly wrapService: (service: OrchestrationService) => OrchestrationService; readonly taps: Taps; readonly log: TapLog } {
  const log: TapLog = { loads: [], commits: [], releases: [], activityReleases: [] }
  const wrapService = (service: OrchestrationService): OrchestrationService =>
    delegateService(service, { startWorker: async (spec) => tappedPort(await service.startWorker(spec), taps, log) })
  return { wrapService, taps, log }
}

function tappedPort(port: WorkerPort, taps: Taps, log: TapLog): WorkerPort {
  return {
    nextOrchestration: async (signal) => tappedOrchestration(await port.nextOrchestration(signal), taps, log),
    nextActivity: async (request, signal) => tappedActivity(await port.nextActivity(request, signal), taps, log),
    stop: async (deadlineMs) => {
      await taps.stopPort?.()
      return port.stop(deadlineMs)
    },
  }
}

function tappedOrchestration(item: OrchestrationWorkItem, taps: Taps, log: TapLog): OrchestrationWorkItem {
  const tappedItem: OrchestrationWorkItem = {
    kind: item.kind,
    instanceId: item.instanceId,
    messages: item.messages,
    get lockedUntil() {
      return item.lockedUntil
    },
    get lost() {
      return item.lost
    },
    load: async (known) => {
      const next = (): Promise<InstanceSnapshot | 'unchanged'> => item.load(known)
      const result = await (taps.load === undefined ? next() : taps.load(next, tappedItem, known))
      log.loads.push(result === 'unchanged' ? 'unchanged' : 'loaded')
      return result
    },
    complete: async (checkpoint) => {
      const next = (changed = checkpoint): Promise<CommitResult> => item.complete(changed)
      const result = await (taps.complete === undefined ? next() : taps.complete(next, checkpoint, tappedItem))
      log.commits.push({ checkpoint, outcome: result.outcome })
      return result
    },
    markSuspect: () => item.markSuspect(),
    renew: () => taps.renew?.() ?? item.renew(),
    release: async (settlements) => {
      log.releases.push(settlements)
      const next = (): Promise<void> => item.release(settlements)
      await (taps.release === undefined ? next() : taps.release(next, settlements))
    },
  }
  return tappedItem
}

function tappedActivity(item: ActivityWorkItem, taps: Taps, log: TapLog): ActivityWorkItem {
  return {
    delivered: item.delivered,
    get lockedUntil() {
      return item.lockedUntil
    },
    get lost() {
      return item.lost
    },
    get instanceGone() {
      return item.instanceGone
    },
    renew: () => taps.renewActivity?.() ?? item.renew(),
    complete: (event) => {
      const next = (): Promise<void> => item.complete(event)
      return taps.completeActivity === undefined ? next() : taps.completeActivity(next, event)
    },
    release: (settlement) => {
      log.activityReleases.push(settlement)
      const next = (): Promise<void> => item.release(settlement)
      return taps.releaseActivity === undefined ? next() : taps.releaseActivity(next, settlement)
    },
  }
}

/** Fails the first `count` calls with what `failure` makes. */
export function firstCalls<Args extends unknown[], Result>(count: number, failure: (next: (...args: Args) => Promise<Result>) => Promise<Result>): (next: (...args: Args) => Promise<Result>) => Promise<Result> {
  let left = count
  return (next) => (left-- > 0 ? failure(next) : next(...([] as unknown as Args)))
}
