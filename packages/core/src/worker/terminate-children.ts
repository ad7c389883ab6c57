/** Messages that end children whose parent will not wait for them any more: on recursive termination, when the parent's execution is replaced, and on rewind. Pure. */
import type { Ticks } from '../base/ticks.js'
import { turnMessageId } from '../engine/identity.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import type { InstanceId } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { OutboundMessage } from '../provider/checkpoint.js'

export interface ChildTermination {
  readonly id: MessageId
  readonly instanceId: InstanceId
  readonly reason: string | undefined
  readonly now: Ticks
}

export function terminateChild({ id, instanceId, reason, now }: ChildTermination): OutboundMessage {
  return {
    id,
    target: { kind: 'instance', instanceId },
    message: { event: { type: 'ExecutionTerminated', eventId: -1, timestamp: now, input: reason, recursive: true }, instance: { instanceId } },
  }
}

/** Ends the children of an execution that another start of the same instance replaces. */
export function terminateReplaced(replaced: RuntimeState, now: Ticks): OutboundMessage[] {
  return replaced.openChildren.map(({ instanceId }, ordinal) =>
    terminateChild({ id: turnMessageId(replaced.executionId, replaced.count, ordinal), instanceId, reason: 'the execution that started it was replaced', now }),
  )
}
