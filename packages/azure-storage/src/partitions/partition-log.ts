/** The log lines of the partition manager, with the ids that .NET has for the same things. Every line says of which account, hub and worker it is, and of which partition. */
import { logEvents, type LogEvent, type LogFields, type Logger } from '@dtfx/core/provider'
import type { PartitionDrop, PartitionWrite } from './balance.js'
import type { PartitionChange } from './decide-row.js'

export interface PartitionLogScope {
  readonly account: string
  readonly taskHub: string
}

const written: Readonly<Record<Exclude<PartitionChange, 'withdrawn'>, LogEvent>> = {
  claimed: logEvents.partitionClaimed,
  stolen: logEvents.partitionStolen,
  renewed: logEvents.partitionRenewed,
  drained: logEvents.partitionDraining,
  released: logEvents.partitionReleased,
}

export class PartitionLog {
  readonly #logger: Logger
  readonly #fields: LogFields

  constructor(logger: Logger, { account, taskHub }: PartitionLogScope, worker: string) {
    this.#logger = logger
    this.#fields = { account, taskHub, worker }
  }

  /** One line for each change that the write made. */
  written({ row, changes, previousOwner }: PartitionWrite): void {
    const fields = { partition: row.partition, previousOwner, nextOwner: row.nextOwner }
    for (const change of changes) {
      // A claim is a renewal too; one line is enough.
      if (change === 'renewed' && changes.length > 1) continue
      if (change === 'withdrawn') this.#line(logEvents.partitionReleased, fields, 'the promise to this worker is taken back')
      else this.#line(written[change], fields)
    }
  }

  /** `problem`: why a row was not written. */
  notWritten({ row, changes, previousOwner }: PartitionWrite, problem: string): void {
    const event = changes.includes('claimed')
      ? logEvents.partitionClaimFailed
      : changes.includes('stolen')
        ? logEvents.partitionStealFailed
        : changes.includes('renewed')
          ? logEvents.partitionRenewalFailed
          : logEvents.partitionReleaseFailed
    this.#line(event, { partition: row.partition, previousOwner, nextOwner: row.nextOwner, problem }, problem)
  }

  dropped(partition: string, reason: string, newOwner: PartitionDrop['newOwner']): void {
    this.#line(logEvents.partitionDropped, { partition, reason, newOwner }, reason)
  }

  warning(problem: string, fields: LogFields = {}): void {
    this.#line(logEvents.partitionWarning, fields, problem)
  }

  error(problem: string, fields: LogFields = {}): void {
    this.#line(logEvents.partitionError, fields, problem)
  }

  unowned(partition: string, unownedMs: number): void {
    this.#line(logEvents.partitionUnowned, { partition, unownedMs }, `'${partition}' for ${unownedMs} ms`)
  }

  stuck(partition: string, oldestMessageMs: number): void {
    this.#line(logEvents.partitionStuck, { partition, oldestMessageMs }, `'${partition}' since ${oldestMessageMs} ms`)
  }

  #line(event: LogEvent, fields: LogFields, detail?: string): void {
    if (this.#logger.enabled(event.level)) this.#logger.log(event.level, detail === undefined ? event.text : `${event.text}: ${detail}`, { ...this.#fields, ...fields }, event.id)
  }
}

/** Never throws, whatever was thrown. */
export function problemOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'something that cannot be described was thrown'
  }
}
