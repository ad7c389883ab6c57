/** How an orchestration is started: the options, their check, and the message that comes out of them. */
import { durationMs, type Duration } from '../base/duration.js'
import { ticksFromMs, type Ticks } from '../base/ticks.js'
import { checkName, type EventDefinition, type OrchestrationDeclaration } from '../authoring/definitions.js'
import { validate, type StandardSchema } from '../authoring/schema.js'
import { dtfxError } from '../errors/durable-error.js'
import type { EventRaisedEvent, ExecutionStartedEvent } from '../model/events.js'
import { checkTags, type Tags, type TraceContext } from '../model/instance.js'
import type { OutboundMessage } from '../provider/checkpoint.js'
import type { ClientContext } from './client-context.js'

/**
 * What happens when the id is in use.
 * - `error`: any existing instance refuses the start.
 * - `replaceFinished`: a finished one is replaced, a live one refuses.
 * - `skip`: nothing is started or sent; the handle is that of the existing instance.
 * - `replace`: a live one is terminated with its children, then replaced.
 */
export type ReusePolicy = 'error' | 'replaceFinished' | 'skip' | 'replace'

export interface StartOptions<T = never> {
  /** Default, also for a blank one: a random id. */
  readonly instanceId?: string | undefined
  /** @default 'error' */
  readonly reuse?: ReusePolicy | undefined
  /** Not before: a time, or a duration from now. */
  readonly startAt?: Date | Duration | undefined
  /** For queries; the orchestration and its children see them. */
  readonly tags?: Tags | undefined
  /** Default: that of the definition. */
  readonly version?: string | undefined
  /**
   * Raised with the start: sent with it, and never delivered before it. With `startAt` it arrives at that time; events that others raise until then wait as well, and may come before it: what
   * has to come first belongs into the input.
   */
  readonly event?: { readonly event: EventDefinition<T> | string; readonly payload?: T | undefined } | undefined
  /** How long `reuse: 'replace'` waits for the old execution to end. @default '1m' */
  readonly replaceTimeout?: Duration | undefined
}

/** The same without the type of the event. */
export type AnyStartOptions = Omit<StartOptions, 'event'> & { readonly event?: { readonly event: EventTarget | string; readonly payload?: unknown } | undefined }

/** An event as a caller names it. */
export interface EventTarget {
  readonly name: string
  readonly schema?: StandardSchema | undefined
}

/** An orchestration as a caller names it. */
export interface OrchestrationTarget {
  readonly name: string
  readonly version?: string | undefined
  readonly input?: StandardSchema | undefined
}

/** A start, ready to be sent, and repeated as it is. */
export interface PreparedStart {
  readonly instanceId: string
  readonly executionId: string
  readonly start: OutboundMessage
  readonly messages: readonly OutboundMessage[]
}

/** What is started: with a payload that is encoded already. */
export interface StartSource {
  readonly name: string
  readonly version?: string | undefined
  readonly payload: string | undefined
  readonly generation: number
}

const policies: readonly string[] = ['error', 'replaceFinished', 'skip', 'replace'] satisfies ReusePolicy[]

export function targetOf(orchestration: OrchestrationDeclaration<never, unknown> | string): OrchestrationTarget {
  if (typeof orchestration !== 'string') return orchestration
  checkName('Orchestration', orchestration)
  return { name: orchestration }
}

/** @throws DTFX_INVALID_OPTION */
export function checkReuse(reuse: unknown): ReusePolicy {
  if (reuse === undefined) return 'error'
  if (typeof reuse === 'string' && policies.includes(reuse)) return reuse as ReusePolicy
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'reuse', problem: `is '${String(reuse)}'; give one of ${policies.map((each) => `'${each}'`).join(', ')}` })
}

/** Checks and encodes at the producer, so that nothing is stored that a worker would refuse. */
export function prepareStart(context: ClientContext, target: OrchestrationTarget, input: unknown, options: AnyStartOptions): PreparedStart {
  const what = `input of orchestration '${target.name}'`
  const payload = context.encode(validate(target.input, input, what), what)
  return startWith(context, { ...target, payload, generation: 0 }, options)
}

