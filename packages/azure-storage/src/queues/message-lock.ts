/**
 * The lock on one queue message: the receipt that the last request for it gave, and until when it is hidden from others.
 *
 * Invariants:
 * 1. Requests for one message go one after the other, because each of them makes the receipt of the one before worthless.
 * 2. `deadlineMs` is counted from before the request that hides the message: it is never later than the service means it.
 * 3. Once the message is deleted, put back or left, nothing is sent for it any more, and asking for it does nothing; once it is lost, asking for it fails.
 */
import { LockLostError } from '@dtfx/core/provider'
import type { QueueClient } from '@azure/storage-queue'
import { codeOf, outcomeOf, repeat, type RepeatHost } from '@dtfx/azure-common'

/** The service hides a message for at most this long. */
export const longestHideMs = 7 * 86_400_000

export interface LockedMessage {
  readonly messageId: string
  readonly popReceipt: string
}

export class MessageLock {
  readonly messageId: string
  #receipt: string
  #status: 'held' | 'settled' | 'lost' = 'held'
  #isLeaving = false
  #periodMs: number
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    readonly queue: QueueClient,
    { messageId, popReceipt }: LockedMessage,
    readonly host: RepeatHost,
    /** On the monotonic clock: hidden from others until then. */
    public deadlineMs: number,
  ) {
    this.messageId = messageId
    this.#receipt = popReceipt
    this.#periodMs = this.#leftMs
  }

  /** Neither settled nor in other hands, as far as we know. */
  get isHeld(): boolean {
    return this.#status === 'held' && this.#leftMs > 0
  }

  /** Held, with at least half of its time ahead. */
  get isFresh(): boolean {
    return this.isHeld && this.#leftMs >= this.#periodMs / 2
  }

  /** It is on its way back into the queue: whoever receives it now receives another delivery. */
  get isLeaving(): boolean {
    return this.#isLeaving || this.#status === 'settled'
  }

  /** The same message was received again, because its time was over: the new receipt counts. */
  refresh(popReceipt: string, deadlineMs: number): void {
    this.#receipt = popReceipt
    this.#status = 'held'
    this.#hidden(deadlineMs)
  }

  /** @throws LockLostError when somebody else has it, or may have had it */
  delete(): Promise<void> {
    return this.#inOrder('deleting a message', async (receipt) => {
      try {
        await this.queue.deleteMessage(this.messageId, receipt)
      } catch (error) {
        // The service says the same of a message that somebody else has. While its time lasts nobody has: an earlier request of ours took effect.
        if (codeOf(error) !== 'MessageNotFound' || this.#leftMs <= 0) throw error
      }
      this.#status = 'settled'
    })
  }

  /** Hides it for that long from now on; still held. @throws LockLostError */
  renew(hiddenForMs: number): Promise<void> {
    return this.#hide('renewing the lock of a message', hiddenForMs, undefined)
  }

  /** Lets go of it: seen again after `hiddenForMs`, at least that long, with `text` in the place of its own. Somebody else's by now: left to them. */
  async putBack(hiddenForMs: number, text?: string): Promise<void> {
    this.#isLeaving = true
    try {
      await this.#hide('putting a message back', hiddenForMs, text)
      this.#status = 'settled'
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error
    } finally {
      this.#isLeaving = false
    }
  }

  /** Nothing is sent for it any more: others get it when its time is over. */
  leave(): void {
    this.#status = 'settled'
  }

  get #leftMs(): number {
    return this.deadlineMs - this.host.clock.monotonicMs()
  }

  #hidden(deadlineMs: number): void {
    this.deadlineMs = deadlineMs
    this.#periodMs = this.#leftMs
  }

  #hide(what: string, hiddenForMs: number, text: string | undefined): Promise<void> {
    return this.#inOrder(what, async (receipt) => {
      const sentMs = this.host.clock.monotonicMs()
      const seconds = Math.ceil(Math.min(Math.max(hiddenForMs, 0), longestHideMs) / 1_000)
      const { popReceipt } = await this.queue.updateMessage(this.messageId, receipt, text, seconds)
      // Received again before this answer came: that receipt is the newer one.
      if (popReceipt === undefined || receipt !== this.#receipt) return
      this.#receipt = popReceipt
      this.#hidden(sentMs + seconds * 1_000)
    })
  }

  #inOrder(what: string, send: (receipt: string) => Promise<void>): Promise<void> {
    const next = this.#last.then(() => this.#send(what, send))
    this.#last = next.catch(() => {})
    return next
  }

  async #send(what: string, send: (receipt: string) => Promise<void>): Promise<void> {
    for (;;) {
      if (this.#status === 'settled') return
      if (this.#status === 'lost') throw new LockLostError(`message ${this.messageId}`)
      const receipt = this.#receipt
      try {
        return await repeat(what, this.host, () => send(receipt))
      } catch (error) {
        const outcome = outcomeOf(error)
        if (outcome !== 'missing' && outcome !== 'conflict') throw error
        // Received again meanwhile: it is still ours, under the new receipt.
        if (receipt !== this.#receipt) continue
        this.#status = 'lost'
        throw new LockLostError(`message ${this.messageId}`, error)
      }
    }
  }
}
