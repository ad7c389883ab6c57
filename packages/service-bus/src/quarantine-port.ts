/**
 * Messages that were set aside are in the dead-letter queues of the hub's queues, with code and reason.
 * Invariants: what is replayed is in its queue again before it leaves the dead letters; the others are given back as they were.
 */
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus'
import { ticksFromMs, type MessageId, type QuarantinedMessage, type QuarantinePort } from '@dtfx/core/provider'
import Long from 'long'
import type { BusConnection, LiveClient } from './bus/bus-connection.js'
import { SettlingLane } from './bus/settling-lane.js'
import type { HubParts } from './hub-parts.js'
import { copyOf, idOf, propertyNames } from './messages/bus-message.js'
import { receivedMessage } from './messages/message-receiver.js'
import { queueOf, type QueueRole } from './names.js'

const pageSize = 100
const deadLetters = { subQueueType: 'deadLetter', maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true } as const
/** Of a message that the broker set aside itself. */
const unknownCode = 'DTFX_POISON'

export class ServiceBusQuarantinePort implements QuarantinePort {
  #connection: BusConnection | undefined

  constructor(readonly parts: Pick<HubParts, 'names' | 'host' | 'sender' | 'blobs' | 'connect' | 'store'>) {}

  async *list(): AsyncIterable<QuarantinedMessage> {
    for (const role of this.#roles) {
      for await (const message of this.#peekAll(role)) yield await this.#describe(message)
    }
  }

  replay(id: MessageId): Promise<boolean> {
    return this.#settle(id, async (role, message) => {
      const { sender } = this.parts
      const { applicationProperties: own = {} } = message
      const { DeadLetterReason: _code, DeadLetterErrorDescription: _reason, [propertyNames.code]: _setAside, [propertyNames.reason]: _why, ...applicationProperties } = own
      const enqueuedAt = ticksFromMs(this.parts.host.clock.nowMs())
      await sender.sendRaw(role, [copyOf({ ...message, applicationProperties }, { id: idOf(message), enqueuedAt }, { copy: sender.copyName(), faultCount: 0, deliveries: 0 })])
    })
  }

  delete(id: MessageId): Promise<boolean> {
    return this.#settle(id, () => Promise.resolve())
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }

  get #roles(): readonly QueueRole[] {
    return this.parts.store === undefined ? ['orchestrator', 'worker'] : ['orchestrator', 'worker', 'tracking']
  }

  async #open(role: QueueRole): Promise<{ readonly live: LiveClient; readonly receiver: ServiceBusReceiver; readonly connection: BusConnection }> {
    const connection = (this.#connection ??= this.parts.connect())
    const live = connection.use()
    return Promise.resolve({ live, connection, receiver: live.client.createReceiver(queueOf(this.parts.names, role), deadLetters) })
  }

  async *#peekAll(role: QueueRole): AsyncIterable<ServiceBusReceivedMessage> {
    const { live, connection, receiver } = await this.#open(role)
    try {
      let from: Long = Long.ONE
      for (;;) {
        const page = await connection.request('peek', live, () => receiver.peekMessages(pageSize, { fromSequenceNumber: from }))
        yield* page
        const last = page.at(-1)?.sequenceNumber
        if (last === undefined) return
        from = Long.fromValue(last).add(1)
      }
    } finally {
      await receiver.close().catch(() => {})
    }
  }

  /** Receives up to the message, and no further: the others are given back one by one. */
  async #settle(id: MessageId, act: (role: QueueRole, message: ServiceBusReceivedMessage) => Promise<void>): Promise<boolean> {
    for (const role of this.#roles) {
      let place = 0
      let isThere = false
      for await (const message of this.#peekAll(role)) {
        place++
        if (idOf(message) === id && (isThere = true)) break
      }
      if (isThere && (await this.#settleAt(role, id, place, act))) return true
    }
    return false
  }

  async #settleAt(role: QueueRole, id: MessageId, place: number, act: (role: QueueRole, message: ServiceBusReceivedMessage) => Promise<void>): Promise<boolean> {
    const { live, connection, receiver } = await this.#open(role)
    const lane = new SettlingLane()
    try {
      const messages = await connection.request('receive dead-letters', live, () => receiver.receiveMessages(place, { maxWaitTimeInMs: 5_000 }))
      const wanted = messages.find((message) => idOf(message) === id)
      if (wanted !== undefined) {
        await act(role, wanted)
        await lane.alone(() => connection.request('complete dead-letter', live, () => receiver.completeMessage(wanted)))
      }
      for (const other of messages) if (other !== wanted) await lane.alone(() => connection.request('abandon dead-letter', live, () => receiver.abandonMessage(other)))
      return wanted !== undefined
    } finally {
      await receiver.close().catch(() => {})
    }
  }

  async #describe(raw: ServiceBusReceivedMessage): Promise<QuarantinedMessage> {
    const received = await Promise.resolve(receivedMessage(raw, this.parts.blobs)).catch(() => undefined)
    const message = received?.kind === 'message' ? received.content.message : undefined
    return {
      id: idOf(raw),
      instanceId: message?.instance.instanceId ?? raw.sessionId,
      message,
      code: raw.deadLetterReason?.startsWith('DTFX_') === true ? raw.deadLetterReason : unknownCode,
      reason: raw.deadLetterErrorDescription ?? raw.deadLetterReason ?? '',
      quarantinedAt: ticksFromMs(raw.enqueuedTimeUtc?.getTime() ?? 0),
    }
  }
}
