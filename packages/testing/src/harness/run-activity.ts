/** One activity, run as a worker would run it but without one: context, payload text in and out, failures as data. */
import type { ActivityContext, ActivityDefinition, AnyActivity, ContextLogger, DataConverter } from '@dtfx/core'
import { jsonConverter } from '@dtfx/core'
import { validate } from '@dtfx/core/engine'
import { systemClock, type Clock, type Tags } from '@dtfx/core/provider'
import { onClock } from './activity-clock.js'

export interface RunActivityOptions {
  /** What `ctx.signal` is. Default: a signal that never aborts. */
  readonly signal?: AbortSignal | undefined
  readonly instanceId?: string | undefined
  readonly executionId?: string | undefined
  readonly taskId?: number | undefined
  readonly deliveryCount?: number | undefined
  readonly tags?: Tags | undefined
  readonly orchestrationTags?: Tags | undefined
  readonly log?: ContextLogger | undefined
  readonly converter?: DataConverter | undefined
  /** The clock on which stubs wait. Default: the system's. */
  readonly clock?: Clock | undefined
}

/**
 * Calls an activity in a unit test: the input is validated and travels as payload text, and so does the result, as in production. Rejects with what the activity throws.
 * @throws DTFX_SCHEMA_MISMATCH, DTFX_NOT_SERIALIZABLE
 */
export async function runActivity<In, Out>(activity: ActivityDefinition<In, Out>, ...args: [In] extends [void] ? [input?: undefined, options?: RunActivityOptions] : [input: In, options?: RunActivityOptions]): Promise<Out> {
  const [input, options = {}] = args
  const converter = options.converter ?? jsonConverter
  const what = `input of activity '${activity.name}'`
  const payload = converter.encode(validate(activity.input, input, what), what)
  const result = await callActivity(activity as AnyActivity, payload, options)
  return converter.decode(result, `result of activity '${activity.name}'`) as Out
}

/** Payload of one argument in, payload of the result out. */
export async function callActivity(activity: AnyActivity, payload: string | undefined, options: RunActivityOptions): Promise<string | undefined> {
  const converter = options.converter ?? jsonConverter
  const input = converter.decode(payload, `input of activity '${activity.name}'`)
  const run = activity.run as (ctx: ActivityContext, input: unknown) => unknown
  const value = await onClock(options.clock ?? systemClock, () => run(contextOf(activity, options), input))
  const what = `result of activity '${activity.name}'`
  return converter.encode(validate(activity.output, value, what), what)
}

const silent: ContextLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function contextOf(activity: AnyActivity, options: RunActivityOptions): ActivityContext {
  const { instanceId = 'test-instance', executionId = 'test-execution', taskId = 0 } = options
  return {
    name: activity.name,
    version: activity.version,
    instanceId,
    executionId,
    taskId,
    idempotencyKey: `${executionId}/${taskId}`,
    deliveryCount: options.deliveryCount ?? 1,
    tags: options.tags ?? {},
    orchestrationTags: options.orchestrationTags ?? {},
    signal: options.signal ?? new AbortController().signal,
    log: options.log ?? silent,
  }
}
