/** A worker in a process of its own, and a client of its hub in this one: on a store, not in memory. */
import { loadOrchestrationService, TaskHubClient } from '@dtfx/core'
import type { Setup } from '../measurement.js'
import { isShared, openHub } from '../hub.js'
import { ChildProgram } from './child-program.js'

export type WorkerRequest = { readonly kind: 'start'; readonly setup: Setup } | { readonly kind: 'processor-share'; readonly forMs: number } | { readonly kind: 'stop' }

export interface WorkerProcess {
  /** Of the same hub, in this process. */
  readonly client: TaskHubClient
  /** Processor time of the worker over the next `forMs`, as a share of one core. */
  processorShare(forMs: number): Promise<number>
  close(): Promise<void>
}

export async function startWorkerProcess(setup: Setup): Promise<WorkerProcess> {
  if (!isShared(setup)) throw new Error(`not applicable: provider ${setup.provider} lives in one process`)
  const hub = await openHub(setup)
  const child = new ChildProgram('worker')
  const ask = (request: WorkerRequest): Promise<unknown> => child.ask(request)
  try {
    await ask({ kind: 'start', setup: { ...setup, options: hub.options } })
  } catch (error) {
    child.kill()
    await hub.close()
    throw error
  }
  const service = await loadOrchestrationService({ provider: setup.provider, options: hub.options })
  const close = async (): Promise<void> => {
    await service.close()
    await ask({ kind: 'stop' }).finally(() => child.kill())
    await hub.close()
  }
  return { client: new TaskHubClient(service), processorShare: async (forMs) => (await ask({ kind: 'processor-share', forMs })) as number, close }
}
