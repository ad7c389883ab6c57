/** Our side: one service, one worker, one client in this process, on the provider that was asked for. Determinism is `guard`, the default in production. */
import { loadOrchestrationService, TaskHubClient, TaskHubWorker, type OrchestrationService } from '@dtfx/core'
import type { Setup } from '../measurement.js'
import type { Framework, OrchestrationName } from '../framework.js'
import { hello, helloSequence, next, oneActivity, parallel, waiting } from './definitions.js'

export interface Session {
  readonly client: TaskHubClient
  readonly worker: TaskHubWorker
  close(): Promise<void>
}

/** `maxCachedInstances`: default of the worker. */
export async function openSession({ provider, options, cache }: Setup, maxCachedInstances?: number): Promise<Session> {
  const service = await loadOrchestrationService({ provider, options })
  const worker = new TaskHubWorker(service, {
    orchestrations: [helloSequence, parallel, oneActivity, waiting],
    activities: [hello, next],
    determinism: 'guard',
    cache: cache === false ? false : maxCachedInstances === undefined ? undefined : { maxInstances: maxCachedInstances },
  })
  await worker.start()
  return { client: new TaskHubClient(service), worker, close: () => closeSession(worker, service) }
}

async function closeSession(worker: TaskHubWorker, service: OrchestrationService): Promise<void> {
  await worker.stop({ deadline: '5s' })
  await service.close()
}

/** Our worker sleeps when it has nothing to do, so there is nothing to pause. */
export async function openDtfx(setup: Setup): Promise<Framework> {
  const { client, close } = await openSession(setup)
  return {
    name: 'dtfx',
    resume: async () => {},
    pause: async () => {},
    start: async (orchestration, input) => {
      const handle = await startByName(client, orchestration, input)
      return { result: () => handle.result({ timeout: '120s' }), purge: async () => void (await handle.purge()) }
    },
    close,
  }
}

function startByName(client: TaskHubClient, orchestration: OrchestrationName, input = 0) {
  switch (orchestration) {
    case 'HelloSequence':
      return client.start(helloSequence)
    case 'OneActivity':
      return client.start(oneActivity)
    case 'Parallel':
      return client.start(parallel, input)
  }
}
