/** A process whose orchestration blocks it, for watchdog.test.ts: `node blocking-program.js <how> <options of the watchdog> [off]`. Prints the log lines of the watchdog as JSON. */
import { execFileSync } from 'node:child_process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { createOrchestrationService } from '@dtfx/testing/memory'

const args = (isMainThread ? process.argv.slice(2) : workerData) as string[]
const [how = '', options = 'false', place = 'main'] = args

// Not those that orchestrations get.
const realTimeout = setTimeout
const realNow = performance.now.bind(performance)

function spin(): void {
  for (;;); // line of spin
}

async function microtasks(): Promise<void> {
  for (;;) await null // line of microtasks
}

function burn(ms: number): void {
  const endMs = realNow() + ms
  while (realNow() < endMs); // line of burn
}

const program = (ms: number): string[] => ['-e', `setTimeout(() => {}, ${ms})`]
const ways: Record<string, () => unknown> = {
  spin,
  microtasks,
  burn: () => burn(1_500),
  exec: () => execFileSync(process.execPath, program(1_500)), // line of exec
  hang: () => execFileSync(process.execPath, program(60_000)),
  regex: () => /^(a+)+$/.test(`${'a'.repeat(45)}b`), // line of regex
  quick: () => 1,
}

const burner = defineActivity('Burner', () => burn(1_500))
const blocker = defineOrchestration('Blocker', async (ctx, way: string) => {
  await ctx.createTimer(1)
  return way === 'activity' ? ctx.callActivity(burner, undefined) : await ways[way]?.()
})

async function main(): Promise<void> {
  const logger = { enabled: () => true, log: (_level: string, text: string, fields: object = {}, event = 0) => (event === 204 || event === 205 ? process.stdout.write(`${JSON.stringify({ event, text, ...fields })}\n`) : undefined) }
  const service = createOrchestrationService({}, { logger })
  const worker = new TaskHubWorker(service, { orchestrations: [blocker], activities: [burner], determinism: 'guard', watchdog: JSON.parse(options) as false })
  await worker.start()
  const order = await new TaskHubClient(service).start(blocker, how, { instanceId: 'order-7' })
  await order.result()
  await new Promise((resolve) => realTimeout(resolve, 300))
  await worker.stop()
}

if (isMainThread && place === 'thread') new Worker(new URL(import.meta.url), { argv: args, workerData: args })
else await main()
