/** The entry of a worker process that the crash test kills: `node worker.mjs <WorkerArguments as JSON>`. Ends when its input ends. */
import { appendFileSync } from 'node:fs'
import { TaskHubWorker } from '@dtfx/core'
import { createOrchestrationService, type ServiceBusOptions } from '@dtfx/service-bus'
import { crashProgram } from '../../../azure-storage/test/crash/crash-program.js'

export interface WorkerArguments {
  readonly service: ServiceBusOptions
  /** Activities append their runs to it. */
  readonly logPath: string
  readonly cache: boolean
}

const args = JSON.parse(process.argv[2] ?? '{}') as WorkerArguments
process.stdin.on('end', () => process.exit(0)).resume()
const program = crashProgram((run) => appendFileSync(args.logPath, `${JSON.stringify(run)}\n`))
// Few things at once: with more, a busy machine does everything too late, and nothing comes to its end.
await new TaskHubWorker(createOrchestrationService(args.service), { ...program, concurrency: { orchestrations: 12, activities: 12 }, ...(args.cache ? undefined : { cache: false as const }) }).start()
