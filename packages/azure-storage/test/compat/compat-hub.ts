/** A hub on an emulator that a .NET-like peer and this framework share, for a test. */
import { TaskHubClient, TaskHubWorker, type AnyActivity, type AnyOrchestration, type TaskHubWorkerOptions } from '@dtfx/core'
import type { AzureStorageOptions, AzureStorageService } from '@dtfx/azure-storage'
import { openHub } from '../conformance/open-hub.js'
import { eventually } from '../partitions/azurite-hub.js'
import { StoredHub } from '../stored-hub.js'
import type { DotnetActivities } from './dotnet-activity-worker.js'
import { DotnetClient } from './dotnet-client.js'
import { DotnetHub } from './dotnet-wire.js'
import { DotnetWorker, type DotnetProgramme } from './dotnet-worker.js'

let hubs = 0

export class CompatHub {
  readonly service: AzureStorageService
  readonly client: TaskHubClient
  readonly dotnet: DotnetHub
  readonly dotnetClient: DotnetClient
  readonly stored: StoredHub
  readonly #ends: (() => Promise<unknown>)[] = []
  readonly #peers: DotnetWorker[] = []

  constructor(
    readonly connectionString: string,
    options: AzureStorageOptions = {},
  ) {
    const taskHub = `Compat${process.pid}n${++hubs}`
    this.service = openHub(connectionString, { taskHub, partitionCount: 1, ...options })
    this.client = new TaskHubClient(this.service)
    this.dotnet = new DotnetHub(connectionString, taskHub, 1)
    this.dotnetClient = new DotnetClient(this.dotnet)
    this.stored = new StoredHub(this.dotnet.clients, taskHub)
  }

  /** A worker of ours, started. */
  async worker(orchestrations: readonly AnyOrchestration[], activities: readonly AnyActivity[] = [], options: TaskHubWorkerOptions = {}): Promise<TaskHubWorker> {
    const worker = new TaskHubWorker(this.service, { orchestrations, activities, unknownNameGraceMs: 0, ...options })
    this.#ends.push(() => worker.stop({ deadline: '2s' }))
    await worker.start()
    return worker
  }

  /** A worker like .NET's, started. */
  async peer(programmes: Readonly<Record<string, DotnetProgramme>>, activities?: DotnetActivities): Promise<DotnetWorker> {
    await this.service.createHub()
    const peer = new DotnetWorker({ hub: this.dotnet, programmes, ...(activities === undefined ? undefined : { activities }) })
    this.#peers.push(peer)
    this.#ends.push(() => peer.stop())
    return peer
  }

  async hasStatus(instanceId: string, status: string): Promise<void> {
    let found: string | undefined
    const show = (): string => `but ${found}`
    const isSo = async (): Promise<boolean> => (found = (await this.client.state(instanceId))?.status) === status
    await eventually(`'${instanceId}' is ${status}`, isSo, { withinMs: 40_000, show })
  }

  async eventTypes(instanceId: string): Promise<readonly string[]> {
    return (await this.client.history(instanceId)).events.map(({ type }) => type)
  }

  async has(instanceId: string, type: string): Promise<void> {
    await eventually(`'${instanceId}' has ${type}`, async () => (await this.eventTypes(instanceId)).includes(type), { withinMs: 40_000 })
  }

  /** Ends all, and tells what a .NET worker would have died of. */
  async close(): Promise<readonly unknown[]> {
    await Promise.all(this.#ends.map((end) => end()))
    await this.service.close()
    return this.#peers.flatMap(({ errors }) => errors)
  }
}

/** `body` with a hub of its own; fails on errors of the .NET-like side. */
export async function withCompatHub(connectionString: string, body: (hub: CompatHub) => Promise<void>, options: AzureStorageOptions = {}): Promise<void> {
  const hub = new CompatHub(connectionString, options)
  let errors: readonly unknown[] = []
  try {
    await body(hub)
  } finally {
    errors = await hub.close()
  }
  if (errors.length > 0) throw new AggregateError(errors, 'errors of the .NET-like side')
}
