/** A partition manager with what it needs around it, and a record of what it does. */
import { seededRandom, type Clock, type LogFields, type LogLevel, type Random } from '@dtfx/core/provider'
import { PartitionManager, type PartitionManagerOptions } from '../../src/partitions/partition-manager.js'
import { partitionDefaults, type PartitionSettings } from '../../src/partitions/partition-settings.js'
import type { PartitionStore } from '../../src/partitions/partition-table.js'

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
  readonly event: number | undefined
}

export interface ManagedWorkerOptions {
  readonly table: PartitionStore
  readonly clock: Clock
  readonly name?: string
  readonly settings?: Partial<PartitionSettings>
  /** Before it counts as called. */
  readonly listen?: (partition: string) => void
  readonly dropped?: (partition: string) => void
  readonly drain?: PartitionManagerOptions['callbacks']['drain']
  readonly random?: Random
  readonly watchdog?: PartitionManagerOptions['watchdog']
}

export class ManagedWorker {
  readonly manager: PartitionManager
  /** `listen p0`, `drain p0`, `drop p0 lost`. */
  readonly calls: string[] = []
  readonly log: LogLine[] = []
  readonly gauges: string[] = []
  readonly signals = new Map<string, AbortSignal>()

  constructor({ table, clock, name = 'A', settings, listen = () => {}, dropped = () => {}, drain = () => Promise.resolve(), random = seededRandom(name.charCodeAt(0)), watchdog }: ManagedWorkerOptions) {
    this.manager = new PartitionManager({
      table,
      settings: { ...partitionDefaults, ...settings },
      host: {
        clock,
        random,
        logger: { enabled: () => true, log: (level, message, fields = {}, event) => void this.log.push({ level, message, fields, event }) },
        metrics: { count: () => {}, record: () => {}, gauge: (metric, value) => void this.gauges.push(`${metric} ${value}`) },
      },
      workerName: name,
      account: 'account',
      taskHub: 'hub',
      callbacks: {
        listen: (partition) => {
          listen(partition)
          this.calls.push(`listen ${partition}`)
        },
        drain: (partition, signal) => {
          this.calls.push(`drain ${partition}`)
          this.signals.set(partition, signal)
          return drain(partition, signal)
        },
        drop: (partition, reason) => {
          dropped(partition)
          this.calls.push(`drop ${partition} ${reason}`)
        },
      },
      watchdog,
    })
  }

  get id(): string {
    return this.manager.workerId ?? ''
  }

  /** `127 info partition claimed`, of one partition. */
  lines(partition: string): readonly string[] {
    return this.log.filter(({ fields }) => fields['partition'] === partition).map(({ event, level, message }) => `${event} ${level} ${message}`)
  }
}
