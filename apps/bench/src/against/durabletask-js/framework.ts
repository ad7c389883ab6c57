/** durabletask-js on its in-memory backend: worker and client of its own test kit, in this process. */
import type { Framework } from '../../framework.js'
import { hello, helloName, helloSequence, next, nextName, oneActivity, parallel } from './orchestrators.js'
import { durabletask } from './package-parts.js'

const resultTimeoutSeconds = 120

export async function openDurabletask(): Promise<Framework> {
  // Its limit of 10 000 events per history would end a large fan-out.
  const backend = new durabletask.InMemoryOrchestrationBackend(Number.MAX_SAFE_INTEGER)
  const worker = new durabletask.TestOrchestrationWorker(backend)
  worker.addNamedOrchestrator('HelloSequence', helloSequence as never)
  worker.addNamedOrchestrator('OneActivity', oneActivity as never)
  worker.addNamedOrchestrator('Parallel', parallel as never)
  worker.addNamedActivity(helloName, hello as never)
  worker.addNamedActivity(nextName, next as never)
  const client = new durabletask.TestOrchestrationClient(backend)
  return {
    name: 'durabletask-js',
    // Its worker asks for work in every round of the event loop, also when there is none: that must not fall into our runs.
    resume: () => worker.start(),
    pause: () => worker.stop(),
    start: async (orchestration, input) => {
      const id = await client.scheduleNewOrchestration(orchestration, input as never)
      return {
        result: async () => {
          const state = await client.waitForOrchestrationCompletion(id, true, resultTimeoutSeconds)
          return state?.serializedOutput === undefined ? undefined : JSON.parse(state.serializedOutput)
        },
        purge: async () => void (await client.purgeOrchestration(id)),
      }
    },
    close: async () => {
      await worker.stop()
      await client.stop()
    },
  }
}
