/**
 * Messages ↔ .NET's `MessageData`, the JSON in a queue. Everything of ours is in one member, `Dtfx`, behind .NET's own: its reader ignores members it does not know, in every version.
 *
 * Invariants:
 * 1. `$type` is the first member of every event, and `Sender` is never null: .NET fails on either.
 * 2. Reading never throws: a message that is not valid is told apart from the others, to be set aside alone.
 * 3. `Version` of .NET is '' where there is none, and what an orchestration starts always has tags; here both are absent then.
 */
import { DurableError, parseWire, wireText, type InstanceId, type MessageId, type TaskMessage, type Ticks, type WireObject } from '@dtfx/core/provider'
import { taskMessageFromWire, taskMessageToWire } from '@dtfx/azure-common'
import { fromQueueText } from './queue-text.js'

export interface QueueMessage {
  readonly message: TaskMessage
  readonly id: MessageId
  /** Of a completion of ours: id of the scheduled message it answers. */
  readonly replyTo?: MessageId | undefined
  /** Absent for clients. */
  readonly sender?: InstanceId | undefined
  readonly senderExecutionId?: string | undefined
  /** Not to be delivered before, where that is further away than the queue can hide a message. */
  readonly deliverAt?: Ticks | undefined
  readonly episode?: number | undefined
  /** Tells .NET the order of messages that one process sent. */
  readonly sequenceNumber: number | bigint
  /** A GUID; names the blob of a large message. */
  readonly activityId: string
  readonly faultCount: number
  /** When it first became visible; absent: when the queue says. */
  readonly enqueuedAt?: Ticks | undefined
  /** .NET's older trace context, and members that nobody here knows. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

/** What changes while a message waits: in the queue, also when the rest of it is in a blob. */
export type WaitingState = Pick<QueueMessage, 'deliverAt' | 'enqueuedAt'> & Partial<Pick<QueueMessage, 'id' | 'faultCount'>>

export type DecodedQueueMessage =
  | { readonly kind: 'message'; readonly message: QueueMessage }
  /** The message is in a blob; what `waiting` has counts more than what the blob says. */
  | { readonly kind: 'blob'; readonly blobName: string; readonly waiting: WaitingState }
  /** `instanceId`: of its target, where that much can be read. */
  | { readonly kind: 'invalid'; readonly code: string; readonly problem: string; readonly instanceId?: string }

const messageDataType = 'DurableTask.AzureStorage.MessageData'
const known: ReadonlySet<string> = new Set(['$type', 'ActivityId', 'TaskMessage', 'CompressedBlobName', 'SequenceNumber', 'Episode', 'Sender', 'Dtfx'])

/** JSON text. */
export function encodeQueueMessage(envelope: QueueMessage): string {
  const { extra: { SerializableTraceContext: trace = null, ...extra } = {} } = envelope
  return wireText({
    $type: messageDataType,
    ActivityId: envelope.activityId,
    TaskMessage: taskMessageToWire(envelope.message, 'azureStorage'),
    CompressedBlobName: null,
    SequenceNumber: envelope.sequenceNumber,
    ...(envelope.episode === undefined ? undefined : { Episode: envelope.episode }),
    Sender: { InstanceId: envelope.sender ?? '', ExecutionId: envelope.senderExecutionId ?? '' },
    SerializableTraceContext: trace,
    ...extra,
    ...ownMember(envelope),
  })
}

/** The message that stands for one in a blob. */
export function encodeBlobReference(blobName: string, waiting: WaitingState = {}): string {
  return wireText({
    $type: messageDataType,
    ActivityId: '00000000-0000-0000-0000-000000000000',
    TaskMessage: null,
    CompressedBlobName: blobName,
    SequenceNumber: 0,
    Sender: null,
    SerializableTraceContext: null,
    ...ownMember(waiting),
  })
}

/** `text` as in the queue, or the JSON of a blob. `queueMessageId` is the queue's own id of it: a message of .NET has no other. */
export function decodeQueueMessage(text: string, queueMessageId: string): DecodedQueueMessage {
  let value: unknown
  try {
    const json = fromQueueText(text)
    if (json === undefined) return invalid('the text of the queue message is neither JSON nor Base64')
    value = parseWire(json, 'the queue message')
    return decodeEnvelope(value, queueMessageId)
  } catch (error) {
    if (!(error instanceof DurableError)) throw error
    return { ...invalid(error.message, value), code: error.code }
  }
}

function invalid(problem: string, value?: unknown): Extract<DecodedQueueMessage, { kind: 'invalid' }> {
  const target = objectOf(objectOf(objectOf(value)['TaskMessage'])['OrchestrationInstance'])
  return { kind: 'invalid', code: 'DTFX_WIRE_INVALID', problem, ...present('instanceId', textOf(target['InstanceId'])) }
}

function decodeEnvelope(value: unknown, queueMessageId: string): DecodedQueueMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid('the queue message is no object')
  const wire = value as WireObject
  const { $type: type = messageDataType, CompressedBlobName: blobName } = wire
  if (typeof type !== 'string' || type.split(',', 1)[0]?.trim() !== messageDataType) return invalid(`the queue message is of a type that is not known: ${String(type).slice(0, 80)}`, value)
  const own = objectOf(wire['Dtfx'])
  const waiting: WaitingState = {
    ...present('id', textOf(own['Id'])),
    ...present('deliverAt', textOf(own['DeliverAt'])),
    ...present('faultCount', integerOf(own['Faults'])),
    ...present('enqueuedAt', textOf(own['EnqueuedAt'])),
  }
  if (typeof blobName === 'string' && blobName !== '') return { kind: 'blob', blobName, waiting }
  const message = taskMessageFromWire(wire['TaskMessage'], 'the queue message')
  const sender = objectOf(wire['Sender'])
  return {
    kind: 'message',
    message: {
      message,
      id: idOfQueueMessage(queueMessageId),
      faultCount: 0,
      ...waiting,
      ...present('replyTo', textOf(own['ReplyTo'])),
      ...present('sender', textOf(sender['InstanceId'])),
      ...present('senderExecutionId', textOf(sender['ExecutionId'])),
      ...present('episode', integerOf(wire['Episode'])),
      sequenceNumber: typeof wire['SequenceNumber'] === 'bigint' ? wire['SequenceNumber'] : (integerOf(wire['SequenceNumber']) ?? 0),
      activityId: textOf(wire['ActivityId']) ?? '00000000-0000-0000-0000-000000000000',
      ...present('extra', extraOf(wire)),
    },
  }
}

/** A message of .NET is told from others by the id that the queue gave it: the same at every delivery. */
export function idOfQueueMessage(queueMessageId: string): MessageId {
  return /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(queueMessageId) ? queueMessageId.replaceAll('-', '').toLowerCase() : queueMessageId
}

function ownMember({ id, replyTo, deliverAt, faultCount, enqueuedAt }: WaitingState & Pick<QueueMessage, 'replyTo'>): WireObject | undefined {
  const own = {
    ...present('Id', id),
    ...present('ReplyTo', replyTo),
    ...present('DeliverAt', deliverAt),
    ...present('Faults', faultCount === 0 ? undefined : faultCount),
    ...present('EnqueuedAt', enqueuedAt),
  }
  return Object.keys(own).length === 0 ? undefined : { Dtfx: own }
}

function extraOf(wire: WireObject): WireObject | undefined {
  const extra = Object.entries(wire).filter(([name, value]) => !known.has(name) && !(name === 'SerializableTraceContext' && value === null))
  return extra.length === 0 ? undefined : Object.fromEntries(extra)
}

function present<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V })
}

function objectOf(value: unknown): WireObject {
  return typeof value === 'object' && value !== null ? (value as WireObject) : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function integerOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined
}
