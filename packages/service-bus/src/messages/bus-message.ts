/**
 * Messages ↔ what is in a queue. The body is .NET's, to the letter: the JSON of its TaskMessage. Everything of ours is in application properties, which .NET does not look at. Pure.
 *
 * Invariants:
 * 1. `DtfxId` tells which message it is; the broker's message id only which copy. A deferred message is a new copy: under the same message id a queue that looks for duplicates would drop it.
 * 2. Reading never throws: a body that cannot be read is told apart from the others, to be set aside alone.
 */
import type { ServiceBusMessage, ServiceBusReceivedMessage } from '@azure/service-bus'
import { createHash } from 'node:crypto'
import { taskMessageFromWire, taskMessageToWire } from '@dtfx/azure-common'
import { DurableError, dueMsFromTicks, laterTicks, parseWire, ticksFromMs, wireText, type MessageId, type OutboundMessage, type TaskMessage, type Ticks } from '@dtfx/core/provider'

/** What others see of a message, without how often it came and how it is settled. */
export interface MessageContent {
  readonly message: TaskMessage
  readonly id: MessageId
  readonly replyTo?: MessageId | undefined
  readonly sender?: string | undefined
  readonly faultCount: number
  /** Deliveries of earlier copies. */
  readonly deliveries: number
  readonly enqueuedAt: Ticks
  /** It is to be set aside as soon as it comes: an answer that never was a message, say. */
  readonly setAside?: { readonly code: string; readonly reason: string } | undefined
}

/** A message on its way to a queue. */
export interface OutgoingMessage {
  /** JSON. */
  readonly body: string
  readonly messageId: string
  /** Absent for activities. */
  readonly sessionId?: string | undefined
  readonly properties: Readonly<Record<string, string | number>>
  readonly deliverAt?: Ticks | undefined
  /** Where its blob is put, if it needs one. */
  readonly executionId?: string | undefined
}

export interface OutgoingOptions {
  /** Instance that sends it. */
  readonly sender?: string | undefined
  readonly faultCount?: number | undefined
  readonly deliveries?: number | undefined
  readonly enqueuedAt?: Ticks | undefined
  readonly setAside?: MessageContent['setAside']
  /** Makes it another copy: of a random text. */
  readonly copy?: string | undefined
}

const names = { compression: 'CompressionType', blobKey: 'MessageBlobKey', id: 'DtfxId', replyTo: 'DtfxReplyTo', sender: 'DtfxSender', faults: 'DtfxFaults', deliveries: 'DtfxDeliveries', enqueuedAt: 'DtfxEnqueuedAt', code: 'DtfxSetAsideCode', reason: 'DtfxSetAsideReason' } as const
export { names as propertyNames }

/** The service's own limit. */
const maxMessageIdLength = 128
/** Ids of sessions have the same one. */
export const maxSessionIdLength = 128

export function outgoingMessage(outbound: OutboundMessage, options: OutgoingOptions = {}): OutgoingMessage {
  const { id, replyTo, message, target, deliverAt } = outbound
  const { sender, faultCount = 0, deliveries = 0, enqueuedAt, setAside, copy } = options
  const isActivity = target.kind === 'activity'
  return {
    body: wireText(taskMessageToWire(message, 'serviceBus')),
    messageId: brokerMessageId(outbound, copy),
    ...(isActivity ? undefined : { sessionId: target.instanceId }),
    ...(isActivity ? undefined : { executionId: message.instance.executionId }),
    properties: {
      [names.id]: id,
      ...(replyTo === undefined ? undefined : { [names.replyTo]: replyTo }),
      ...(sender === undefined ? undefined : { [names.sender]: sender }),
      ...(faultCount === 0 ? undefined : { [names.faults]: faultCount }),
      ...(deliveries === 0 ? undefined : { [names.deliveries]: deliveries }),
      ...(enqueuedAt === undefined ? undefined : { [names.enqueuedAt]: enqueuedAt }),
      ...(setAside === undefined ? undefined : { [names.code]: setAside.code, [names.reason]: setAside.reason.slice(0, 2_000) }),
    },
    deliverAt,
  }
}

