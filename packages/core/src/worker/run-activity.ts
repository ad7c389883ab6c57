/**
 * Runs one activity attempt: input, function, timeout, result. Errors of user code become a failed outcome here and never reach middleware; only an unknown name is thrown.
 */
import type { ActivityContext } from '../authoring/activity-context.js'
import type { ContextLogger } from '../authoring/context-logger.js'
import type { AnyActivity } from '../authoring/definitions.js'
import type { ActivityOutcome } from '../authoring/middleware.js'
import { validate } from '../authoring/schema.js'
import { failureFromError } from '../errors/failure-details.js'
import { TaskTimeoutError } from '../errors/user-errors.js'
import type { TaskScheduledEvent } from '../model/events.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { Delivered } from '../provider/work-items.js'
import type { DataConverter } from '../serialization/data-converter.js'
import { noMetrics } from '../telemetry/metrics.js'
import type { LogLevel, LogFields } from '../telemetry/logger.js'
import type { ActivitySignal } from './activity-signal.js'

export interface Attempt {
  readonly definition: AnyActivity
  readonly delivered: Delivered
  readonly event: TaskScheduledEvent
  readonly abort: ActivitySignal
  readonly host: OrchestrationService['host']
  readonly converter: DataConverter
}

export async function runActivity(attempt: Attempt): Promise<ActivityOutcome> {
  const { definition, event, converter, host } = attempt
  const startedMs = host.metrics === noMetrics ? 0 : host.clock.monotonicMs()
  try {
    const input = decodeArguments(converter, event)
    const run = definition.run as (ctx: ActivityContext, input: unknown) => unknown
    const running = run(new Context(attempt), input)
    const value = await (definition.timeoutMs === undefined ? running : withTimeout(attempt, Promise.resolve(running), definition.timeoutMs))
    const what = `result of activity '${definition.name}'`
    return { status: 'completed', result: converter.encode(validate(definition.output, value, what), what) }
  } catch (error) {
    return { status: 'failed', failure: failureFromError(error) }
  } finally {
    if (host.metrics !== noMetrics) host.metrics.record('dtfx.activity.duration_ms', host.clock.monotonicMs() - startedMs, { name: event.name })
  }
}

/** `[value]` → value, `[]` → undefined; a bare value, as other clients may write it, is taken as it is. */
function decodeArguments(converter: DataConverter, event: TaskScheduledEvent): unknown {
  const { input } = event
  if (input === undefined || input === '[]') return undefined
  const what = `input of activity '${event.name}'`
  if (input.startsWith('[') && input.endsWith(']')) {
    const only = input.slice(1, -1)
    try {
      return converter.decode(only, what)
    } catch {
      const all = converter.decode(input, what)
      return Array.isArray(all) && all.length <= 1 ? all[0] : all
    }
  }
  return converter.decode(input, what)
}

function withTimeout(attempt: Attempt, running: Promise<unknown>, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const cancel = attempt.host.clock.setTimer(timeoutMs, () => {
      const error = new TaskTimeoutError('Activity', attempt.definition.name, attempt.event.eventId, timeoutMs)
      attempt.abort.abort(error)
      reject(error)
    })
    running.then(resolve, reject).finally(cancel)
  })
}

class Context implements ActivityContext {
  readonly #attempt: Attempt
  #log: ContextLogger | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get name(): string {
    return this.#attempt.definition.name
  }
  get version(): string | undefined {
    return this.#attempt.event.version
  }
  get instanceId(): string {
    return this.#attempt.delivered.message.instance.instanceId
  }
  get executionId(): string | undefined {
    return this.#attempt.delivered.message.instance.executionId
  }
  get taskId(): number {
    return this.#attempt.event.eventId
  }
  get idempotencyKey(): string {
    return this.#attempt.delivered.id
  }
  get deliveryCount(): number {
    return this.#attempt.delivered.deliveryCount
  }
  get tags(): Readonly<Record<string, string>> {
    return this.#attempt.event.tags ?? {}
  }
  get orchestrationTags(): Readonly<Record<string, string>> {
    return this.#attempt.delivered.message.orchestrationTags ?? {}
  }
  get signal(): AbortSignal {
    return this.#attempt.abort.signal
  }
  get log(): ContextLogger {
    return (this.#log ??= activityLogger(this.#attempt))
  }
}

function activityLogger({ host, definition, delivered, event }: Attempt): ContextLogger {
  const ids = { instanceId: delivered.message.instance.instanceId, activity: definition.name, taskId: event.eventId }
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => host.logger.log(level, message, { ...ids, ...fields })
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
