/** The Service Bus provider: one service is one task hub in one namespace. Composition root: builds the parts and hands them to the ports; decides nothing. */
import { AccountClients, InstanceWatchers, RequestCounter, type AccountPlace } from '@dtfx/azure-common'
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
import { BusAdmin } from './bus/bus-admin.js'
import { BusConnection } from './bus/bus-connection.js'
import { BusLog } from './bus-log.js'
import { ServiceBusClientPort } from './client-port.js'
import { ServiceBusHistoryPort } from './history-port.js'
import type { HubParts } from './hub-parts.js'
import { HubBlobs } from './messages/hub-blobs.js'
import { MessageSender } from './messages/message-sender.js'
import { hubNames } from './names.js'
import { ServiceBusPurgePort } from './purge-port.js'
import { ServiceBusQuarantinePort } from './quarantine-port.js'
import { ServiceBusQueryPort } from './query-port.js'
import { ServiceBusScalePort } from './scale-port.js'
import { SessionStore } from './sessions/session-store.js'
import { namespaceOf, readSettings, type ServiceBusOptions, type ServiceBusSettings } from './settings.js'
import { operationOf } from './storage-operations.js'
import { TaskHub } from './task-hub.js'
import { InstanceStore } from './tracking/instance-store.js'
import { JumpStarts } from './tracking/jump-start.js'
import { RecentEnds } from './tracking/recent-ends.js'
import { ServiceBusWorkerPort } from './worker-port.js'

function capabilitiesOf(hasStore: boolean): Capabilities {
  return Object.freeze({
    commit: 'state-first-outbox',
    query: hasStore,
    purge: hasStore,
    history: hasStore,
    rewind: hasStore,
    quarantine: true,
    scale: true,
    uniqueStart: hasStore,
    exactlyOnceEvents: true,
    historyAfterCompletion: hasStore,
    cacheValidation: true,
    entities: false,
    timerGranularityMs: 1,
    maxPayloadBytes: 4 * 1024 * 1024,
  })
}

export class ServiceBusService implements OrchestrationService {
  readonly name = 'service-bus'
  readonly capabilities: Capabilities
  readonly host: OrchestrationService['host']
  readonly client: ClientPort
  readonly query: QueryPort | undefined
  readonly history: HistoryPort | undefined
  readonly purge: PurgePort | undefined
  readonly quarantine: QuarantinePort
  readonly scale: ScalePort
  readonly #parts: HubParts
  readonly #hub: TaskHub
  readonly #watchers: InstanceWatchers
  readonly #ends = new RecentEnds()
  readonly #jumpStarts: JumpStarts | undefined
  readonly #sending: BusConnection
  readonly #quarantine: ServiceBusQuarantinePort
  readonly #scale: ServiceBusScalePort
  readonly #ports = new Set<ServiceBusWorkerPort>()
  #isClosed = false