/** As .NET's clients name their starts; the content's id otherwise. */
function brokerMessageId({ id, message: { event, instance } }: OutboundMessage, copy: string | undefined): string {
  const isClientStart = event.type === 'ExecutionStarted' && event.parent === undefined && instance.executionId !== undefined
  const whole = `${isClientStart ? `${instance.instanceId}_${instance.executionId}` : id}${copy === undefined ? '' : `~${copy}`}`
  return whole.length <= maxMessageIdLength ? whole : createHash('sha256').update(whole).digest('hex')
}

/** For the SDK. `bytes`: the body as it goes into the queue; empty when it is in a blob. */
export function brokerMessage(outgoing: OutgoingMessage, body: { readonly bytes: Buffer; readonly isCompressed: boolean; readonly blobKey?: string | undefined }): ServiceBusMessage {
  const { messageId, sessionId, properties, deliverAt } = outgoing
  return {
    body: body.bytes,
    messageId,
    ...(sessionId === undefined ? undefined : { sessionId }),
    ...(deliverAt === undefined ? undefined : { scheduledEnqueueTimeUtc: new Date(dueMsFromTicks(deliverAt)) }),
    applicationProperties: { [names.compression]: body.isCompressed ? 'gzip' : 'none', ...(body.blobKey === undefined ? undefined : { [names.blobKey]: body.blobKey }), ...properties },
  }
}

/** A copy of a message as it was received, body and all, with other numbers. */
export function copyOf(received: ServiceBusReceivedMessage, content: Pick<MessageContent, 'id' | 'enqueuedAt'>, change: { readonly copy: string; readonly faultCount: number; readonly deliveries: number; readonly deliverAt?: Ticks | undefined }): ServiceBusMessage {
  const { applicationProperties, sessionId, body } = received
  const { copy, faultCount, deliveries, deliverAt } = change
  return {
    body: body as unknown,
    messageId: createHash('sha256').update(`${String(received.messageId)}~${copy}`).digest('hex'),
    ...(sessionId === undefined ? undefined : { sessionId }),
    ...(deliverAt === undefined ? undefined : { scheduledEnqueueTimeUtc: new Date(dueMsFromTicks(deliverAt)) }),
    applicationProperties: { ...applicationProperties, [names.id]: content.id, [names.faults]: faultCount, [names.deliveries]: deliveries, [names.enqueuedAt]: content.enqueuedAt },
  }
}

export type DecodedBody = { readonly message: TaskMessage } | { readonly problem: string; readonly code: string }

/** `json` as it is after decompression. */
export function decodeBody(json: string): DecodedBody {
  try {
    return { message: taskMessageFromWire(parseWire(json, 'the body'), 'the body') }
  } catch (error) {
    if (!(error instanceof DurableError)) throw error
    return { problem: error.message, code: error.code }
  }
}

export function contentOf(received: ServiceBusReceivedMessage, message: TaskMessage): MessageContent {
  const own = received.applicationProperties ?? {}
  const arrivedAt = ticksFromMs(received.enqueuedTimeUtc?.getTime() ?? 0)
  const scheduledAt = received.scheduledEnqueueTimeUtc === undefined ? arrivedAt : laterTicks(arrivedAt, ticksFromMs(received.scheduledEnqueueTimeUtc.getTime()))
  const code = textOf(own[names.code])
  return {
    message,
    id: idOf(received),
    replyTo: textOf(own[names.replyTo]),
    sender: textOf(own[names.sender]),
    faultCount: integerOf(own[names.faults]),
    deliveries: integerOf(own[names.deliveries]),
    enqueuedAt: textOf(own[names.enqueuedAt]) ?? scheduledAt,
    setAside: code === undefined ? undefined : { code, reason: textOf(own[names.reason]) ?? '' },
  }
}

/** A message of .NET is told from others by the broker's message id, the same at every delivery. */
export function idOf({ applicationProperties, messageId, sequenceNumber }: ServiceBusReceivedMessage): MessageId {
  return textOf(applicationProperties?.[names.id]) ?? (messageId === undefined ? `sequence-${String(sequenceNumber)}` : String(messageId))
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function integerOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0
}
