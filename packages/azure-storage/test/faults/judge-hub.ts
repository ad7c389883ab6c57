/** What must be true of a hub when a scenario has ended in it, whatever went wrong on the way: states, histories, queues, and nothing left after a purge. */
import { TaskHubClient } from '@dtfx/core'
import { sleep, systemClock, type HistoryEvent } from '@dtfx/core/provider'
import type { AzureStorageService } from '@dtfx/azure-storage'
import { replayHistory } from '@dtfx/testing'
import { hubNames } from '../../src/names.js'
import type { StorageClients } from '../../src/storage/storage-clients.js'
import { repeat } from '@dtfx/azure-common'
import { host } from '../partitions/azurite-hub.js'
import { problemsOfResults, type ActivityRun, type Scenario } from './scenario.js'

export interface JudgedHub {
  readonly service: AzureStorageService
  readonly clients: StorageClients
  readonly taskHub: string
  readonly scenario: Scenario
  readonly runs: readonly ActivityRun[]
}

/** Waits until no queue has a message, hidden ones included. The names of those that have some after `withinMs`. */
export async function leftovers({ clients, taskHub }: Pick<JudgedHub, 'clients' | 'taskHub'>, partitionCount: number, withinMs: number): Promise<string[]> {
  const { controlQueues, workItemQueue } = hubNames(taskHub, partitionCount)
  const endMs = systemClock.monotonicMs() + withinMs
  for (;;) {
    const counts = await Promise.all([...controlQueues, workItemQueue].map(async (name) => [name, await repeat('counting a queue', host, async () => (await clients.queue(name).getProperties()).approximateMessagesCount ?? 0)] as const))
    const left = counts.filter(([, count]) => count > 0)
    if (left.length === 0) return []
    if (systemClock.monotonicMs() > endMs) return Promise.all(left.map(async ([name, count]) => `${count} messages left in ${name}, seen: ${await peeked(clients, name)}`))
    await sleep(systemClock, 100)
  }
}

async function peeked(clients: StorageClients, name: string): Promise<string> {
  const { peekedMessageItems } = await clients.queue(name).peekMessages({ numberOfMessages: 32 })
  return peekedMessageItems.map(({ messageText, dequeueCount }) => `${dequeueCount}× ${Buffer.from(messageText, 'base64').toString().slice(0, 400)}`).join('\n')
}

/** Of instance `instanceId` and its child, after the worker has stopped. */
export async function problemsOfInstance(hub: JudgedHub, instanceId: string): Promise<string[]> {
  const { service, scenario, runs } = hub
  const client = new TaskHubClient(service)
  const state = await client.state(instanceId)
  const problems = [...problemsOfResults(state?.output, runs)]
  if (state?.status !== 'Completed') problems.push(`the row says ${state?.status}`)
  const ids = [instanceId]
  for await (const { instanceId: id } of client.query({ parent: instanceId })) ids.push(id)
  if (ids.length !== 2) problems.push(`${ids.length - 1} children`)
  for (const id of ids) problems.push(...(await problemsOfHistory(service, scenario, id)).map((problem) => `${id}: ${problem}`))
  return problems
}

/** A hub in which everything is purged has nothing left. */
export async function problemsOfPurge({ service, clients, taskHub }: JudgedHub): Promise<string[]> {
  const names = hubNames(taskHub, 1)
  for await (const { instanceId } of new TaskHubClient(service).query({})) await service.purge.purge(instanceId)
  const problems: string[] = []
  for (const table of [names.historyTable, names.instancesTable, names.quarantineTable]) {
    for await (const { partitionKey, rowKey } of clients.table(table).listEntities()) problems.push(`${table} has ${partitionKey} ${rowKey}`)
  }
  for await (const { name } of clients.container(names.largeMessageContainer).listBlobsFlat()) problems.push(`blob ${name} is left`)
  return problems
}

export async function problemsOfHistory(service: AzureStorageService, { orchestrations }: Scenario, instanceId: string): Promise<string[]> {
  const history: HistoryEvent[] = []
  for await (const chunk of service.history.read(instanceId)) history.push(...chunk)
  const completions = history.filter(({ type }) => type === 'ExecutionCompleted').length
  const problems = completions === 1 ? [] : [`${completions} ends in the history`]
  const answers = history.flatMap((event) => ('taskScheduledId' in event ? [event.taskScheduledId] : []))
  if (new Set(answers).size !== answers.length) problems.push(`a task is answered twice: ${answers.join()}`)
  try {
    const { status } = await replayHistory(orchestrations, history)
    if (status !== 'Completed') problems.push(`replay ends ${status}`)
  } catch (error) {
    problems.push(`replay: ${String(error)}`)
  }
  return problems
}
