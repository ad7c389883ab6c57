/** Messages that end children whose parent will not wait for them any more: on recursive termination, when the parent's execution is replaced, and on rewind. Pure. */
import type { Ticks } from '../base/ticks.js'
import type { Identify } from '../engine/identity.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import type { InstanceId } from '../model/instance.js'
import type { OutboundMessage } from '../provider/checkpoint.js'

export interface ChildTermination {
  /** Instance and execution that end the child. */
  readonly by: { readonly instanceId: InstanceId; readonly executionId: string; readonly turn: number; readonly ordinal: number; readonly identify: Identify }
  readonly instanceId: InstanceId
  readonly reason: string | undefined
  readonly now: Ticks
}

export function terminateChild({ by: { identify, ...by }, instanceId, reason, now }: ChildTermination): OutboundMessage {
  return {
    id: identify({ ...by, eventId: -1, kind: 'ExecutionTerminated', target: instanceId, payload: reason }),
    target: { kind: 'instance', instanceId },
    message: { event: { type: 'ExecutionTerminated', eventId: -1, timestamp: now, input: reason, recursive: true }, instance: { instanceId } },
  }
}

/** Ends the children of an execution that another start of the same instance replaces. */
export function terminateReplaced(replaced: RuntimeState, now: Ticks, identify: Identify): OutboundMessage[] {
  const { instanceId: parentId, executionId, count: turn } = replaced
  return replaced.openChildren.map(({ instanceId }, ordinal) =>
    terminateChild({ by: { instanceId: parentId, executionId, turn, ordinal, identify }, instanceId, reason: 'the execution that started it was replaced', now }),
  )
}
