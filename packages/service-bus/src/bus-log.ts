/** Log lines of the provider about queues, sessions and instances, with the ids that .NET has for the same things where it has one. Every line says of which hub it is. */
import { logEvents, type LogEvent, type LogFields, type Logger } from '@dtfx/core/provider'

export class BusLog {
  constructor(
    readonly logger: Logger,
    readonly taskHub: string,
  ) {}

  /** A queue could not be asked, or what it gave could not be taken care of: it is tried again. */
  failed(queue: string, error: unknown): void {
    this.#line(logEvents.queueFailed, { queue, error }, `'${queue}' is tried again`)
  }

  /** What an instance told cannot be stored: it comes again, and others are not held up. */
  untracked(instanceId: string, error: unknown): void {
    this.#line(logEvents.queueFailed, { queue: 'tracking', instanceId, error }, `what '${instanceId}' told is stored later`)
  }

  /** The outbox that an earlier commit left was sent. */
  finished(instanceId: string, messages: number): void {
    this.#line(logEvents.commitFinished, { instanceId, messages }, `${messages} messages`)
  }

  /** A message that nobody can read went to the dead-letter queue. */
  setAside(queue: string, messageId: string, reason: string): void {
    this.#line(logEvents.quarantined, { queue, messageId }, reason)
  }

  sessionLost(instanceId: string): void {
    this.#line(logEvents.lockLost, { instanceId }, 'the session')
  }

  /** A row says nothing that can be read: a query leaves it out. */
  unreadable(instanceId: string, error: unknown): void {
    this.#line(logEvents.rowUnreadable, { instanceId, error }, 'a query leaves it out')
  }

  #line(event: LogEvent, fields: LogFields, detail: string): void {
    if (this.logger.enabled(event.level)) this.logger.log(event.level, `${event.text}: ${detail}`, { taskHub: this.taskHub, ...fields }, event.id)
  }
}
