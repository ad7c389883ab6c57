/**
 * Derived identities, wire format v1: whoever runs a turn again derives the same ids, so that duplicates are recognised and the engine needs no randomness.
 * Digests are SHA-256 over length-prefixed UTF-8 fields, so that no two different lists of fields give the same bytes. Never change the fields or their order.
 */
import { createHash } from 'node:crypto'
import type { EventRaisedEvent } from '../model/events.js'
import type { MessageId } from '../model/message.js'

const realCreateHash = createHash

/** Id of the message that carries a scheduled event, under atomic commits: the plain tuple. */
export function scheduledMessageId(executionId: string, eventId: number): MessageId {
  return `${executionId}/${eventId}`
}

/** Id of another message a turn sends: `turn` is the number of history events before the commit. */
export function turnMessageId(executionId: string, turn: number, ordinal: number): MessageId {
  return `${executionId}/${turn}.${ordinal}`
}

/** Id of the answer to a scheduled message. */
export function replyMessageId(scheduled: MessageId): MessageId {
  return `re:${scheduled}`
}

export interface ChildCall {
  readonly instanceId: string
  readonly executionId: string
  readonly taskId: number
  readonly name: string
  readonly input: string | undefined
}

/** Execution id of a child, and its default instance id: `<executionId>:<taskId>:<8 hex>`, .NET's with a suffix that differs when the call differs. */
export function childIdentity(call: ChildCall): { readonly instanceId: string; readonly executionId: string } {
  const executionId = digest([call.instanceId, call.executionId, String(call.taskId), call.name, call.input])
  return { executionId, instanceId: `${call.executionId}:${call.taskId}:${executionId.slice(0, 8)}` }
}

export interface Generation {
  readonly instanceId: string
  readonly executionId: string
  readonly input: string | undefined
  readonly version: string | undefined
  readonly carryOver: readonly EventRaisedEvent[]
}

/** Execution id of the generation that follows `executionId` by continue-as-new. */
export function nextExecutionId(next: Generation): string {
  const carried = next.carryOver.flatMap((event) => [event.name, event.input, event.timestamp])
  return digest([next.instanceId, next.executionId, 'continue-as-new', next.input, next.version, ...carried])
}

/** Execution id after a rewind. */
export function rewoundExecutionId(instanceId: string, executionId: string, historyLength: number): string {
  return digest([instanceId, executionId, 'rewind', String(historyLength)])
}

/** 32 lower-case hexadecimal digits. */
function digest(fields: readonly (string | undefined)[]): string {
  const hash = realCreateHash('sha256')
  for (const field of fields) {
    if (field === undefined) hash.update('-1:')
    else hash.update(`${Buffer.byteLength(field)}:`).update(field)
  }
  return hash.digest('hex').slice(0, 32)
}
