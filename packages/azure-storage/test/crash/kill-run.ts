/** A worker process that is killed at one of its requests, before it reached the account or when it had taken effect, and another worker that takes over. */
import { TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { createOrchestrationService, type AzureStorageOptions } from '@dtfx/azure-storage'
import { appendFileSync } from 'node:fs'
import type { Azurite } from '../azurite.js'
import { FaultProxy, type ProxiedRequest } from '../faults/fault-proxy.js'
import { shortTimes } from '../faults/fault-run.js'
import { leftovers, problemsOfInstance, problemsOfPurge } from '../faults/judge-hub.js'
import { RunLog } from '../faults/run-log.js'
import { goEvent, largeText, scenario } from '../faults/scenario.js'
import { repeat } from '@dtfx/azure-common'
import { connect, host } from '../partitions/azurite-hub.js'
import { readRuns, WorkerProcess, type WorkerBundle } from './worker-process.js'

export interface KillCase {
  readonly operation: string
  /** Of its operation, from 1, counted from the start of the process. */
  readonly number: number
  readonly when: 'before' | 'after'
}

export interface KillReport {
  readonly problems: readonly string[]
  readonly isKilled: boolean
  readonly runs: number
  readonly counts: ReadonlyMap<string, number>
}

const killTimes: AzureStorageOptions = { ...shortTimes, requestTimeout: '3s', controlQueueLock: '4s', workItemLock: '4s', leaseInterval: '3s', leaseRenewInterval: '1s' }
const endMs = 60_000
let hubs = 0

export function nameOf({ operation, number, when }: KillCase): string {
  return `${operation}/${number}/${when}`
}

export async function killRun(azurite: Azurite, bundle: WorkerBundle, kill?: KillCase): Promise<KillReport> {
  const taskHub = `kill${process.pid}n${++hubs}`
  const logPath = bundle.logOf(taskHub)
  let victim: WorkerProcess | undefined
  let isKilled = false
  const killIf = async (when: KillCase['when'], { operation, number }: ProxiedRequest): Promise<void> => {
    if (victim === undefined || isKilled || kill?.when !== when || kill.operation !== operation || kill.number !== number) return
    isKilled = true
    await victim.kill()
    throw new Error('its client is gone')
  }
  const proxy = await FaultProxy.open(azurite.ports, { fault: () => undefined, before: (request) => killIf('before', request), after: (request) => killIf('after', request) })
  const log = new RunLog()
  const options = { ...killTimes, connectionString: proxy.connectionString, taskHub }
  const service = createOrchestrationService(options, { logger: log })
  const program = scenario((run) => appendFileSync(logPath, `${JSON.stringify(run)}\n`))
  const heir = new TaskHubWorker(service, { ...program, watchdog: false })
  const clients = connect(azurite.connectionString)
  const problems: string[] = []
  const report = (counts = new Map(proxy.counts)): KillReport => ({ problems, isKilled, runs: readRuns(logPath).length, counts })
  try {
    await service.createHub()
    await new TaskHubClient(service).start('Flow', { results: [], ballast: largeText }, { instanceId: 'i', event: { event: goEvent, payload: 'go!' } })
    proxy.counts.clear()
    victim = new WorkerProcess(bundle, { program: 'scenario', service: options, logPath, mode: 'sticky' })
    const isOver = async (): Promise<boolean> => ['Completed', 'Failed', 'Terminated'].includes(String((await repeat('reading a row', host, () => clients.table(`${taskHub}Instances`).getEntity('i', ''))).RuntimeStatus))
    const lastMs = systemClock.monotonicMs() + endMs
    while (!isKilled && victim.isAlive && !(await isOver())) {
      if (systemClock.monotonicMs() > lastMs) throw new Error(`not within ${endMs} ms, and not killed`)
      await sleep(systemClock, 100)
    }
    if (!isKilled && !victim.isAlive) throw new Error(`the worker ended by itself: ${victim.errors}`)
    const counts = new Map(proxy.counts)
    if (!isKilled) await leftovers({ clients, taskHub }, 1, 15_000)
    await victim.kill()
    await heir.start()
    while (!(await isOver())) {
      if (systemClock.monotonicMs() > lastMs) throw new Error(`not within ${endMs} ms`)
      await sleep(systemClock, 100)
    }
    problems.push(...(await leftovers({ clients, taskHub }, 1, 30_000)))
    await heir.stop()
    const hub = { service, clients, taskHub, scenario: program, runs: readRuns(logPath) }
    problems.push(...(await problemsOfInstance(hub, 'i')), ...(await problemsOfPurge(hub)))
    return report(counts)
  } catch (error) {
    problems.push(String(error), ...log.lines)
    return report()
  } finally {
    await victim?.kill()
    await heir.stop({ deadline: 0 }).catch(() => {})
    await service.close()
    await proxy.close()
  }
}
