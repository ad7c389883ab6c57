/**
 * The backup of a local activity whose message never left the outbox of its instance. What makes sure that it is not missed is the session: its lock, and an input that stays until the activity is answered.
 * Invariant: while the session is held, the entry is answered, or sent; once it is lost nothing is touched, because whoever gets the session next sends the outbox.
 */
import {
  activityAnswer,
  dtfxError,
  LockLostError,
  type ActivityAnswer,
  type AnswerSettlement,
  type Delivered,
  type LocalBackup,
  type OutboundMessage,
  type Settlement,
  type Ticks,
} from '@dtfx/core/provider'
import type { HeldSession } from './held-session.js'

export class OutboxBackup implements LocalBackup {
  readonly delivered: Delivered
  onEnded: (() => void) | undefined
  readonly #lost = new AbortController()
  readonly #instanceGone = new AbortController()
  #status: 'held' | 'settled' | 'lost' = 'held'

  constructor(
    readonly session: HeldSession,
    readonly outbound: OutboundMessage,
  ) {
    const { id, message } = outbound
    this.delivered = { id, message, sender: session.instanceId, deliveryCount: 1, faultCount: 0, enqueuedAt: session.host.parts.host.clock.nowTicks(), receipt: this }
  }

  get isHeld(): boolean {
    return this.#status === 'held' && this.session.isHeld
  }

  get lockedUntil(): Ticks {
    return this.session.lockedUntil
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get instanceGone(): AbortSignal {
    return this.#instanceGone.signal
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks }> {
    this.#check()
    await this.session.renewAtRest()
    return { lockedUntil: this.lockedUntil }
  }

  /** The ordinary way. The entry stays in the outbox until the next commit, for those who come after a crash. */
  async complete(answer: ActivityAnswer): Promise<void> {
    this.#check()
    await this.#sender.send([activityAnswer(this.delivered, answer)])
    this.#settled()
    await this.session.rest()
  }

  /** It becomes a message of its own, for whoever has room for it. */
  async release({ outcome, code, reason, until }: Settlement): Promise<void> {
    if (this.#status === 'lost') throw this.#lockLost()
    if (this.#status === 'settled') return
    if (outcome !== 'consumed' && outcome !== 'discard') {
      const setAside = outcome === 'quarantine' ? { code: code ?? 'DTFX_POISON', reason: reason ?? '' } : undefined
      await this.#sender.send([{ ...this.outbound, deliverAt: until }], { sender: this.session.instanceId, faultCount: outcome === 'fault' ? 1 : 0, deliveries: 1, setAside })
    }
    this.#settled()
    await this.session.rest()
  }

  delete(): Promise<void> {
    this.#settled()
    return Promise.resolve()
  }

  async sendSettled(answer: ActivityAnswer, { outcome, code, reason, until }: AnswerSettlement): Promise<void> {
    const setAside = outcome === 'quarantine' ? { code: code ?? 'DTFX_POISON', reason: reason ?? '' } : undefined
    await this.#sender.send([{ ...activityAnswer(this.delivered, answer), deliverAt: until }], { faultCount: outcome === 'fault' ? 1 : 0, setAside })
  }

  lose(): void {
    if (this.#status !== 'held') return
    this.#end('lost')
    this.#lost.abort(this.#lockLost())
  }

  /** The worker stops: others run it. Never rejects. */
  async giveUp(): Promise<void> {
    if (!this.isHeld) return
    const released = this.release({ receipt: this, outcome: 'defer' })
    this.#lost.abort(this.#lockLost())
    await released.catch(() => {})
  }

  /** Its instance has ended. */
  abandonedByInstance(): void {
    if (!this.#instanceGone.signal.aborted) this.#instanceGone.abort(dtfxError('DTFX_INSTANCE_GONE', { instanceId: this.session.instanceId }))
  }

  get #sender() {
    return this.session.host.parts.sender
  }

  #check(): void {
    if (!this.isHeld) throw this.#lockLost()
  }

  /** Answered, or on its way: this process does not send it with the outbox any more. */
  #settled(): void {
    if (this.#status !== 'held') return
    this.session.outbox.markSent(this.outbound.id)
    this.#end('settled')
  }

  #end(status: 'settled' | 'lost'): void {
    this.#status = status
    this.onEnded?.()
  }

  #lockLost(): LockLostError {
    const { event, instance } = this.outbound.message
    return new LockLostError(`activity '${event.type === 'TaskScheduled' ? event.name : event.type}' of '${instance.instanceId}'`)
  }
}
