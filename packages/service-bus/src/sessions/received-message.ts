/** A message of a session that this process has received: what it says, and how the broker knows it. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import type { Delivered } from '@dtfx/core/provider'
import type { MessageContent } from '../messages/bus-message.js'

export class ReceivedMessage {
  /** The item that has it. */
  holder: object | undefined
  #handedOut = 0

  constructor(
    readonly raw: ServiceBusReceivedMessage,
    readonly content: MessageContent,
    /** Makes room for another message. */
    readonly settled: () => void,
  ) {}

  /** Of the broker: the same at every delivery. */
  get sequence(): string {
    return String(this.raw.sequenceNumber)
  }

  /** This delivery included, earlier copies too. */
  get deliveries(): number {
    return this.content.deliveries + (this.raw.deliveryCount ?? 0) + this.#handedOut
  }

  handOut(holder: object): Delivered {
    this.holder = holder
    this.#handedOut++
    const { deliveries: _deliveries, setAside: _setAside, ...content } = this.content
    return { ...content, deliveryCount: this.deliveries, receipt: this }
  }
}
