/** Entry of a process that is a worker and nothing else, for workloads in which the client is another process. */
import { setTimeout as pause } from 'node:timers/promises'
import { openSession, type Session } from './ours/dtfx.js'
import { answerParent } from './processes/child-program.js'
import type { WorkerRequest } from './processes/worker-process.js'

let session: Session | undefined

answerParent(async (request: WorkerRequest) => {
  if (request.kind === 'start') return void (session = await openSession(request.setup))
  if (request.kind === 'processor-share') return processorShare(request.forMs)
  return session?.close()
})

/** Processor time of this process, as a share of the time that passes. */
async function processorShare(forMs: number): Promise<number> {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  await pause(forMs)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (performance.now() - startedMs)
}
