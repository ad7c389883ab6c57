/** One worker and one client in one process, on a hub of their own, and one request of theirs that goes wrong. */
import { TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { createOrchestrationService, type AzureStorageOptions, type AzureStorageService } from '@dtfx/azure-storage'
import type { Azurite } from '../azurite.js'
import type { StorageClients } from '../../src/storage/storage-clients.js'
import { repeat } from '@dtfx/azure-common'
import { connect, host } from '../partitions/azurite-hub.js'
import { RunLog } from './run-log.js'
import { FaultProxy, type Fault } from './fault-proxy.js'
import { leftovers, problemsOfInstance, problemsOfPurge } from './judge-hub.js'
import { goEvent, largeText, scenario, type ActivityRun } from './scenario.js'

export interface FaultCase {
  /** Cache and local activities on, or both off. */
  readonly mode: 'sticky' | 'plain'
  readonly operation: string
  /** Of its operation, from 1. */
  readonly number: number
  readonly fault: Fault
}

export interface FaultReport {
  readonly problems: readonly string[]
  /** The request was made, and went wrong. */
  readonly isHit: boolean
  readonly runs: number
  /** Requests by operation. */
  readonly counts: ReadonlyMap<string, number>
  readonly tookMs: number
}

/** Short, so that what is lost is found again soon; `requestTimeout` is what `silent` costs. */
export const shortTimes: AzureStorageOptions = {
  partitionCount: 1,
  maxPollingInterval: '1s',
  controlQueueLock: '12s',
  workItemLock: '12s',
  requestTimeout: '5s',
  leaseInterval: '15s',
  leaseRenewInterval: '5s',
}

const endMs = 90_000
let hubs = 0

export function nameOf({ mode, operation, number, fault }: FaultCase): string {
  return `${mode}/${operation}/${number}/${fault}`
}

export async function faultRun(azurite: Azurite, mode: FaultCase['mode'], fault?: FaultCase): Promise<FaultReport> {
  const beganMs = systemClock.monotonicMs()
  const taskHub = `fault${process.pid}n${++hubs}`
  let isHit = false
  const proxy = await FaultProxy.open(azurite.ports, {
    fault: ({ operation, number }) => {
      if (fault === undefined || operation !== fault.operation || number !== fault.number) return undefined
      isHit = true
      return fault.fault
    },
  })
  const log = new RunLog()
  const service = createOrchestrationService({ ...shortTimes, connectionString: proxy.connectionString, taskHub, localActivities: mode === 'sticky' }, { logger: log })
  const runs: ActivityRun[] = []
  const program = scenario((run) => void runs.push(run))
  const worker = new TaskHubWorker(service, { ...program, watchdog: false, ...(mode === 'plain' ? { cache: false as const } : undefined) })
  const client = new TaskHubClient(service)
  const clients = connect(azurite.connectionString)
  const problems: string[] = []
  try {
    await retried(() => worker.start())
    const started = await retried(() => client.start('Flow', { results: [], ballast: largeText }, { instanceId: 'i', reuse: 'skip', event: { event: goEvent, payload: 'go!' } }))
    await ended(clients, taskHub)
    await retried(() => started.result({ timeout: '10s' }))
    problems.push(...(await leftovers({ clients, taskHub }, 1, 30_000)))
    await worker.stop()
    const counts = new Map(proxy.counts)
    const hub = { service, clients, taskHub, scenario: program, runs }
    problems.push(...(await problemsOfInstance(hub, 'i')), ...(await problemsOfPurge(hub)))
    return { problems, isHit, runs: runs.length, counts, tookMs: systemClock.monotonicMs() - beganMs }
  } catch (error) {
    return { problems: [...problems, String(error), ...(await stateOf(service)), ...log.lines], isHit, runs: runs.length, counts: proxy.counts, tookMs: systemClock.monotonicMs() - beganMs }
  } finally {
    await worker.stop({ deadline: 0 }).catch(() => {})
    await service.close()
    await proxy.close()
  }
}

/** Waits, past the proxy, until the row of the instance says so: who reads again and again makes most of the requests. */
async function ended(clients: StorageClients, taskHub: string): Promise<void> {
  const lastMs = systemClock.monotonicMs() + endMs
  for (;;) {
    const { RuntimeStatus: status } = await repeat('reading a row', host, () => clients.table(`${taskHub}Instances`).getEntity('i', ''))
    if (status === 'Completed' || status === 'Failed' || status === 'Terminated') return
    if (systemClock.monotonicMs() > lastMs) throw new Error(`still ${String(status)} after ${endMs} ms`)
    await sleep(systemClock, 200)
  }
}

/** As a caller does who is told that it did not work: once more. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch {
    await sleep(systemClock, 200)
    return call()
  }
}

/** For people: how far it came. */
async function stateOf(service: AzureStorageService): Promise<string[]> {
  const types: string[] = []
  for await (const chunk of service.history.read('i')) types.push(...chunk.map(({ type, ...event }) => ('taskScheduledId' in event ? `${type} ${event.taskScheduledId}` : type)))
  return [`history: ${types.join()}`]
}
