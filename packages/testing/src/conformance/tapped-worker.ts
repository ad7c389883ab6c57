/** A worker on the provider under test, with a test between the two: it sees what the worker asks of its items, and can answer otherwise. */
import { TaskHubWorker, type TaskHubWorkerOptions } from '@dtfx/core'
import { delegateService, type Checkpoint, type CommitResult, type InstanceSnapshot, type InstanceVersion, type OrchestrationWorkItem, type Settlement, type WorkerPort } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'

/** In place of the methods of an item; absent: the item's own. */
export interface ItemTaps {
  readonly load?: (item: OrchestrationWorkItem, known: InstanceVersion | undefined) => Promise<InstanceSnapshot | 'unchanged'>
  readonly complete?: (item: OrchestrationWorkItem, checkpoint: Checkpoint) => Promise<CommitResult>
  readonly release?: (item: OrchestrationWorkItem, settlements: readonly Settlement[]) => Promise<void>
}

class TappedPort implements WorkerPort {
  constructor(
    readonly port: WorkerPort,
    readonly taps: ItemTaps,
  ) {}

  async nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    const { taps } = this
    const item = await this.port.nextOrchestration(signal)
    return {
      kind: item.kind,
      instanceId: item.instanceId,
      messages: item.messages,
      get lockedUntil() {
        return item.lockedUntil
      },
      get lost() {
        return item.lost
      },
      load: (known) => (taps.load === undefined ? item.load(known) : taps.load(item, known)),
      complete: (checkpoint) => (taps.complete === undefined ? item.complete(checkpoint) : taps.complete(item, checkpoint)),
      markSuspect: () => item.markSuspect(),
      renew: () => item.renew(),
      release: (settlements) => (taps.release === undefined ? item.release(settlements) : taps.release(item, settlements)),
    }
  }

  nextActivity(...request: Parameters<WorkerPort['nextActivity']>): ReturnType<WorkerPort['nextActivity']> {
    return this.port.nextActivity(...request)
  }

  stop(deadlineMs: number): ReturnType<WorkerPort['stop']> {
    return this.port.stop(deadlineMs)
  }
}

/** Runs `body` while one such worker is there. */
export async function withTappedWorker<T>(hub: ConformanceHub, options: TaskHubWorkerOptions, taps: ItemTaps, body: () => Promise<T>): Promise<T> {
  const service = delegateService(hub.service, { startWorker: async (spec) => new TappedPort(await hub.service.startWorker(spec), taps) })
  const worker = new TaskHubWorker(service, options)
  await worker.start()
  try {
    return await body()
  } finally {
    await worker.stop({ deadline: '2s' })
  }
}
