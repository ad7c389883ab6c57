/** A worker in a process of its own on a hub that its client shares: on a store, not in memory. */
import type { Setup } from '../measurement.js'
import { isShared, openHub } from '../hub.js'
import { ChildProgram } from './child-program.js'

export type WorkerRequest = { readonly kind: 'start'; readonly setup: Setup } | { readonly kind: 'processor-share'; readonly forMs: number } | { readonly kind: 'stop' }

export interface WorkerProcess {
  /** Of the provider, for clients of the same hub. */
  readonly options: Setup['options']
  /** Processor time of the worker over the next `forMs`, as a share of one core. */
  processorShare(forMs: number): Promise<number>
  close(): Promise<void>
}

export async function startWorkerProcess(setup: Setup): Promise<WorkerProcess> {
  if (!isShared(setup)) throw new Error(`not applicable: provider ${setup.provider} lives in one process`)
  const hub = await openHub(setup)
  const child = new ChildProgram('worker')
  const ask = (request: WorkerRequest): Promise<unknown> => child.ask(request)
  const close = async (): Promise<void> => {
    await ask({ kind: 'stop' }).finally(() => child.kill())
    await hub.close()
  }
  try {
    await ask({ kind: 'start', setup: { ...setup, options: hub.options } })
  } catch (error) {
    child.kill()
    await hub.close()
    throw error
  }
  return { options: hub.options, processorShare: async (forMs) => (await ask({ kind: 'processor-share', forMs })) as number, close }
}
