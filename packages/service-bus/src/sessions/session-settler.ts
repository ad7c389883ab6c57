/**
 * What becomes of the messages of a turn, after everything that the turn sends is sent. Each at most once, however often it is called.
 * A message that waits is a copy, scheduled for its time, and the original is completed: so the broker's count of deliveries stays one of failures, and nothing holds up the session meanwhile.
 */
import { LocalCompletion, type Settlement } from '@dtfx/core/provider'
import { copyOf } from '../messages/bus-message.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { ReceivedMessage } from './received-message.js'

export class SessionSettler {
  constructor(readonly item: OrchestrationItem) {}

  /** `kept`: inputs that stay. @throws LockLostError, and what a port may throw; then it is to be called again */
  async settle(settlements: readonly Settlement[], kept: readonly ReceivedMessage[]): Promise<void> {
    const results = await Promise.allSettled(settlements.filter(({ receipt }) => !kept.includes(receipt as ReceivedMessage)).map((settlement) => this.#settle(settlement)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** An input of an earlier turn that stayed until now. */
  async completeRetained(): Promise<void> {
    const { session } = this.item
    const { retained } = session
    if (retained === undefined) return
    await session.link.complete(retained.raw)
    retained.settled()
    session.retained = undefined
  }

  /** From here on it stays for the sake of local activities. */
  retain(message: ReceivedMessage): void {
    message.holder = undefined
    this.item.session.retained = message
  }

  async #settle(settlement: Settlement): Promise<void> {
    const { receipt, outcome, code, reason, until } = settlement
    const { item } = this
    const { session } = item
    if (receipt instanceof LocalCompletion) {
      if (receipt.holder === item) await receipt.settle(settlement)
      return
    }
    if (!(receipt instanceof ReceivedMessage) || receipt.holder !== item) return
    const { raw, content, deliveries } = receipt
    session.check()
    if (outcome === 'quarantine') await session.link.deadLetter(raw, code ?? 'DTFX_POISON', reason ?? '')
    else {
      if (outcome === 'fault' || outcome === 'defer') {
        const { sender } = session.host.parts
        const faultCount = content.faultCount + (outcome === 'fault' ? 1 : 0)
        await sender.sendRaw('orchestrator', [copyOf(raw, content, { copy: sender.copyName(), faultCount, deliveries, deliverAt: until })])
      }
      await session.link.complete(raw)
    }
    receipt.holder = undefined
    receipt.settled()
  }
}
