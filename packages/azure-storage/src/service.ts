/** The Azure Storage provider: one service is one task hub in one account. Composition root: builds the parts and hands them to the ports; decides nothing. */
import {
  dtfxError,
  resolveHost,
  type Capabilities,
  type ClientPort,
  type HistoryPort,
  type Host,
  type OrchestrationService,
  type PurgePort,
  type QuarantinePort,
  type QueryPort,
  type ScalePort,
  type WorkerPort,
  type WorkerSpec,
} from '@dtfx/core/provider'
import { AzureClientPort } from './client-port.js'
import { AzureHistoryPort } from './history-port.js'
import { type AccountPlace, InstanceWatchers, RequestGate } from '@dtfx/azure-common'
import { MessageBlobs } from './messages/message-blobs.js'
import { MessageSender } from './messages/message-sender.js'
import { controlQueueOf, hubNames } from './names.js'
import { AppLease, appLeaseDefaults } from './partitions/app-lease.js'
import { AppLeaseBlobs } from './partitions/app-lease-blobs.js'
import { refuseMixedManagers } from './partitions/mixed-managers.js'
import { PartitionManager, type PartitionCallbacks } from './partitions/partition-manager.js'
import { PartitionOwnership } from './partitions/partition-ownership.js'
import { partitionDefaults } from './partitions/partition-settings.js'
import { PartitionTable } from './partitions/partition-table.js'
import { PartitionWatchdog } from './partitions/partition-watchdog.js'
import { AzurePurgePort } from './purge-port.js'
import { AzureQueryPort } from './query-port.js'
import { QueueWakers } from './queues/queue-wakers.js'
import { AzureScalePort } from './scale-port.js'
import { readSettings, type AzureStorageOptions } from './settings.js'
import { StorageClients } from './storage/storage-clients.js'
import { StorageLog } from './storage-log.js'
import { TaskHub } from './task-hub.js'
import { HistoryStore } from './tracking/history-store.js'
import { InstanceStore } from './tracking/instance-store.js'
import { QuarantineStore } from './tracking/quarantine-store.js'
import { SuspicionStore } from './tracking/suspicion-store.js'
import type { WorkerParts } from './worker-parts.js'
import { AzureWorkerPort } from './worker-port.js'

const capabilities: Capabilities = Object.freeze({
  commit: 'messages-first',
  query: true,
  purge: true,
  history: true,
  rewind: true,
  quarantine: true,
  scale: true,
  uniqueStart: true,
  exactlyOnceEvents: true,
  historyAfterCompletion: true,
  cacheValidation: true,
  entities: false,
  pinnedInstances: true,
  timerGranularityMs: 1_000,
  maxPayloadBytes: 64 * 1024 * 1024,
})

export class AzureStorageService implements OrchestrationService {
  readonly name = 'azure-storage'
  readonly capabilities = capabilities
  readonly host: OrchestrationService['host']
  readonly client: ClientPort
  readonly query: QueryPort
  readonly history: HistoryPort
  readonly purge: PurgePort
  readonly quarantine: QuarantinePort
  readonly scale: ScalePort
  readonly #scale: AzureScalePort
  readonly #parts: WorkerParts
  readonly #hub: TaskHub
  readonly #partitions: PartitionTable
  readonly #appLease: AppLeaseBlobs
  readonly #ports = new Set<AzureWorkerPort>()
  #isClosed = false

