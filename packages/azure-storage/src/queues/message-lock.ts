/**
 * The lock on one queue message: the receipt that the last request for it gave, and until when it is hidden from others.
 *
 * Invariants:
 * 1. Requests for one message go one after the other, because each of them makes the receipt of the one before worthless.
 * 2. `deadlineMs` is counted from before the request that hides the message: it is never later than the service means it.
 * 3. Once the message is deleted, lost or left, nothing is sent for it any more.
 */
import { LockLostError } from '@dtfx/core/provider'
import type { QueueClient } from '@azure/storage-queue'
import { repeat, type RepeatHost } from '../storage/repeat.js'
import { codeOf, outcomeOf } from '../storage/storage-error.js'

/** The service hides a message for at most this long. */
export const longestHideMs = 7 * 86_400_000

export interface LockedMessage {
  readonly messageId: string
  readonly popReceipt: string
}

export class MessageLock {
  readonly messageId: string
  #receipt: string
  #isHeld = true
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
  }

  /** Neither deleted nor in other hands, as far as we know. */
  get isHeld(): boolean {
    return this.#isHeld && this.deadlineMs > this.host.clock.monotonicMs()
  }

  /** The same message was received again, because its time was over: the new receipt counts. */
  refresh(popReceipt: string, deadlineMs: number): void {
    this.#receipt = popReceipt
    this.#isHeld = true
    this.deadlineMs = deadlineMs
  }

  /** @throws LockLostError when somebody else has it; what is gone is deleted */
  delete(): Promise<void> {
    return this.#inOrder('deleting a message', async () => {
      await this.queue.deleteMessage(this.messageId, this.#receipt)
      this.#isHeld = false
    }).catch((error: unknown) => {
      this.#isHeld = false
      if (codeOf(error) !== 'MessageNotFound') throw error
    })
  }

  /** Hides it for that long from now on; still held. @throws LockLostError */
  renew(hiddenForMs: number): Promise<void> {
    return this.#hide('renewing the lock of a message', hiddenForMs, undefined)
  }

  /** Lets go of it: seen again after `hiddenForMs`, at least that long, with `text` in the place of its own. Somebody else's by now: left to them. */
  async putBack(hiddenForMs: number, text?: string): Promise<void> {
    try {
      await this.#hide('putting a message back', hiddenForMs, text)
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error
    } finally {
      this.#isHeld = false
    }
  }

  /** Nothing is sent for it any more: others get it when its time is over. */
  leave(): void {
    this.#isHeld = false
  }

  #hide(what: string, hiddenForMs: number, text: string | undefined): Promise<void> {
    return this.#inOrder(what, async () => {
      const sentMs = this.host.clock.monotonicMs()
      const seconds = Math.ceil(Math.min(Math.max(hiddenForMs, 0), longestHideMs) / 1_000)
      const { popReceipt } = await this.queue.updateMessage(this.messageId, this.#receipt, text, seconds)
      if (popReceipt !== undefined) this.#receipt = popReceipt
      this.deadlineMs = sentMs + seconds * 1_000
    })
  }

  #inOrder(what: string, send: () => Promise<void>): Promise<void> {
    const next = this.#last.then(async () => {
      if (!this.#isHeld) throw new LockLostError(`message ${this.messageId}`)
      try {
        await repeat(what, this.host, send)
      } catch (error) {
        const outcome = outcomeOf(error)
        if (outcome !== 'missing' && codeOf(error) !== 'PopReceiptMismatch' && codeOf(error) !== 'MessageNotFound') throw error
        this.#isHeld = false
        if (codeOf(error) === 'MessageNotFound') throw error
        throw new LockLostError(`message ${this.messageId}`, error)
      }
    })
    this.#last = next.catch(() => {})
    return next
  }
}
