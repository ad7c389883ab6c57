/**
 * Calls of activities and sub-orchestrations: checks and encodes the arguments at the call, takes the id, records the action, opens the task.
 * Retry and timeout are built on top (retries.ts) from the same single calls and durable timers.
 */
import type { ActivityDeclaration, OrchestrationDeclaration } from '../authoring/definitions.js'
import { checkName } from '../authoring/definitions.js'
import type { ActivityCallOptions, SubOrchestrationCallOptions } from '../authoring/orchestration-context.js'
import { validate, type StandardSchema } from '../authoring/schema.js'
import type { ScheduleTaskAction } from '../model/actions.js'
import type { HistoryEvent } from '../model/events.js'
import { checkInstanceId, checkTags } from '../model/instance.js'
import type { RetryPolicy } from '../model/retry-policy.js'
import { childIdentity } from './identity.js'
import type { Execution, OpenTask } from './execution.js'
import { withPolicies } from './retries.js'

type Declaration = { readonly name: string; readonly version?: string | undefined; readonly input?: StandardSchema | undefined; readonly retry?: RetryPolicy | undefined }

/** `ctx.callActivity`. */
export function callActivity(x: Execution, target: ActivityDeclaration<never, unknown> | string, input: unknown, options: ActivityCallOptions | undefined): Promise<unknown> {
  const activity = resolve('Activity', target)
  const payload = encodeArguments(x, activity, input)
  const version = options?.version ?? activity.version
  if (options?.tags !== undefined) checkTags(`activity '${activity.name}'`, options.tags)
  const retry = options?.retry ?? activity.retry
  const scheduled: ScheduledActivity = { name: activity.name, version, input: payload, tags: options?.tags }
  if (retry === undefined && options?.timeout === undefined) return scheduleActivity(x, scheduled).promise
  return withPolicies(x, { what: 'Activity', name: activity.name, call: () => scheduleActivity(x, scheduled), retry, timeout: options?.timeout })
}

type ScheduledActivity = Omit<ScheduleTaskAction, 'type' | 'id'>

function scheduleActivity(x: Execution, { name, version, input, tags }: ScheduledActivity): OpenTask {
  const id = x.takeId()
  x.pending.set(id, { type: 'ScheduleTask', id, name, version, input, tags })
  return x.openTask(id, 'activity', name)
}

/** `ctx.callSubOrchestration`. */
export function callSubOrchestration(
  x: Execution,
  target: OrchestrationDeclaration<never, unknown> | string,
  input: unknown,
  options: SubOrchestrationCallOptions | undefined,
): Promise<unknown> {
  const child = resolve('Orchestration', target)
  const record = prepareChild(x, child, input, options)
  const call = (): OpenTask => {
    const { id, instanceId } = record(false)
    return x.openTask(id, 'child', child.name, { childId: instanceId })
  }
  if (options?.retry === undefined && options?.timeout === undefined) return call().promise
  return withPolicies(x, { what: 'Sub-orchestration', name: child.name, call, retry: options.retry, timeout: options.timeout })
}

/** `ctx.startSubOrchestration`: opens no task. Returns the child's instance id. */
export function startSubOrchestration(
  x: Execution,
  target: OrchestrationDeclaration<never, unknown> | string,
  input: unknown,
  options: SubOrchestrationCallOptions | undefined,
): string {
  return prepareChild(x, resolve('Orchestration', target), input, options)(true).instanceId
}

function prepareChild(x: Execution, child: Declaration, input: unknown, options: SubOrchestrationCallOptions | undefined): (fireAndForget: boolean) => { id: number; instanceId: string } {
  const what = `input of sub-orchestration '${child.name}'`
  const payload = x.settings.converter.encode(validate(child.input, input, what), what)
  if (options?.instanceId !== undefined) checkInstanceId(options.instanceId)
  if (options?.tags !== undefined) checkTags(`sub-orchestration '${child.name}'`, options.tags)
  return (fireAndForget) => {
    const id = x.takeId()
    const identity = childIdentity({ instanceId: x.instanceId, executionId: x.executionId, taskId: id, name: child.name, input: payload }, x.settings.digestKey)
    const instanceId = recordedChild(x, id) ?? options?.instanceId ?? identity.instanceId
    x.pending.set(id, {
      type: 'CreateSubOrchestration',
      id,
      name: child.name,
      version: options?.version ?? child.version,
      instanceId,
      executionId: identity.executionId,
      input: payload,
      tags: options?.tags,
      fireAndForget,
    })
    return { id, instanceId }
  }
}

/** Instance id of a child that runs already. It may be derived otherwise by now: the execution was rewound, or .NET scheduled it, or the code names it anew. */
function recordedChild(x: Execution, id: number): string | undefined {
  if (x.past.length === 0) return undefined
  return (x.recordedChildren ??= childrenOf(x.past)).get(id)
}

/** Looked up at the first call that needs them: most orchestrations have none. */
function childrenOf(events: readonly HistoryEvent[]): Map<number, string> {
  const found = new Map<number, string>()
  for (const event of events) if (event.type === 'SubOrchestrationInstanceCreated') found.set(event.eventId, event.instanceId)
  return found
}

/** `ctx.sendEvent`. */
export function sendEvent(x: Execution, instanceId: string, target: { readonly name: string; readonly schema?: StandardSchema | undefined } | string, payload: unknown): void {
  checkInstanceId(instanceId)
  const event = typeof target === 'string' ? { name: target, schema: undefined } : target
  checkName('Event', event.name)
  const what = `event '${event.name}'`
  const input = x.settings.converter.encode(validate(event.schema, payload, what), what)
  const id = x.takeId()
  x.pending.set(id, { type: 'SendEvent', id, instanceId, name: event.name, input })
}

/** Arguments of an activity travel as a JSON array, as .NET writes them: `[]` for none. */
function encodeArguments(x: Execution, activity: Declaration, input: unknown): string {
  if (input === undefined && activity.input === undefined) return '[]'
  const what = `input of activity '${activity.name}'`
  const text = x.settings.converter.encode(validate(activity.input, input, what), what)
  return text === undefined ? '[]' : `[${text}]`
}

function resolve(what: string, target: Declaration | string): Declaration {
  if (typeof target !== 'string') return target
  checkName(what, target)
  return { name: target }
}
