/** Log lines of the provider, with .NET's event ids, each with account and hub. */
import type { Logger } from '@dtfx/core/provider'
import { codeOf, statusOf } from './storage/storage-error.js'

export class StorageLog {
  constructor(
    readonly logger: Logger,
    readonly account: string,
    readonly taskHub: string,
  ) {}

  /** A queue could not be asked, or what it gave could not be taken care of: it is tried again. */
  failed(queue: string, error: unknown): void {
    this.#log('warn', 114, `messages of '${queue}' could not be fetched; trying again`, { queue, status: statusOf(error), code: codeOf(error), error })
  }

  /** Somebody else wrote the instance since it was loaded. */
  lostRace(instanceId: string): void {
    this.#log('warn', 138, 'another worker wrote the instance; the turn is done anew', { instanceId })
  }

  /** An earlier commit had stopped half-way, and was finished. */
  finished(instanceId: string, what: 'history' | 'state'): void {
    this.#log('info', 111, `the ${what} that an earlier commit left undone was written`, { instanceId })
  }

  /** A row of an instance says nothing that can be read: a query leaves it out. */
  unreadable(instanceId: string, error: unknown): void {
    this.#log('warn', 114, `the row of '${instanceId}' cannot be read; the query leaves it out`, { instanceId, error })
  }

  #log(level: 'info' | 'warn', event: number, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.logger.enabled(level)) this.logger.log(level, message, { account: this.account, taskHub: this.taskHub, ...fields }, event)
  }
}
