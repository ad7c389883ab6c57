/** The entry of a worker process that a test kills: `node worker.mjs <WorkerArguments as JSON>`. Ends when its input ends. */
import { appendFileSync } from 'node:fs'
import { TaskHubWorker } from '@dtfx/core'
import { createOrchestrationService, type AzureStorageOptions } from '@dtfx/azure-storage'
import { scenario, type ActivityRun } from '../faults/scenario.js'
import { followDotNet } from './compat-worker.js'
import { crashProgram } from './crash-program.js'

export interface WorkerArguments {
  readonly program: 'scenario' | 'crash'
  readonly service: AzureStorageOptions
  /** Activities append their runs to it. */
  readonly logPath: string
  /** `compat`: as the .NET framework works, without a cache, without local activities, rows written blindly. */
  readonly mode: 'sticky' | 'plain' | 'compat'
}

const args = JSON.parse(process.argv[2] ?? '{}') as WorkerArguments
process.stdin.on('end', () => process.exit(0)).resume()
if (args.mode === 'compat') followDotNet()
const record = (run: ActivityRun): void => appendFileSync(args.logPath, `${JSON.stringify(run)}\n`)
const program = args.program === 'scenario' ? scenario(record, { slowMs: 2_200 }) : crashProgram(record)
/** Read when something went wrong: all processes write to one file. */
const logger = {
  enabled: (level: string): boolean => level !== 'debug',
  log: (level: string, text: string, fields: object = {}): void => {
    if (level !== 'debug') appendFileSync(`${args.logPath}.txt`, `${new Date().toISOString()} ${process.pid} ${level} ${text} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.message : value))}\n`)
  },
}
const service = createOrchestrationService({ ...args.service, localActivities: args.mode === 'sticky' }, { logger })
// Few things at once: with more, a busy machine does everything too late, and nothing comes to its end.
await new TaskHubWorker(service, { ...program, concurrency: { orchestrations: 16, activities: 16 }, ...(args.mode === 'sticky' ? undefined : { cache: false as const }) }).start()
