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

type StartedCall = Pick<ExecutionStartedEvent, 'parent' | 'timestamp'>

export type StartVerdict =
  | { readonly kind: 'accept' }
  /** A duplicate, or late: without effect. */
  | { readonly kind: 'ignore'; readonly reason: string }
  /** Another execution is alive under this id. */
  | { readonly kind: 'refuse'; readonly reason: string }

const accept: StartVerdict = { kind: 'accept' }

export function judgeStart(start: ExecutionStartedEvent, { started, runtime, state, isOver }: StartSituation): StartVerdict {
  const executionId = start.instance.executionId as string
  const current = started ?? runtime?.start
  if (current?.instance.executionId === executionId) return { kind: 'ignore', reason: 'this execution has started already' }
  if (state !== undefined && isFinal(state.status) && state.executionId === executionId) return { kind: 'ignore', reason: 'this execution is over' }
  if (started !== undefined || (runtime !== undefined && !isOver)) return unlessSameCall({ parent: current?.parent, timestamp: current?.timestamp ?? start.timestamp }, start)
  if (state === undefined || state.executionId === executionId) return accept
  if (state.status === 'Pending') return unlessSameCall({ parent: state.parent, timestamp: state.createdAt }, start)
  // A client's start belongs to the state that `create` stored with it. One that is older than the stored execution is a leftover (of a scheduled start that was terminated, say).
  if (start.parent === undefined && compareTicks(start.timestamp, state.createdAt) < 0) return { kind: 'ignore', reason: 'older than the stored execution' }
  return accept
}

/** Same call of the same parent: a re-run turn, or the parent was rewound. The later start wins; clocks are compared only within one execution of the parent, which has no other way to repeat a call. */
function unlessSameCall(current: StartedCall, next: StartedCall): StartVerdict {
  const [before, after] = [current.parent, next.parent]
  const isSame = before !== undefined && after !== undefined && before.instance.instanceId === after.instance.instanceId && before.taskScheduleId === after.taskScheduleId
  if (!isSame) return { kind: 'refuse', reason: 'the instance id is in use' }
  const isOlder = before.instance.executionId === after.instance.executionId && compareTicks(next.timestamp, current.timestamp) < 0
  return isOlder ? { kind: 'ignore', reason: 'older than the start that was accepted' } : accept
}
