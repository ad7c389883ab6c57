/** Messages that were set aside. They wait until a person replays or deletes them. */
import type { MessageId, QuarantinedMessage, QuarantinePort } from '@dtfx/core/provider'
import type { Hub } from './hub.js'
import type { QueuedMessage } from './queued-message.js'

interface SetAside {
  readonly queued: QueuedMessage
  readonly shown: QuarantinedMessage
}

export class Quarantine implements QuarantinePort {
  readonly #messages = new Map<MessageId, SetAside>()

  constructor(readonly hub: Hub) {}

  add(queued: QueuedMessage, code: string, reason: string): void {
    const { id, message } = queued
    const shown = Object.freeze({ id, instanceId: message.instance.instanceId, message, code, reason, quarantinedAt: this.hub.nowTicks() })
    this.#messages.set(id, { queued, shown })
  }

  async *list(): AsyncGenerator<QuarantinedMessage> {
    for (const { shown } of [...this.#messages.values()]) yield shown
  }

  replay(id: MessageId): Promise<boolean> {
    const found = this.#messages.get(id)
    if (found === undefined) return Promise.resolve(false)
    this.#messages.delete(id)
    const { queued } = found
    queued.deliveryCount = 0
    queued.faultCount = 0
    queued.order = 0
    this.hub.place(queued)
    this.hub.pump()
    return Promise.resolve(true)
  }

  delete(id: MessageId): Promise<boolean> {
    return Promise.resolve(this.#messages.delete(id))
  }

  clear(): void {
    this.#messages.clear()
  }
}