/** A start with a payload that is encoded already. */
export function startWith(context: ClientContext, source: StartSource, options: AnyStartOptions): PreparedStart {
  const { clock, random } = context.service.host
  const instanceId = context.instanceId(options.instanceId)
  const executionId = random.id()
  const id = random.id()
  const version = options.version ?? source.version
  if (version !== undefined && typeof version !== 'string') throw dtfxError('DTFX_INVALID_OPTION', { what: 'version', problem: 'is no text' })
  if (options.tags !== undefined) checkTags(`orchestration '${source.name}'`, options.tags)
  const scheduledStartTime = startTime(options.startAt, clock.nowMs())
  const event: ExecutionStartedEvent = {
    type: 'ExecutionStarted',
    eventId: -1,
    timestamp: clock.nowTicks(),
    instance: { instanceId, executionId },
    name: source.name,
    version,
    input: source.payload,
    tags: options.tags,
    parentTraceContext: traced(context, { name: source.name, version, instance: { instanceId, executionId } }),
    scheduledStartTime,
    generation: source.generation,
    messageId: id,
  }
  const start = { ...context.messageTo(instanceId, event, { id, executionId }), deliverAt: scheduledStartTime }
  const messages = options.event === undefined ? [] : [raisedEvent(context, instanceId, options.event.event, options.event.payload)]
  return { instanceId, executionId, start, messages }
}

/** @throws DTFX_INVALID_NAME, DTFX_SCHEMA_MISMATCH, DTFX_NOT_SERIALIZABLE */
export function raisedEvent(context: ClientContext, instanceId: string, definition: EventTarget | string, payload: unknown): OutboundMessage {
  const { name, schema } = typeof definition === 'string' ? { name: definition, schema: undefined } : definition
  checkName('Event', name)
  const what = `payload of event '${name}'`
  const input = context.encode(validate(schema, payload, what), what)
  const { clock, tracer } = context.service.host
  const attributes = { 'durabletask.type': 'event', 'durabletask.task.name': name, 'durabletask.event.target_instance_id': instanceId }
  const span = tracer.start({ name: `orchestration_event:${name}`, kind: 'producer', attributes })
  const event: EventRaisedEvent = { type: 'EventRaised', eventId: -1, timestamp: clock.nowTicks(), name, input, parentTraceContext: span.context }
  span.end()
  return context.messageTo(instanceId, event)
}

/** @throws DTFX_INVALID_TIME, DTFX_INVALID_DURATION */
function startTime(startAt: Date | Duration | undefined, nowMs: number): Ticks | undefined {
  if (startAt === undefined) return undefined
  return startAt instanceof Date ? ticksFromDate(startAt, 'startAt') : ticksFromDate(new Date(nowMs + durationMs(startAt, 'startAt')), 'startAt')
}

/** @throws DTFX_INVALID_TIME */
export function ticksFromDate(date: unknown, what: string): Ticks {
  const year = date instanceof Date ? date.getUTCFullYear() : Number.NaN
  if (!(year >= 1 && year <= 9999)) throw dtfxError('DTFX_INVALID_TIME', { what, value: String(date) })
  return ticksFromMs((date as Date).getTime())
}

/** One span for the start; the execution's own span hangs under it. */
function traced({ service }: ClientContext, start: Pick<ExecutionStartedEvent, 'name' | 'version' | 'instance'>): TraceContext | undefined {
  const { name, version, instance } = start
  const span = service.host.tracer.start({
    name: version === undefined ? `create_orchestration:${name}` : `create_orchestration:${name}@(${version})`,
    kind: 'producer',
    attributes: {
      'durabletask.type': 'orchestration',
      'durabletask.task.name': name,
      'durabletask.task.instance_id': instance.instanceId,
      'durabletask.task.execution_id': instance.executionId ?? '',
    },
  })
  span.end()
  return span.context
}
