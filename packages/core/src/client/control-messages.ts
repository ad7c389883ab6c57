/** The messages with which a client steers an instance: terminate, suspend, resume, rewind. Their reason is text for people, not a payload of the converter. */
import { dtfxError } from '../errors/durable-error.js'
import type { OutboundMessage } from '../provider/checkpoint.js'
import type { ClientContext } from './client-context.js'

/** @throws DTFX_INVALID_OPTION */
export function terminationOf(context: ClientContext, instanceId: string, reason: string | undefined, recursive: boolean): OutboundMessage {
  return context.messageTo(instanceId, { ...fromClient(context), type: 'ExecutionTerminated', input: checkReason(reason), recursive: recursive ? true : undefined })
}

/** @throws DTFX_INVALID_OPTION */
export function controlOf(
  context: ClientContext,
  instanceId: string,
  type: 'ExecutionSuspended' | 'ExecutionResumed' | 'ExecutionRewound',
  reason: string | undefined,
): OutboundMessage {
  return context.messageTo(instanceId, { ...fromClient(context), type, reason: checkReason(reason) })
}

function fromClient(context: ClientContext): { readonly eventId: number; readonly timestamp: string } {
  return { eventId: -1, timestamp: context.service.host.clock.nowTicks() }
}

function checkReason(reason: unknown): string | undefined {
  if (reason === undefined || typeof reason === 'string') return reason
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'reason', problem: 'is no text' })
}
