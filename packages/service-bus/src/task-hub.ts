/**
 * Creates and deletes what a task hub has in the namespace and in the storage account. Both can be repeated; creating leaves what is there alone.
 * A hub with an instance store is marked as ours: workers of .NET and of this framework may not share one, because .NET's drop what ours keep in the state of a session.
 */
import { entityOf, outcomeOf, repeat, storedRow, textCell } from '@dtfx/azure-common'
import type { AccountClients } from '@dtfx/azure-common'
import { dtfxError } from '@dtfx/core/provider'
import type { BusAdmin } from './bus/bus-admin.js'
import type { HubParts } from './hub-parts.js'

const mark = { partitionKey: 'HUB', rowKey: 'workers' } as const
const framework = 'dtfx-typescript'

export class TaskHub {
  #created: Promise<void> | undefined

  constructor(
    readonly parts: Pick<HubParts, 'names' | 'host' | 'settings'>,
    readonly admin: BusAdmin,
    readonly clients: AccountClients | undefined,
  ) {}

  /** Remembered when it succeeded: client and worker ask for it again and again. */
  create(): Promise<void> {
    this.#created ??= this.#create().catch((error: unknown) => {
      this.#created = undefined
      throw error
    })
    return this.#created
  }

  /** What every worker and client of the hub needs. */
  exists(): Promise<boolean> {
    return this.admin.exists(this.parts.names.orchestratorQueue)
  }

  async delete(): Promise<void> {
    this.#created = undefined
    const { names } = this.parts
    const { clients } = this
    const queues = [names.orchestratorQueue, names.workerQueue, names.trackingQueue].map((name) => this.admin.delete(name))
    const tables = clients === undefined ? [] : [names.instanceTable, names.jumpStartTable].map((name) => this.#unlessMissing(`deleting table '${name}'`, () => clients.table(name).deleteTable()))
    await Promise.all([...queues, ...tables, clients === undefined ? undefined : this.#deleteContainers(clients)])
  }

  /** @throws DTFX_FOREIGN_WORKERS */
  async markAsOurs(): Promise<void> {
    const { clients } = this
    const { names, host } = this.parts
    if (clients === undefined) return
    const table = clients.table(names.instanceTable)
    try {
      // What took effect unheard is a conflict, and then the mark is found to be ours.
      await repeat('marking the task hub', host, () => table.createEntity(entityOf({ ...mark, columns: { Framework: framework } })))
    } catch (error) {
      if (outcomeOf(error) !== 'conflict') throw error
      const row = storedRow(await repeat('reading the mark of the task hub', host, () => table.getEntity(mark.partitionKey, mark.rowKey, { disableTypeConversion: true })))
      const found = textCell(row.columns['Framework']) ?? ''
      if (found !== framework) throw dtfxError('DTFX_FOREIGN_WORKERS', { taskHub: names.hub, framework: found })
    }
  }

  async #create(): Promise<void> {
    const { names, host, settings } = this.parts
    const { admin, clients } = this
    const lockMs = settings.lockDuration
    const tables = clients === undefined ? [] : [names.instanceTable, names.jumpStartTable].map((name) => repeat(`creating table '${name}'`, host, () => clients.table(name).createTable()))
    const tracking = clients === undefined ? [] : [admin.create({ name: names.trackingQueue, requiresSession: true, requiresDuplicateDetection: false }, lockMs)]
    await Promise.all([
      ...tables,
      ...tracking,
      admin.create({ name: names.orchestratorQueue, requiresSession: true, requiresDuplicateDetection: true }, lockMs),
      admin.create({ name: names.workerQueue, requiresSession: false, requiresDuplicateDetection: false }, lockMs),
    ])
  }

  async #deleteContainers(clients: AccountClients): Promise<void> {
    const { containerPrefix } = this.parts.names
    const containers = await repeat('listing containers', this.parts.host, () => clients.containerNames(`${containerPrefix}-`))
    await Promise.all(containers.map((name) => this.#unlessMissing(`deleting container '${name}'`, () => clients.container(name).delete())))
  }

  async #unlessMissing(what: string, request: () => Promise<unknown>): Promise<void> {
    try {
      await repeat(what, this.parts.host, request)
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }
}
