/** The entry of a worker process that a test kills: `node worker.mjs <WorkerArguments as JSON>`. Ends when its input ends. Says `ready` when it works. */
import { appendFileSync } from 'node:fs'
import { TaskHubWorker } from '@dtfx/core'
import { createOrchestrationService, type SqliteOptions } from '@dtfx/sqlite'
import { crashProgram } from './crash-program.js'

export interface WorkerArguments {
  readonly service: SqliteOptions
  /** Activities append their runs to it. */
  readonly logPath: string
}

const args = JSON.parse(process.argv[2] ?? '{}') as WorkerArguments
process.stdin.on('end', () => process.exit(0)).resume()
const program = crashProgram((run) => appendFileSync(args.logPath, `${JSON.stringify(run)}\n`))
/** Read when something went wrong: all processes write to one file. */
const logger = {
  enabled: (level: string): boolean => level === 'warn' || level === 'error',
  log: (level: string, text: string, fields: object = {}): void => {
    if (level === 'warn' || level === 'error') appendFileSync(`${args.logPath}.txt`, `${new Date().toISOString()} ${process.pid} ${level} ${text} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.message : value))}\n`)
  },
}
// At a kill every 200 ms an instance can be there five times in a row when its process dies; that what kills its process is set aside has tests of its own.
await new TaskHubWorker(createOrchestrationService(args.service, { logger }), { ...program, maxSuspectTurns: 1_000 }).start()
process.stdout.write('ready\n')
