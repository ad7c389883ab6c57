/** The workers of a variant that a test starts as one: which of them has an instance or an activity is the provider's affair, so what a test does to "the worker" is done to all. */
import type { TaskHubWorker, WorkerStopReport } from '@dtfx/core'

export class WorkerGroup {
  constructor(readonly workers: readonly TaskHubWorker[]) {}

  async start(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.start()))
  }

  /** What was abandoned by any of them is counted together. */
  async stop(options?: Parameters<TaskHubWorker['stop']>[0]): Promise<WorkerStopReport> {
    const reports = await Promise.all(this.workers.map((worker) => worker.stop(options)))
    return { abandoned: reports.reduce((sum, { abandoned }) => sum + abandoned, 0) }
  }

  forgetAll(): void {
    for (const worker of this.workers) worker.forgetAll()
  }
}
