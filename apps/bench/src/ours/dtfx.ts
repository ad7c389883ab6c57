/** Our side: one service, one worker, one client in this process, on the provider that was asked for. Determinism is `guard`, the default in production. */
import { loadOrchestrationService, TaskHubClient, TaskHubWorker, type Host, type OrchestrationService } from '@dtfx/core'
import { openHub } from '../hub.js'
import type { Hub, Setup } from '../measurement.js'
import type { Framework, OrchestrationName } from '../framework.js'
import { hello, helloSequence, next, oneActivity, parallel, sequential, waiting } from './definitions.js'

export interface Session {
  readonly service: OrchestrationService
  readonly client: TaskHubClient
  readonly worker: TaskHubWorker
  /** Of the provider, as they turned out. */
  readonly options: Setup['options']
  close(): Promise<void>
}

/** `maxCachedInstances`: default of the worker. */
export async function openSession(setup: Setup, maxCachedInstances?: number, host: Host = {}): Promise<Session> {
  const hub = await openHub(setup)
  try {
    return await openOn(hub, setup, maxCachedInstances, host)
  } catch (error) {
    await hub.close()
    throw error
  }
}

async function openOn(hub: Hub, { provider, cache }: Setup, maxCachedInstances: number | undefined, host: Host): Promise<Session> {
  const { options } = hub
  const service = await loadOrchestrationService({ provider, options }, host)
  const worker = new TaskHubWorker(service, {
    orchestrations: [helloSequence, parallel, sequential, oneActivity, waiting],
    activities: [hello, next],
    determinism: 'guard',
    cache: cache === false ? false : maxCachedInstances === undefined ? undefined : { maxInstances: maxCachedInstances },
  })
  await worker.start()
  const close = async (): Promise<void> => {
    await worker.stop({ deadline: '5s' })
    if (hub.isOwn) await service.deleteHub()
    await service.close()
    await hub.close()
  }
  return { service, client: new TaskHubClient(service), worker, options, close }
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