  /** @throws DTFX_CONFIG_INVALID */
  constructor(options: ServiceBusOptions, host: Host = {}) {
    const settings = readSettings(options)
    this.host = resolveHost(host)
    const { parts, clients, sending } = partsOf(this.host, settings)
    const { store, blobs } = parts
    this.#parts = parts
    this.#sending = sending
    this.capabilities = capabilitiesOf(store !== undefined)
    // Beside a worker, most ends are tracked in this process, and told at once.
    this.#watchers = new InstanceWatchers(this.host.clock, () => this.#ports.size > 0)
    const admin = new BusAdmin(settings.access, this.host)
    this.#hub = new TaskHub(parts, admin, clients)
    this.#jumpStarts = clients === undefined || store === undefined ? undefined : new JumpStarts(parts, clients, store)
    this.client = new ServiceBusClientPort({ parts, watchers: this.#watchers, ends: this.#ends, jumpStarts: this.#jumpStarts, isClosed: () => this.#isClosed })
    this.query = store === undefined ? undefined : new ServiceBusQueryPort(parts, store)
    this.history = store === undefined ? undefined : new ServiceBusHistoryPort(store)
    this.purge = store === undefined || blobs === undefined ? undefined : new ServiceBusPurgePort(parts, store, blobs)
    this.quarantine = this.#quarantine = new ServiceBusQuarantinePort(parts)
    this.scale = this.#scale = new ServiceBusScalePort(parts, admin)
  }

  /** Requests to the namespace (`bus …`) and to the account of the instance store so far, by operation. */
  get requests(): Readonly<Record<string, number>> {
    return this.#parts.requests.snapshot()
  }

  /** Where the instance store is, if there is one: no secrets. */
  get account(): AccountPlace | undefined {
    const { account } = this.#parts.settings
    if (account === undefined) return undefined
    const { accountName, queueUrl, tableUrl, blobUrl } = account
    return { accountName, queueUrl, tableUrl, blobUrl }
  }

  get location(): string {
    return `task hub '${this.#parts.names.hub}' in namespace '${namespaceOf(this.#parts.settings.access)}'`
  }

  hubExists(): Promise<boolean> {
    return this.#hub.exists()
  }

  createHub(): Promise<void> {
    return this.#isClosed ? Promise.reject(dtfxError('DTFX_CLOSED')) : this.#hub.create()
  }

  deleteHub(): Promise<void> {
    return this.#hub.delete()
  }

  /** @throws DTFX_FOREIGN_WORKERS */
  async startWorker(spec: WorkerSpec): Promise<WorkerPort> {
    if (this.#isClosed) throw dtfxError('DTFX_CLOSED')
    await this.#hub.markAsOurs()
    const sessions = { find: (sessionId: string) => this.#find(sessionId) }
    const port = new ServiceBusWorkerPort({ parts: this.#parts, watchers: this.#watchers, ends: this.#ends, jumpStarts: this.#jumpStarts, sessions, onStopped: (stopped) => this.#ports.delete(stopped) }, spec)
    this.#ports.add(port)
    return port
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#ports].map((port) => port.stop(0)))
    await Promise.all([this.#jumpStarts?.settled(), this.#sending.close(), this.#quarantine.close(), this.#scale.close()])
  }

  #find(sessionId: string): ReturnType<ServiceBusWorkerPort['pool']['find']> {
    for (const { pool } of this.#ports) {
      const found = pool.find(sessionId)
      if (found !== undefined) return found
    }
    return undefined
  }
}

function partsOf(host: OrchestrationService['host'], settings: ServiceBusSettings): { readonly parts: HubParts; readonly clients: AccountClients | undefined; readonly sending: BusConnection } {
  const names = hubNames(settings.taskHub)
  const { account, access } = settings
  const clients = account === undefined ? undefined : new AccountClients(account, operationOf(names))
  const requests = clients?.requests ?? new RequestCounter()
  const connect = (): BusConnection => new BusConnection({ access, clock: host.clock, requests, requestTimeoutMs: settings.requestTimeout, acceptTimeoutMs: settings.acceptTimeout })
  const sending = connect()
  const blobs = clients === undefined ? undefined : new HubBlobs(clients, names.containerPrefix, host)
  const store = clients === undefined || blobs === undefined ? undefined : new InstanceStore({ clients, tableName: names.instanceTable, blobs, host, dotnetClients: settings.dotnetClients })
  const parts: HubParts = {
    host,
    settings,
    names,
    requests,
    log: new BusLog(host.logger, names.hub),
    sender: new MessageSender({ connection: sending, names, host, blobs }),
    sessions: new SessionStore({ blobs, clock: host.clock }),
    store,
    blobs,
    connect,
  }
  return { parts, clients, sending }
}

/** The Service Bus provider. @throws DTFX_CONFIG_INVALID */
export function createOrchestrationService(options: ServiceBusOptions = {}, host: Host = {}): ServiceBusService {
  return new ServiceBusService(options, host)
}
