/**
 * What a `create` stores and sends: the state of an instance that has not begun, and the messages in their order.
 * Invariant: nothing that comes with a start is delivered before it.
 */
import { laterTicks } from '../base/ticks.js'
import type { Ticks } from '../base/ticks.js'
import type { ExecutionStartedEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { OutboundMessage } from './checkpoint.js'
import type { CreateRequest } from './client-port.js'

/** The state that `create` stores with a start. */
export function pendingState({ message, deliverAt }: OutboundMessage): InstanceState {
  const event = message.event as ExecutionStartedEvent
  return {
    instanceId: event.instance.instanceId,
    executionId: event.instance.executionId ?? '',
    name: event.name,
    version: event.version,
    status: 'Pending',
    input: event.input,
    tags: event.tags,
    parent: event.parent,
    generation: event.generation ?? 0,
    createdAt: event.timestamp,
    lastUpdatedAt: event.timestamp,
    scheduledStartAt: deliverAt ?? event.scheduledStartTime,
  }
}

/** The start and what comes with it, in this order, none of it to be delivered before the start. */
export function startMessages({ start, messages = [] }: Pick<CreateRequest, 'start' | 'messages'>): readonly OutboundMessage[] {
  return [start, ...messages.map((message) => ({ ...message, deliverAt: notBefore(start, message) }))]
}

function notBefore(start: OutboundMessage, message: OutboundMessage): Ticks | undefined {
  if (start.deliverAt === undefined || message.deliverAt === undefined) return message.deliverAt ?? start.deliverAt
  return laterTicks(start.deliverAt, message.deliverAt)
}
