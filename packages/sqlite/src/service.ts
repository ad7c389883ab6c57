/** The SQLite provider: one service is one task hub in one file. Composition root: builds the parts and hands them to the ports; decides nothing. */
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
import { backupFile } from './file/backup-file.js'
import { SqliteClientPort } from './client-port.js'
import { Hub } from './hub.js'
import { Retention } from './instances/retention.js'
import { SqliteQuarantinePort } from './messages/quarantine-port.js'
import { SqliteQueryPort } from './query-port.js'
import { readSettings, type SqliteOptions } from './settings.js'
import { SqliteHistoryPort, SqlitePurgePort, SqliteScalePort } from './store-ports.js'
import { SqliteWorkerPort } from './worker-port.js'

const capabilities: Capabilities = Object.freeze({
  commit: 'atomic',
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
  timerGranularityMs: 1,
  maxPayloadBytes: 64 * 1024 * 1024,
})

export class SqliteService implements OrchestrationService {
  readonly name = 'sqlite'
  readonly capabilities = capabilities
  readonly host: OrchestrationService['host']
  readonly client: ClientPort
  readonly query: QueryPort
  readonly history: HistoryPort
  readonly purge: PurgePort
  readonly quarantine: QuarantinePort
  readonly scale: ScalePort
  readonly #hub: Hub
  readonly #retention: Retention | undefined

  /** @throws DTFX_CONFIG_INVALID */
  constructor(options: SqliteOptions = {}, host: Host = {}) {
    const settings = readSettings(options)
    this.host = resolveHost(host)
    this.#hub = new Hub(this.host, settings)
    this.#retention = settings.purgeCompletedAfter === undefined ? undefined : new Retention(this.#hub, settings.purgeCompletedAfter)
    this.client = new SqliteClientPort(this.#hub)
    this.query = new SqliteQueryPort(this.#hub)
    this.history = new SqliteHistoryPort(this.#hub)
    this.purge = new SqlitePurgePort(this.#hub)
    this.quarantine = new SqliteQuarantinePort(this.#hub)
    this.scale = new SqliteScalePort(this.#hub)
  }

  /** Absolute path of the file of this hub. */
  get path(): string {
    return this.#hub.file.path
  }

  get location(): string {
    return `file '${this.path}'`
  }

  /** False: there is no file, or an empty one; neither is touched. @throws DTFX_FILE_… */
  hubExists(): Promise<boolean> {
    return this.#hub.file.holdsHub()
  }

  /** Opens the file, and makes what is missing. @throws DTFX_FILE_…, DTFX_NODE_TOO_OLD */
  async createHub(): Promise<void> {
    await this.#hub.file.open({ create: true })
  }

  /** Empties the hub. The file stays, for others may have it open. */
  async deleteHub(): Promise<void> {
    await this.#hub.file.open({ create: true })
    await this.#hub.clear()
  }

  async startWorker(spec: WorkerSpec): Promise<WorkerPort> {
    if (this.#hub.isClosed) throw dtfxError('DTFX_CLOSED')
    const port = new SqliteWorkerPort(this.#hub, spec)
    await port.start()
    this.#retention?.start()
    return port
  }

  /** Writes a copy of the hub, as of one moment, to a file that does not exist yet. Workers and clients go on meanwhile. @throws DTFX_FILE_… */
  backup(target: string): Promise<void> {
    return backupFile(this.#hub.file, target)
  }

  async close(): Promise<void> {
    this.#retention?.close()
    await this.#hub.close()
  }
}

/** The SQLite provider. @throws DTFX_CONFIG_INVALID */
export function createOrchestrationService(options: SqliteOptions = {}, host: Host = {}): SqliteService {
  return new SqliteService(options, host)
}
