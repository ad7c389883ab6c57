/** Task hubs on one emulator for the tests of partitions: real time, short settings, and a watch that nobody begins to listen while another may receive. */
import { resolveHost, sleep, systemClock } from '@dtfx/core/provider'
import { PartitionTable, type PartitionStore } from '../../src/partitions/partition-table.js'
import type { PartitionSettings } from '../../src/partitions/partition-settings.js'
import { accountFromConnectionString } from '@dtfx/azure-common'
import { StorageClients } from '../../src/storage/storage-clients.js'
import { ManagedWorker, type ManagedWorkerOptions } from './managed-worker.js'

/** Ten times as fast as in production. */
export const fastSettings: PartitionSettings = { leaseMs: 3_000, pollMs: 250, busyPollMs: 100, drainMs: 2_000, operationMs: 2_000 }

export const host = resolveHost()

export function connect(connectionString: string): StorageClients {
  const read = accountFromConnectionString(connectionString)
  if ('problem' in read) throw new Error(read.problem)
  return new StorageClients(read.account)
}

/** Polls until `condition` holds. @throws with `show()` after `withinMs` */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean, { withinMs = 20_000, show = () => '' }: { withinMs?: number; show?: () => string } = {}): Promise<void> {
  const endMs = systemClock.monotonicMs() + withinMs
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what} ${show()}`)
    await sleep(systemClock, 20)
  }
}

export class AzuriteHub {
  readonly partitions: readonly string[]
  readonly workers: ManagedWorker[] = []
  /** Who listens to what; filled by the workers themselves. */
  readonly listeners = new Map<string, ManagedWorker>()
  readonly problems: string[] = []

  constructor(readonly connectionString: string, readonly name: string, partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, (_, index) => `${name}-control-0${index}`)
  }

  table(clients = connect(this.connectionString)): PartitionTable {
    return new PartitionTable({ clients, host, tableName: `${this.name}Partitions`, operationMs: fastSettings.operationMs })
  }

  /** A worker with a connection of its own, started. */
  start(name: string, options: Partial<ManagedWorkerOptions> & { readonly clients?: StorageClients } = {}): ManagedWorker {
    const table: PartitionStore = options.table ?? this.table(options.clients)
    const worker: ManagedWorker = new ManagedWorker({
      table,
      clock: systemClock,
      random: host.random,
      settings: fastSettings,
      name,
      ...options,
      listen: (partition) => {
        const other = this.listeners.get(partition)
        if (other?.manager.isLeased(partition) === true) this.problems.push(`${name} listens to ${partition} while ${other.id} does`)
        this.listeners.set(partition, worker)
      },
      dropped: (partition) => {
        if (this.listeners.get(partition) === worker) this.listeners.delete(partition)
      },
    })
    this.workers.push(worker)
    worker.manager.start()
    return worker
  }

  async rows(): ReturnType<PartitionTable['read']> {
    return this.table().read(new AbortController().signal)
  }

  /** Shares of the running workers, in the order of their start. */
  shares(): readonly number[] {
    return this.workers.filter(({ id }) => id !== '').map(({ manager }) => manager.listening().length)
  }

  async settled(shares: readonly number[], withinMs?: number): Promise<void> {
    const even = async (): Promise<boolean> => this.shares().join() === shares.join() && (await this.rows()).every(({ currentOwner, nextOwner }) => nextOwner === null && this.workers.some(({ id }) => id === currentOwner))
    await eventually(`shares of ${shares.join()}`, even, { ...(withinMs === undefined ? {} : { withinMs }), show: () => `but ${this.shares().join()}` })
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map(({ manager }) => manager.stop(0).catch(() => {})))
  }
}
