/** durabletask-js on its in-memory backend: worker and client of its own test kit, in this process. */
import type { TestOrchestrationClient } from '@microsoft/durabletask-js'
import { durabletask } from './package-parts.js'
import { hello, helloName, helloSequence, next, nextName, oneActivity, parallel } from './orchestrators.js'

export interface DurabletaskSession {
  readonly client: TestOrchestrationClient
  /** Runs one orchestration to its end and returns its output. */
  run(name: string, input?: unknown): Promise<unknown>
  close(): Promise<void>
}

export async function openDurabletask(): Promise<DurabletaskSession> {
  const backend = new durabletask.InMemoryOrchestrationBackend()
  const worker = new durabletask.TestOrchestrationWorker(backend)
  worker.addNamedOrchestrator('HelloSequence', helloSequence as never)
  worker.addNamedOrchestrator('OneActivity', oneActivity as never)
  worker.addNamedOrchestrator('Parallel', parallel as never)
  worker.addNamedActivity(helloName, hello as never)
  worker.addNamedActivity(nextName, next as never)
  const client = new durabletask.TestOrchestrationClient(backend)
  await worker.start()
  return {
    client,
    run: async (name, input) => {
      const id = await client.scheduleNewOrchestration(name, input as never)
      const state = await client.waitForOrchestrationCompletion(id, true, 120)
      await client.purgeOrchestration(id)
      return state?.serializedOutput === undefined ? undefined : JSON.parse(state.serializedOutput)
    },
    close: async () => {
      await worker.stop()
      await client.stop()
    },
  }
}
