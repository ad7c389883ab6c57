/**
 * What a user's program may write against the installed packages: every entry, values and types. It is compiled strictly, with library checks on, and run.
 * It prints `ok` when the instance came out right.
 */
import { defineActivity, defineEvent, defineOrchestration, DurableError, loadOrchestrationService, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import type { ActivityContext, Duration, OrchestrationContext, OrchestrationHandle, OrchestrationService, StartOptions, TaskHubWorkerOptions } from '@dtfx/core'
import { createOrchestrationService as createAzureStorage, type AzureStorageOptions, type AzureStorageService } from '@dtfx/azure-storage'
import { createEngine, Registry, type TurnExecutor } from '@dtfx/core/engine'
import { limits, parseSettings, type OrchestrationServiceFactory } from '@dtfx/core/provider'
import { runOrchestration, type ActivityStub } from '@dtfx/testing'
import { conformance, type ConformanceOptions } from '@dtfx/testing/conformance'
import { createOrchestrationService, MemoryService } from '@dtfx/testing/memory'

const double = defineActivity('Double', async (_ctx: ActivityContext, value: number): Promise<number> => value * 2)
const go = defineEvent<{ readonly by: string }>('Go')
const flow = defineOrchestration('Flow', async (ctx: OrchestrationContext<number>, value: number) => {
  const { by } = await ctx.waitForExternalEvent(go)
  const doubled = await ctx.callActivity(double, value)
  return { by, doubled, month: ctx.now.getUTCMonth() + 1 }
})

const hour: Duration = '1h'
const start: StartOptions = { instanceId: 'flow-1', tags: { source: 'packed' } }
const options: TaskHubWorkerOptions = { orchestrations: [flow], activities: [double] }
const factory: OrchestrationServiceFactory = createOrchestrationService
const engine: TurnExecutor = createEngine({ orchestrations: new Registry('Orchestration', [flow]) })
const suite: (options: ConformanceOptions) => void = conformance
export type Parts = [OrchestrationHandle<{ by: string }>, ActivityStub<number, number>]

const azure: AzureStorageOptions = { connectionString: 'UseDevelopmentStorage=true', taskHub: 'Orders', controlQueueLock: '2m', credential: undefined }
const azureService: AzureStorageService = createAzureStorage(azure)
// @ts-expect-error Options of a provider are typed.
export type Unknown = AzureStorageOptions['taskhub']

// @ts-expect-error The input of an orchestration is typed through the installed declarations.
const wrong = (client: TaskHubClient): Promise<unknown> => client.start(flow, 'text')

async function main(): Promise<void> {
  const service: OrchestrationService = await loadOrchestrationService({ provider: 'memory' })
  // Two copies of the package would give two classes.
  if (!(service instanceof MemoryService)) throw new Error('the provider of the configuration is not the one that is imported')
  const worker = new TaskHubWorker(service, options)
  await worker.start()
  const handle = await new TaskHubClient(service).start(flow, 21, start)
  await handle.raiseEvent(go, { by: 'me' })
  const { by, doubled, month } = await handle.result({ timeout: hour })
  await worker.stop()
  const scripted = await runOrchestration(flow, { input: 1, activities: [double], events: [{ event: go, payload: { by: 'me' } }] })
  const refusal: unknown = await loadOrchestrationService({ provider: 'memroy' }).catch((error: unknown) => error)
  const right = by === 'me' && doubled === 42 && month >= 1 && limits.maxNameLength > 0 && scripted.output?.doubled === 2 && DurableError.is(refusal, 'DTFX_CONFIG_INVALID') && azureService.account.accountName === 'devstoreaccount1'
  if (!right) throw new Error(`wrong: ${JSON.stringify({ by, doubled, month, output: scripted.output, refusal: String(refusal) })}`)
  console.log('ok', [typeof wrong, typeof factory, typeof engine.run, typeof suite, typeof parseSettings].every((each) => each === 'function'))
}

await main()
