/** Activities that end because their worker stops have not failed: another worker runs them again, however the end shows. */
import { setTimeout as nodeTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker, type ActivityContext, type AnyActivity, type OrchestrationDefinition } from '@dtfx/core'
import { deferred } from '@dtfx/core/provider'
import { createOrchestrationService } from '@dtfx/testing/memory'

const long = 1_000_000

/** Stops a worker in the middle of the activity and gives the orchestration's result by a second worker, which goes on running meanwhile. */
async function stoppedInFlight(flow: OrchestrationDefinition<void, unknown>, work: AnyActivity, started: Promise<void>): Promise<unknown> {
  const service = createOrchestrationService({})
  const options = { orchestrations: [flow], activities: [work] }
  const first = new TaskHubWorker(service, options)
  await first.start()
  const handle = await new TaskHubClient(service).start(flow)
  await started
  expect(await first.stop()).toEqual({ abandoned: 0 })
  await using second = new TaskHubWorker(service, options)
  await second.start()
  const result = await handle.result({ timeout: '10s' })
  expect(second.state).toBe('running')
  await second.stop()
  await service.close()
  return result
}

it.each<[string, (ctx: ActivityContext) => Promise<unknown>]>([
  ['the reason itself', (ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))],
  ['an AbortError of Node', (ctx) => nodeTimeout(long, undefined, { signal: ctx.signal })],
  ['an error of its own because of it', (ctx) => nodeTimeout(long, undefined, { signal: ctx.signal }).catch((cause: unknown) => Promise.reject(new Error('download interrupted', { cause })))],
])('%s', async (_name, interruptible) => {
  const started = deferred<void>()
  let runs = 0
  const work = defineActivity('Work', async (ctx) => {
    if (++runs > 1) return 'second run'
    started.resolve()
    await interruptible(ctx)
    return 'first run'
  })
  const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(work))
  expect(await stoppedInFlight(flow, work, started.promise)).toBe('second run')
})

it('an error that has nothing to do with the stop is a failure', async () => {
  const started = deferred<void>()
  const gate = deferred<void>()
  const work = defineActivity('Work', async (ctx) => {
    ctx.signal.addEventListener('abort', () => gate.reject(new Error('broken')))
    started.resolve()
    return gate.promise
  })
  const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity(work).catch((error: Error) => error.message))
  expect(await stoppedInFlight(flow, work, started.promise)).toMatch(/broken/)
})
