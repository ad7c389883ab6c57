/** Creates and deletes what a task hub has in the account. Both can be repeated; creating leaves what is there alone. */
import type { AppLeaseBlobs } from './partitions/app-lease-blobs.js'
import type { PartitionTable } from './partitions/partition-table.js'
import { outcomeOf, repeat } from '@dtfx/azure-common'
import type { WorkerParts } from './worker-parts.js'

export class TaskHub {
  #created: Promise<void> | undefined

  constructor(
    readonly parts: Pick<WorkerParts, 'clients' | 'names' | 'host'>,
    readonly partitions: PartitionTable,
    readonly appLease: AppLeaseBlobs,
  ) {}

  /** Remembered when it succeeded: client and worker ask for it again and again. */
  create(): Promise<void> {
    this.#created ??= this.#create().catch((error: unknown) => {
      this.#created = undefined
      throw error
    })
    return this.#created
  }

  /** Looks at the queue that every hub has; .NET creates it too. */
  exists(): Promise<boolean> {
    const { clients, names, host } = this.parts
    return repeat(`looking for queue '${names.workItemQueue}'`, host, () => clients.queue(names.workItemQueue).exists())
  }

  async delete(): Promise<void> {
    this.#created = undefined
    const { clients, names } = this.parts
    const queues = [...names.controlQueues, names.workItemQueue].map((name) => this.#unlessMissing(`deleting queue '${name}'`, () => clients.queue(name).delete()))
    const tables = [names.historyTable, names.instancesTable, names.partitionsTable, names.quarantineTable].map((name) => this.#unlessMissing(`deleting table '${name}'`, () => clients.table(name).deleteTable()))
    const containers = [names.leaseContainer, names.largeMessageContainer].map((name) => this.#unlessMissing(`deleting container '${name}'`, () => clients.container(name).delete()))
    await Promise.all([...queues, ...tables, ...containers, this.appLease.delete()])
  }

  async #create(): Promise<void> {
    const { clients, names, host } = this.parts
    const queues = [...names.controlQueues, names.workItemQueue].map((name) => repeat(`creating queue '${name}'`, host, () => clients.queue(name).createIfNotExists()))
    const tables = [names.historyTable, names.instancesTable, names.quarantineTable].map((name) => repeat(`creating table '${name}'`, host, () => clients.table(name).createTable()))
    // The rows come last: a worker that sees one listens to its queue.
    await Promise.all<unknown>([...queues, ...tables, this.appLease.create()])
    await this.partitions.create(names.controlQueues)
  }

  async #unlessMissing(what: string, request: () => Promise<unknown>): Promise<void> {
    try {
      await repeat(what, this.parts.host, request)
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }
}
