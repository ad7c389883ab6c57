/**
 * What the last commit of a session sends, and what of it this process knows to be sent.
 * Invariants: the outbox is sent when its commit was made here, or when an input of its commit comes again, and not otherwise; what runs here is not sent; nothing is completed before all is sent.
 */
import type { LocalReservation, OutboundMessage } from '@dtfx/core/provider'
import type { HubParts } from '../hub-parts.js'
import { trackingMessages } from '../tracking/tracking-messages.js'
import type { StoredSession } from './session-state.js'

export interface FlushContext {
  readonly instanceId: string
  /** It runs here, or its result is here. */
  isLocal(id: string): boolean
  readonly reserved?: LocalReservation | undefined
}

export class SessionOutbox {
  readonly #sent = new Set<string>()
  #isTrackingSent = false
  /** `unknown`: the commit was another process's. */
  #status: 'unknown' | 'unsent' | 'sent' = 'unknown'

  constructor(readonly parts: Pick<HubParts, 'sender' | 'store' | 'host'>) {}

  /** Of a state that was read. */
  loaded(): void {
    this.#status = 'unknown'
    this.#isTrackingSent = false
  }

  /** Of a state that was written here. */
  written(): void {
    this.#status = 'unsent'
    this.#isTrackingSent = false
  }

  markSent(id: string): void {
    this.#sent.add(id)
  }

  isSent({ id }: OutboundMessage): boolean {
    return this.#sent.has(id)
  }

  /** `sequences`: messages that are here. One that was an input of the commit was not completed: true the first time that one is seen. */
  look({ inputs }: StoredSession, sequences: Iterable<string>): boolean {
    if (this.#status !== 'unknown' || inputs.length === 0) return false
    const known = new Set(inputs)
    for (const sequence of sequences) {
      if (!known.has(sequence)) continue
      this.#status = 'unsent'
      return true
    }
    return false
  }

  /** How many were sent. @throws what a port may throw; then it is to be called again */
  async flush(stored: StoredSession, { instanceId, isLocal, reserved }: FlushContext): Promise<number> {
    if (this.#status !== 'unsent') return 0
    const open = stored.outbox.filter((entry) => !this.isSent(entry) && !isLocal(entry.id) && reserved?.has(entry.id) !== true)
    const { sender } = this.parts
    const tracked = this.#isTrackingSent || this.parts.store === undefined ? [] : trackingMessages(instanceId, stored)
    const results = await Promise.allSettled([
      sender.send(open, { sender: instanceId }).then(() => {
        for (const { id } of open) this.#sent.add(id)
      }),
      sender.sendTo('tracking', tracked).then(() => {
        this.#isTrackingSent = true
      }),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    this.#status = 'sent'
    return open.length
  }
}
