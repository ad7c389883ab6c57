/**
 * Sends messages to the queues of a hub: bodies are compressed when that is worth it, put into a blob when they are too large, and sent in as few batches as they fit into.
 * Invariants: what is sent in one call and goes to one queue keeps its order; nothing is left out: a message that no batch can hold is an error.
 */
import type { ServiceBusMessage, ServiceBusSender } from '@azure/service-bus'
import { dtfxError, PermanentError, type OrchestrationService, type OutboundMessage } from '@dtfx/core/provider'
import type { BusConnection, LiveClient } from '../bus/bus-connection.js'
import { queueOf, type HubNames, type QueueRole } from '../names.js'
import { brokerMessage, maxSessionIdLength, outgoingMessage, type OutgoingMessage, type OutgoingOptions } from './bus-message.js'
import { gzipBytes } from './gzip-bytes.js'
import { dayOf, type HubBlobs } from './hub-blobs.js'

/** Less is not worth the processor's time. */
const compressBytes = 8 * 1024
/** .NET's `MessageOverflowThresholdInBytes`. */
const inlineBytes = 170 * 1024
/** .NET's `MessageMaxSizeInBytes`. */
const maxBodyBytes = 10 * 1024 * 1024

export interface SenderParts {
  readonly connection: BusConnection
  readonly names: HubNames
  readonly host: OrchestrationService['host']
  /** Undefined: what is too large cannot be sent. */
  readonly blobs: HubBlobs | undefined
}

export class MessageSender {
  constructor(readonly parts: SenderParts) {}

  /** Messages of the framework, each to its queue. @throws what a port may throw */
  async send(outbound: readonly OutboundMessage[], options?: OutgoingOptions): Promise<void> {
    const activities = outbound.filter(({ target }) => target.kind === 'activity').map((each) => outgoingMessage(each, options))
    const others = outbound.filter(({ target }) => target.kind === 'instance').map((each) => outgoingMessage(each, options))
    await Promise.all([this.sendTo('worker', activities), this.sendTo('orchestrator', others)])
  }

  async sendTo(role: QueueRole, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return
    await this.sendRaw(role, await Promise.all(messages.map((each) => this.#encoded(each))))
  }

  /** Messages that are encoded already. */
  async sendRaw(role: QueueRole, messages: readonly ServiceBusMessage[]): Promise<void> {
    const { connection, names } = this.parts
    const live = connection.use()
    const sender = connection.sender(queueOf(names, role))
    const [first] = messages
    if (messages.length === 1 && first !== undefined) return connection.request(`send ${role}`, live, () => sender.sendMessages(first))
    let rest = messages
    while (rest.length > 0) rest = rest.slice(await this.#sendBatch(role, live, sender, rest))
  }

  /** A text that no other copy has. */
  copyName(): string {
    return this.parts.host.random.id()
  }

  /** How many of the messages went with one transfer. */
  async #sendBatch(role: QueueRole, live: LiveClient, sender: ServiceBusSender, messages: readonly ServiceBusMessage[]): Promise<number> {
    const { connection } = this.parts
    return connection.request(`send ${role}`, live, async () => {
      const batch = await sender.createMessageBatch()
      let count = 0
      while (count < messages.length && batch.tryAddMessage(messages[count] as ServiceBusMessage)) count++
      if (count === 0) throw new PermanentError(`sending to '${role}'`, 'the message is larger than the queue takes')
      await sender.sendMessages(batch)
      return count
    })
  }

  async #encoded(outgoing: OutgoingMessage): Promise<ServiceBusMessage> {
    const { sessionId, body } = outgoing
    if (sessionId !== undefined && sessionId.length > maxSessionIdLength) {
      throw new PermanentError(`sending to '${sessionId.slice(0, 40)}…'`, `on Service Bus an instance id has at most ${maxSessionIdLength} characters`)
    }
    const raw = Buffer.from(body, 'utf8')
    const isCompressed = raw.length > compressBytes
    const bytes = isCompressed ? await gzipBytes(raw) : raw
    if (bytes.length < inlineBytes) return brokerMessage(outgoing, { bytes, isCompressed })
    const { blobs, host } = this.parts
    if (bytes.length > maxBodyBytes) throw dtfxError('DTFX_PAYLOAD_TOO_LARGE', { what: `a message of ${bytes.length} bytes`, length: bytes.length, limit: maxBodyBytes })
    if (blobs === undefined) throw new PermanentError('sending a message', `it has ${bytes.length} bytes, and without a storage account at most ${inlineBytes} can be sent`)
    const { deliverAt, executionId, messageId } = outgoing
    const blobKey = `message-${dayOf(deliverAt ?? host.clock.nowTicks())}|${sessionId ?? 'null'}/${executionId ?? 'null'}/${blobNameOf(messageId)}`
    await blobs.put(blobKey, bytes)
    return brokerMessage(outgoing, { bytes: Buffer.alloc(0), isCompressed, blobKey })
  }
}

/** Names may not end with a dot or hold what is not for URLs. */
function blobNameOf(messageId: string): string {
  return Buffer.from(messageId, 'utf8').toString('hex')
}
