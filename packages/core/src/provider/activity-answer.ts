/** The message by which an activity's result reaches its instance: the same for every store, so that a second one of the same attempt, or of another, is known for what it is. */
import type { TaskCompletedEvent, TaskFailedEvent } from '../model/events.js'
import { replyMessageId } from '../model/message.js'
import type { OutboundMessage } from './checkpoint.js'
import type { Delivered } from './work-items.js'

/** What `complete` of an activity item sends. It is addressed to the execution that scheduled the activity, and has no sender. */
export function activityAnswer({ id, message }: Pick<Delivered, 'id' | 'message'>, event: TaskCompletedEvent | TaskFailedEvent): OutboundMessage {
  const { instance } = message
  return { id: replyMessageId(id), target: { kind: 'instance', instanceId: instance.instanceId }, replyTo: id, message: { event, instance } }
}
