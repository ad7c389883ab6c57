/**
 * Requests: what an orchestration and an idle minute cost in requests to the storage account, by operation. Orchestrations run one after the other, and who waits for them is another client, whose requests are counted apart.
 * A provider without an account behind it makes none, and the workload says so.
 */
import { loadOrchestrationService, TaskHubClient, type OrchestrationService } from '@dtfx/core'
import { isServiceBus } from '../azure/hub.js'
import { openIdleWorker, type IdleWorker } from '../azure/idle-minute.js'
import { countsRequests, difference, requestRows, type RequestCounts } from '../azure/storage-requests.js'
import { expectResult, type Measurement, type Side, type SideOptions, type Workload } from '../measurement.js'
import { cities, greetings, helloSequence, oneActivity } from '../ours/definitions.js'
import { openSession, type Session } from '../ours/dtfx.js'

export const requests: Workload = {
  name: 'requests',
  summary: 'storage requests per orchestration and per idle minute',
  counts: 'orchestrations',
  defaultCount: 20,
  defaultRuns: 3,
  open: async (options) => {
    const { provider } = options
    // An unknown provider is that error, not this one.
    const service = await loadOrchestrationService({ provider, options: options.options })
    await service.close()
    if (!countsRequests(service)) throw new Error(`not applicable: provider ${provider} counts no storage requests`)
    return requestsSide(options)
  },
}

async function requestsSide(options: SideOptions): Promise<Side> {
  const busy = await openSession(options)
  // Never a worker: what it sends, it sends to see whether the orchestration has ended.
  const waiter = await loadOrchestrationService({ provider: options.provider, options: busy.options })
  let idle: IdleWorker | undefined
  const close = async (): Promise<void> => {
    await Promise.all([idle?.close(), waiter.close()])
    await busy.close()
  }
  try {
    // On Service Bus a worker without work waits at the broker, whose clock cannot be moved.
    idle = isServiceBus(options) ? undefined : await openIdleWorker({ ...options, options: withoutHub(busy.options) })
    return { run: () => measure({ busy, waiter, idle }, options.count), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The same account, another hub. */
function withoutHub(options: SideOptions['options']): SideOptions['options'] {
  const { taskHub: _taskHub, ...rest } = options ?? {}
  return rest
}

interface Parts {
  readonly busy: Session
  readonly waiter: OrchestrationService
  readonly idle: IdleWorker | undefined
}

async function measure(parts: Parts, count: number): Promise<Measurement[]> {
  const hello = await perOrchestration(parts, { name: helloSequence.name, expected: greetings, count })
  const one = await perOrchestration(parts, { name: oneActivity.name, expected: `Hello ${cities[0]}!`, count })
  return [
    ...requestRows('hello-sequence-5', hello, { per: count, everything: false }),
    ...requestRows('one-activity', one, { per: count, everything: false }),
    ...(parts.idle === undefined ? [] : requestRows('idle-minute', await parts.idle.minute(), { per: 1, everything: true })),
  ]
}

interface Sample {
  readonly name: string
  readonly expected: unknown
  readonly count: number
}

async function perOrchestration({ busy, waiter }: Parts, { name, expected, count }: Sample): Promise<RequestCounts> {
  const waiting = new TaskHubClient(waiter)
  // The first call looks at the hub.
  await waiting.state('none')
  const [before, waitedBefore] = [counts(busy.service), counts(waiter)]
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const { instanceId } = await busy.client.start(name)
    expectResult('dtfx', await waiting.get(name, instanceId).result({ timeout: '60s' }), expected)
    ids.push(instanceId)
  }
  const sent = { ...difference(before, counts(busy.service)), ...difference(waitedBefore, counts(waiter), true) }
  for (const id of ids) await busy.client.purge(id)
  return sent
}

function counts(service: OrchestrationService): RequestCounts {
  return countsRequests(service) ? service.requests : {}
}
