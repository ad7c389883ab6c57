/** The shape of an instance in JSON output: documented in docs/cli.md. Members without a value are left out; a payload that cannot be read does not spoil the rest. */
import type { OrchestrationState } from '@dtfx/core'

export interface InstanceJson {
  readonly instanceId: string
  readonly executionId: string
  readonly name: string
  readonly version?: string | undefined
  readonly status: string
  readonly generation: number
  readonly createdAt: string
  readonly lastUpdatedAt: string
  readonly completedAt?: string | undefined
  readonly scheduledStartAt?: string | undefined
  readonly parent?: OrchestrationState['parent']
  readonly tags: Readonly<Record<string, string>>
  readonly failure?: OrchestrationState['failure']
  readonly terminationReason?: string | undefined
  readonly customStatus?: unknown
  readonly input?: unknown
  readonly output?: unknown
  /** Why a payload is missing that is there. */
  readonly unreadable?: Readonly<Record<string, string>> | undefined
}

const payloads = ['customStatus', 'input', 'output'] as const

export function instanceJson(state: OrchestrationState): InstanceJson {
  const unreadable: Record<string, string> = {}
  const values: Partial<Record<(typeof payloads)[number], unknown>> = {}
  for (const each of payloads) {
    try {
      values[each] = state[each]
    } catch (error) {
      unreadable[each] = error instanceof Error ? error.message : String(error)
    }
  }
  return {
    instanceId: state.instanceId,
    executionId: state.executionId,
    name: state.name,
    version: state.version,
    status: state.status,
    generation: state.generation,
    createdAt: state.createdAt.toISOString(),
    lastUpdatedAt: state.lastUpdatedAt.toISOString(),
    completedAt: state.completedAt?.toISOString(),
    scheduledStartAt: state.scheduledStartAt?.toISOString(),
    parent: state.parent,
    tags: state.tags,
    failure: state.failure,
    terminationReason: state.terminationReason,
    ...values,
    ...(Object.keys(unreadable).length === 0 ? {} : { unreadable }),
  }
}
