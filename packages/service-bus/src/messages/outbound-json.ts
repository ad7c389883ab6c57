/** Messages that wait to be sent, as JSON: those of an outbox in a session's state, and those of a claim in the instance store. Pure. */
import { taskMessageFromWire, taskMessageToWire } from '@dtfx/azure-common'
import { dtfxError, type OutboundMessage, type WireObject } from '@dtfx/core/provider'

export function outboundToWire({ id, target, replyTo, deliverAt, message }: OutboundMessage): WireObject {
  return {
    Id: id,
    ...(target.kind === 'activity' ? undefined : { Target: target.instanceId }),
    ...(replyTo === undefined ? undefined : { ReplyTo: replyTo }),
    ...(deliverAt === undefined ? undefined : { DeliverAt: deliverAt }),
    Message: taskMessageToWire(message, 'serviceBus'),
  }
}

/** `what` names its place in errors. @throws DTFX_WIRE_INVALID */
export function outboundFromWire(value: unknown, what: string): OutboundMessage {
  const { Id: id, Target: target, ReplyTo: replyTo, DeliverAt: deliverAt, Message: message } = (value ?? {}) as WireObject
  if (typeof id !== 'string') throw dtfxError('DTFX_WIRE_INVALID', { what, problem: "it has no 'Id'" })
  return {
    id,
    target: typeof target === 'string' ? { kind: 'instance', instanceId: target } : { kind: 'activity' },
    ...(typeof replyTo === 'string' ? { replyTo } : undefined),
    ...(typeof deliverAt === 'string' ? { deliverAt } : undefined),
    message: taskMessageFromWire(message, what),
  }
}