  /** @throws DTFX_CONFIG_INVALID */
  constructor(options: AzureStorageOptions, host: Host = {}) {
    const settings = readSettings(options)
    this.host = resolveHost(host)
    this.#parts = partsOf(this.host, settings)
    const { clients, names } = this.#parts
    this.#partitions = new PartitionTable({ clients, host: this.host, tableName: names.partitionsTable, operationMs: partitionDefaults.operationMs })
    this.#appLease = new AppLeaseBlobs({ clients, host: this.host, containerName: names.appLeaseContainer, infoBlobName: names.appLeaseBlob })
    this.#hub = new TaskHub(this.#parts, this.#partitions, this.#appLease)
    this.client = new AzureClientPort(this.#parts, () => this.#isClosed)
    this.query = new AzureQueryPort(this.#parts)
    this.history = new AzureHistoryPort(this.#parts)
    this.purge = new AzurePurgePort(this.#parts)
    this.quarantine = this.#parts.quarantine
    this.#scale = new AzureScalePort(this.#parts)
    this.scale = this.#scale
  }

  /** Requests to the account so far, by operation. */
  get requests(): Readonly<Record<string, number>> {
    return this.#parts.clients.requests.snapshot()
  }

  /** Where the account is: no secrets. */
  get account(): AccountPlace {
    const { accountName, queueUrl, tableUrl, blobUrl } = this.#parts.settings.account
    return { accountName, queueUrl, tableUrl, blobUrl }
  }

  get location(): string {
    const { accountName, tableUrl } = this.account
    return `task hub '${this.#parts.names.hub}' of account '${accountName}' (${new URL(tableUrl).host})`
  }

  createHub(): Promise<void> {
    return this.#isClosed ? Promise.reject(dtfxError('DTFX_CLOSED')) : this.#hub.create()
  }

  hubExists(): Promise<boolean> {
    return this.#hub.exists()
  }

  deleteHub(): Promise<void> {
    return this.#hub.delete()
  }

  /** @throws DTFX_MIXED_PARTITION_MANAGERS, DTFX_PARTITION_COUNT */
  async startWorker(spec: WorkerSpec): Promise<WorkerPort> {
    if (this.#isClosed) throw dtfxError('DTFX_CLOSED')
    const { clients, names } = this.#parts
    await refuseMixedManagers({ clients, host: this.host, taskHub: names.hub, containerName: names.leaseContainer, partitionCount: names.controlQueues.length })
    const port = new AzureWorkerPort(this.#parts, spec, (callbacks) => this.#ownership(spec.workerId, callbacks), (stopped) => this.#ports.delete(stopped))
    this.#ports.add(port)
    return port
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#ports].map((port) => port.stop(0)))
  }

  #ownership(workerName: string, callbacks: PartitionCallbacks): PartitionOwnership {
    const { host } = this
    const { settings, clients, names } = this.#parts
    const scope = { account: clients.account.accountName, taskHub: names.hub, host }
    const watchdog = new PartitionWatchdog({ ...scope, ...watchdogTimes, unownedMs: 2 * settings.leaseInterval, oldestMessageAgeMs: (partition) => this.#oldestMessageAgeMs(partition) })
    const timing = { ...partitionDefaults, leaseMs: settings.leaseInterval, pollMs: settings.leaseRenewInterval }
    return new PartitionOwnership({
      manager: new PartitionManager({ ...scope, table: this.#partitions, settings: timing, workerName, callbacks, watchdog }),
      lease: (events) => new AppLease({ ...scope, ...events, blobs: this.#appLease, appName: settings.appName, enabled: settings.appLease, settings: appLeaseDefaults }),
      lostDeadlineMs: partitionDefaults.drainMs,
    })
  }

  async #oldestMessageAgeMs(partition: string): Promise<number | undefined> {
    const { count, oldestAgeMs } = await this.#scale.depth(partition)
    return count === 0 ? undefined : oldestAgeMs
  }
}

/** A look at the ages costs a request for each partition; messages of an owned one wait for a poll at most. */
const watchdogTimes = { oldestMessageMs: 5 * 60_000, ageEveryMs: 5 * 60_000 }

function partsOf(host: OrchestrationService['host'], settings: WorkerParts['settings']): WorkerParts {
  const clients = new StorageClients(settings.account, settings.requestTimeout)
  const names = hubNames(settings.taskHub, settings.partitionCount)
  const gate = new RequestGate(settings.maxConcurrentRequests)
  const wakers = new QueueWakers(host.clock)
  const blobs = new MessageBlobs(clients.container(names.largeMessageContainer), host)
  const sender = new MessageSender({ clients, names, host, blobs, wakers })
  const log = new StorageLog(host.logger, settings.account.accountName, names.hub)
  const quarantineTable = clients.table(names.quarantineTable)
  return {
    host,
    settings,
    names,
    clients,
    gate,
    blobs,
    sender,
    wakers,
    watchers: new InstanceWatchers(host.clock, (instanceId) => wakers.has(controlQueueOf(names, instanceId))),
    histories: new HistoryStore({ table: clients.table(names.historyTable), blobs, host, gate, log }),
    instances: new InstanceStore({ table: clients.table(names.instancesTable), blobs, host, gate, hub: names.hub }),
    quarantine: new QuarantineStore({ table: quarantineTable, host, blobs, sender }),
    suspicions: new SuspicionStore(quarantineTable, host),
    log,
  }
}

/** The Azure Storage provider. @throws DTFX_CONFIG_INVALID */
export function createOrchestrationService(options: AzureStorageOptions = {}, host: Host = {}): AzureStorageService {
  return new AzureStorageService(options, host)
}
