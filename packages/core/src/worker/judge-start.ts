/** Whether a start begins an execution, repeats one, or meets an id that is in use. Pure: one rule per line, in order. */
import { compareTicks } from '../base/ticks.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import type { ExecutionStartedEvent } from '../model/events.js'
import { isFinal, type InstanceState } from '../model/instance.js'

export interface StartSituation {
  /** Accepted from the same batch before. */
  readonly started: ExecutionStartedEvent | undefined
  /** Of the stored execution. */
  readonly runtime: RuntimeState | undefined
  readonly state: InstanceState | undefined
  /** The stored execution is over. */
  readonly isOver: boolean
}

export type StartVerdict =
  | {
      readonly kind: 'accept'
      /** The living execution that gives way; its parent is told. */
      readonly replaced?: ExecutionStartedEvent | undefined
    }
  /** A duplicate, or late: without effect. */
  | { readonly kind: 'ignore'; readonly reason: string }
  /** Another execution is alive under this id; the parent is told. */
  | { readonly kind: 'refuse'; readonly reason: string }

const accept: StartVerdict = { kind: 'accept' }

export function judgeStart(start: ExecutionStartedEvent, { started, runtime, state, isOver }: StartSituation): StartVerdict {
  const executionId = start.instance.executionId as string
  const current = started ?? runtime?.start
  if (current?.instance.executionId === executionId) return { kind: 'ignore', reason: 'this execution has started already' }
  if (state !== undefined && isFinal(state.status) && state.executionId === executionId) return { kind: 'ignore', reason: 'this execution is over' }
  // .NET clients store a start over an execution that is alive: the one that the store shows counts.
  const isClaimed = state?.status === 'Pending' && state.executionId === executionId
  if (started === undefined && runtime !== undefined && !isOver && isClaimed && start.parent === undefined) return { kind: 'accept', replaced: runtime.start }
  if (started !== undefined || (runtime !== undefined && !isOver)) return unlessSameCall({ parent: current?.parent, timestamp: current?.timestamp ?? start.timestamp, event: current }, start)
  if (state === undefined || state.executionId === executionId) return accept
  if (state.status === 'Pending') return unlessSameCall({ parent: state.parent, timestamp: state.createdAt }, start)
  // A client's start belongs to the state that `create` stored with it. One that is older than the stored execution is a leftover (of a scheduled start that was terminated, say).
  if (start.parent === undefined && compareTicks(start.timestamp, state.createdAt) < 0) return { kind: 'ignore', reason: 'older than the stored execution' }
  return accept
}

interface StartedCall extends Pick<ExecutionStartedEvent, 'parent' | 'timestamp'> {
  readonly event?: ExecutionStartedEvent | undefined
}

/**
 * Same call of the same parent: a re-run turn, or the parent was rewound or has continued as new. The later start wins; clocks are compared only within one execution of the parent, which has no other
 * way to repeat a call. Clocks differ and starts come late, so the one that does not win may be the one that the parent waits for: it is answered. An answer that nobody waits for names another start
 * than the parent's, and is dropped. Starts that .NET sent name no id, so that the answer to a lost one would be taken for that to the other: these are not answered.
 */
function unlessSameCall(current: StartedCall, next: ExecutionStartedEvent): StartVerdict {
  const [before, after] = [current.parent, next.parent]
  const isSame = before !== undefined && after !== undefined && before.instance.instanceId === after.instance.instanceId && before.taskScheduleId === after.taskScheduleId
  if (!isSame) return { kind: 'refuse', reason: 'the instance id is in use' }
  const isOlder = before.instance.executionId === after.instance.executionId && compareTicks(next.timestamp, current.timestamp) < 0
  const isNamed = next.messageId !== undefined
  if (isOlder) return { kind: isNamed ? 'refuse' : 'ignore', reason: 'older than the start that was accepted' }
  return isNamed ? { kind: 'accept', replaced: current.event } : accept
}
