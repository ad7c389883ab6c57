/** Our side: one service, one worker, one client in this process, on the provider that was asked for. */
import { loadOrchestrationService, TaskHubClient, TaskHubWorker, type AnyActivity, type AnyOrchestration, type OrchestrationService } from '@dtfx/core'

export interface Session {
  readonly service: OrchestrationService
  readonly client: TaskHubClient
  readonly worker: TaskHubWorker
  close(): Promise<void>
}

export async function openSession(provider: string, definitions: { orchestrations: readonly AnyOrchestration[]; activities: readonly AnyActivity[] }): Promise<Session> {
  const service = await loadOrchestrationService({ provider })
  const worker = new TaskHubWorker(service, { ...definitions, determinism: 'guard', concurrency: { orchestrations: 100, activities: 100 } })
  await worker.start()
  return {
    service,
    worker,
    client: new TaskHubClient(service),
    close: async () => {
      await worker.stop({ deadline: '5s' })
      await service.close()
    },
  }
}
