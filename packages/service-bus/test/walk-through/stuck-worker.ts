/** A worker process that never comes to the end of an activity: `node worker.mjs <StuckArguments as JSON>`. It says so in a file. Ends when its input ends. */
import { appendFileSync } from 'node:fs'
import { defineActivity, TaskHubWorker } from '@dtfx/core'
import { createOrchestrationService, type ServiceBusOptions } from '@dtfx/service-bus'

export interface StuckArguments {
  readonly service: ServiceBusOptions
  readonly logPath: string
}

const args = JSON.parse(process.argv[2] ?? '{}') as StuckArguments
process.stdin.on('end', () => process.exit(0)).resume()
const hello = defineActivity('Hello', (_ctx, name: string) => {
  appendFileSync(args.logPath, `${name}\n`)
  return new Promise<string>(() => {})
})
await new TaskHubWorker(createOrchestrationService(args.service), { activities: [hello] }).start()
