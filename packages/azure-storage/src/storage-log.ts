/** Log lines of the provider about queues and instances, with the ids that .NET has for the same things. Every line says of which account and hub it is. */
import { logEvents, type LogEvent, type LogFields, type Logger } from '@dtfx/core/provider'
import { codeOf, statusOf } from '@dtfx/azure-common'

export class StorageLog {
  constructor(
    readonly logger: Logger,
    readonly account: string,
    readonly taskHub: string,
  ) {}

  /** A queue could not be asked, or what it gave could not be taken care of: it is tried again. */
  failed(queue: string, error: unknown): void {
    this.#line(logEvents.queueFailed, { queue, status: statusOf(error), code: codeOf(error), error }, `'${queue}' is tried again`)
  }

  /** Somebody else wrote the instance since it was loaded. */
  lostRace(instanceId: string): void {
    this.#line(logEvents.instanceRaced, { instanceId }, 'the turn is done anew')
  }

  /** An earlier commit had stopped half-way, and was finished. */
  finished(instanceId: string, what: 'history' | 'state'): void {
    this.#line(logEvents.commitFinished, { instanceId, what }, what)
  }

  /** A row of an instance says nothing that can be read: a query leaves it out. */
  unreadable(instanceId: string, error: unknown): void {
    this.#line(logEvents.rowUnreadable, { instanceId, error }, 'a query leaves it out')
  }

  #line(event: LogEvent, fields: LogFields, detail: string): void {
    if (this.logger.enabled(event.level)) this.logger.log(event.level, `${event.text}: ${detail}`, { account: this.account, taskHub: this.taskHub, ...fields }, event.id)
  }
}
