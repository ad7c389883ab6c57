/** Identity and stored state of orchestration instances. Plain data; no behaviour beyond lookups in the tables here. */
import type { Ticks } from '../base/ticks.js'
import { limits } from '../base/limits.js'
import { dtfxError } from '../errors/durable-error.js'
import type { FailureDetails } from '../errors/failure-details.js'

export type InstanceId = string

/** One execution of an instance: continue-as-new, restart and rewind give the same instance a new execution id. */
export interface OrchestrationInstance {
  readonly instanceId: InstanceId
  readonly executionId?: string | undefined
}

/** Numbers of .NET's `OrchestrationStatus`: wire contract. */
export const statusNumbers = {
  Running: 0,
  Completed: 1,
  ContinuedAsNew: 2,
  Failed: 3,
  Canceled: 4,
  Terminated: 5,
  Pending: 6,
  Suspended: 7,
} as const

export type OrchestrationStatus = keyof typeof statusNumbers

/** Statuses that an instance never leaves by itself. */
export type FinalStatus = 'Completed' | 'Failed' | 'Terminated' | 'Canceled'

export function isFinal(status: OrchestrationStatus): status is FinalStatus {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated' || status === 'Canceled'
}

export type Tags = Readonly<Record<string, string>>

export interface ParentInstance {
  readonly name: string
  readonly instance: OrchestrationInstance
  /** Event id of the parent's SubOrchestrationInstanceCreated. */
  readonly taskScheduleId: number
  readonly version?: string | undefined
}

/** W3C trace context as .NET stores it; passed through untouched. */
export interface TraceContext {
  readonly traceParent: string
  readonly traceState?: string | undefined
  readonly id?: string | undefined
  readonly spanId?: string | undefined
  readonly activityStartTime?: string | undefined
}

/** What a store knows of an instance without its history: the row that queries read. Payloads are serialised text. */
export interface InstanceState {
  readonly instanceId: InstanceId
  readonly executionId: string
  readonly name: string
  readonly version?: string | undefined
  readonly status: OrchestrationStatus
  readonly input?: string | undefined
  /** Serialised result when Completed; when Terminated the reason. Undefined when Failed (see `failure`). */
  readonly output?: string | undefined
  readonly failure?: FailureDetails | undefined
  readonly customStatus?: string | undefined
  readonly tags?: Tags | undefined
  readonly parent?: ParentInstance | undefined
  /** Number of `continueAsNew`s and restarts before this execution. */
  readonly generation: number
  readonly createdAt: Ticks
  readonly lastUpdatedAt: Ticks
  readonly completedAt?: Ticks | undefined
  readonly scheduledStartAt?: Ticks | undefined
  /** Unknown members by their wire name, kept as read. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

/** @throws DTFX_INVALID_INSTANCE_ID */
export function checkInstanceId(instanceId: unknown): asserts instanceId is InstanceId {
  // eslint-disable-next-line no-control-regex
  if (typeof instanceId !== 'string' || instanceId.trim() === '' || instanceId.length > limits.maxInstanceIdLength || instanceId.startsWith('@') || /[\u0000-\u001f\u007f]/.test(instanceId)) {
    throw dtfxError('DTFX_INVALID_INSTANCE_ID', { instanceId: String(instanceId) })
  }
}

/** @throws DTFX_INVALID_TAGS */
export function checkTags(what: string, tags: unknown): asserts tags is Tags {
  const refuse = (problem: string): never => {
    throw dtfxError('DTFX_INVALID_TAGS', { what, problem })
  }
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) return refuse('give an object of text values')
  const entries = Object.entries(tags)
  if (entries.length > limits.maxTags) refuse(`${entries.length} tags; the limit is ${limits.maxTags}`)
  for (const [key, value] of entries) {
    if (typeof value !== 'string') refuse(`the value of '${key}' is a ${typeof value}, not text`)
    if (key === '' || key.length > limits.maxTagLength) refuse(`the key '${key.slice(0, 40)}' is empty or longer than ${limits.maxTagLength} characters`)
    if (value.length > limits.maxTagLength) refuse(`the value of '${key}' is longer than ${limits.maxTagLength} characters`)
  }
}
