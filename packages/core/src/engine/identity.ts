/**
 * Derived identities, wire format v1: whoever runs a turn again derives the same ids, so that duplicates are recognised and the engine needs no randomness.
 * Where payloads are encrypted, a `digestKey` keeps ids from being a way to guess them.
 * Digests are SHA-256 over length-prefixed UTF-8 fields, so that no two different lists of fields give the same bytes. Never change the fields or their order.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import type { EventRaisedEvent, EventTypeName } from '../model/events.js'
import type { InstanceId, Tags } from '../model/instance.js'
import type { MessageId } from '../model/message.js'

const realCreateHash = createHash
const realCreateHmac = createHmac

/** What a message that a turn sends says, and which decision it carries out. */
export interface MessageContent {
  /** Of the sender. */
  readonly instanceId: InstanceId
  readonly executionId: string
  /** How often the execution was rewound, in stores that keep the execution id then. */
  readonly epoch?: number | undefined
  /** Of the scheduled event; −1: no event stands for the message, `turn` and `ordinal` do. */
  readonly eventId: number
  readonly kind: EventTypeName
  readonly name?: string | undefined
  readonly version?: string | undefined
  /** The instance it goes to; absent: an activity. */
  readonly target?: InstanceId | undefined
  readonly tags?: Tags | undefined
  readonly deliverAt?: string | undefined
  /** Text as the converter made it, before codecs. */
  readonly payload?: string | undefined
  /** History events before the commit. */
  readonly turn?: number | undefined
  readonly ordinal?: number | undefined
}

/** How the messages of a turn get their ids. */
export type Identify = (content: MessageContent) => MessageId

/** Under atomic commits no divergent turn is ever seen: the plain tuple tells every message apart. */
export const tupleId: Identify = ({ executionId, eventId, turn, ordinal }) => (eventId < 0 ? `${executionId}/${turn}.${ordinal}` : `${executionId}/${eventId}`)

/**
 * Where messages of a turn that is lost may be delivered, the id follows from the content: a re-send has the same id, a turn that decided otherwise never shares one.
 * `digestKey`: payloads are encrypted, and the id must not be a way to guess them.
 */
export function contentId(digestKey?: Uint8Array): Identify {
  return (content) => {
    const { instanceId, executionId, epoch = 0, eventId, kind, name, version, target, tags, deliverAt, payload } = content
    const turn = eventId < 0 ? [String(content.turn), String(content.ordinal)] : []
    const fields = [instanceId, executionId, String(epoch), String(eventId), kind, name, version, target, tagText(tags), deliverAt, payload, ...turn]
    return digest(fields, digestKey)
  }
}

function tagText(tags: Tags | undefined): string | undefined {
  return tags === undefined ? undefined : JSON.stringify(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface ChildCall {
  readonly instanceId: string
  readonly executionId: string
  readonly taskId: number
  readonly name: string
  readonly input: string | undefined
}

/** Execution id of a child, and its default instance id: `<executionId>:<taskId>:<8 hex>`, .NET's with a suffix that differs when the call differs. */
export function childIdentity(call: ChildCall, digestKey?: Uint8Array): { readonly instanceId: string; readonly executionId: string } {
  const executionId = digest([call.instanceId, call.executionId, String(call.taskId), call.name, call.input], digestKey)
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
export function nextExecutionId(next: Generation, digestKey?: Uint8Array): string {
  const carried = next.carryOver.flatMap((event) => [event.name, event.input, event.timestamp])
  return digest([next.instanceId, next.executionId, 'continue-as-new', next.input, next.version, ...carried], digestKey)
}

/** Execution id after a rewind. */
export function rewoundExecutionId(instanceId: string, executionId: string, historyLength: number): string {
  return digest([instanceId, executionId, 'rewind', String(historyLength)])
}

/** 32 lower-case hexadecimal digits. */
function digest(fields: readonly (string | undefined)[], key?: Uint8Array): string {
  const hash: Hash | Hmac = key === undefined ? realCreateHash('sha256') : realCreateHmac('sha256', key)
  for (const field of fields) {
    if (field === undefined) hash.update('-1:')
    else hash.update(`${Buffer.byteLength(field)}:`).update(field)
  }
  return hash.digest('hex').slice(0, 32)
}
