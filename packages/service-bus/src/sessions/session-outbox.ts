/**
 * What the last commit of a session sends, and what of it this process knows to be sent.
 *
 * Invariants:
 * 1. The outbox is sent when its commit was made here, or when an input of its commit comes again, and not otherwise; what runs here is not sent.
 * 2. Nothing is completed before all is sent, but for this: while an input stays for the sake of local activities, what the tracking store is to be told may wait a moment, and the next commit tells it
 *    with its own. After a crash the input that stayed comes again, and what waited is sent.
 */
import { dueMsFromTicks, type LocalReservation, type OutboundMessage } from '@dtfx/core/provider'
import type { HubParts } from '../hub-parts.js'
import { trackingMessages } from '../tracking/tracking-messages.js'
import type { StoredSession, TrackingPlan } from './session-state.js'

export interface FlushContext {
  readonly instanceId: string
  /** It runs here, or its result is here. */
  isLocal(id: string): boolean
  readonly reserved?: LocalReservation | undefined
  /** What the tracking store is to be told may wait a moment. */
  readonly holdsBack: boolean
}

/** Clients see a state at the latest this long after its commit, and what the queue takes. */
export const holdBackMs = 250

/** What is sent after its time comes at once, in the order in which it was sent. */
function inOrderOfTime(outbound: readonly OutboundMessage[]): readonly OutboundMessage[] {
  if (!outbound.some(({ deliverAt }) => deliverAt !== undefined)) return outbound
  const timeOf = ({ deliverAt }: OutboundMessage): number => (deliverAt === undefined ? Number.NEGATIVE_INFINITY : dueMsFromTicks(deliverAt))
  return outbound.toSorted((a, b) => timeOf(a) - timeOf(b) || 0)
}

export class SessionOutbox {
  readonly #sent = new Set<string>()
  #isTrackingSent = true
  /** Commit of the first thing that the tracking store was not told, on the monotonic clock. */
  #untoldSinceMs = 0
  /** `unknown`: the commit was another process's. */
  #status: 'unknown' | 'unsent' | 'sent' = 'unknown'

  constructor(readonly parts: Pick<HubParts, 'sender' | 'store' | 'host'>) {}

  /** Of a state that was read. */
  loaded(): void {
    this.#status = 'unknown'
    this.#isTrackingSent = true
  }

  /** Of a state that was written here. */
  written(): void {
    this.#status = 'unsent'
    this.#owesTracking()
  }

  /** What an earlier commit left to be told, which the next one has to tell. */
  untold({ tracking }: StoredSession): TrackingPlan | undefined {
    return this.#isTrackingSent ? undefined : tracking
  }

  /** How long what is not told may wait still; undefined: all is told. */
  get holdBackLeftMs(): number | undefined {
    return this.#isTrackingSent ? undefined : Math.max(0, this.#untoldSinceMs + holdBackMs - this.parts.host.clock.monotonicMs())
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
      this.#owesTracking()
      return true
    }
    return false
  }

  /** How many were sent. @throws what a port may throw; then it is to be called again */
  async flush(stored: StoredSession, { instanceId, isLocal, reserved, holdsBack }: FlushContext): Promise<number> {
    const isTold = !this.#isTrackingSent && (!holdsBack || this.holdBackLeftMs === 0)
    if (this.#status !== 'unsent' && !isTold) return 0
    const open = this.#status !== 'unsent' ? [] : stored.outbox.filter((entry) => !this.isSent(entry) && !isLocal(entry.id) && reserved?.has(entry.id) !== true)
    const { sender } = this.parts
    const results = await Promise.allSettled([
      sender.send(inOrderOfTime(open), { sender: instanceId }).then(() => {
        for (const { id } of open) this.#sent.add(id)
      }),
      sender.sendTo('tracking', isTold ? trackingMessages(instanceId, stored) : []).then(() => {
        this.#isTrackingSent ||= isTold
      }),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    if (this.#status === 'unsent') this.#status = 'sent'
    return open.length
  }

  #owesTracking(): void {
    if (this.#isTrackingSent) this.#untoldSinceMs = this.parts.host.clock.monotonicMs()
    this.#isTrackingSent = this.parts.store === undefined
  }
}
