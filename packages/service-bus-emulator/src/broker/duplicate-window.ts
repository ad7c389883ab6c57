/** Message ids that a queue with duplicate detection remembers. An id is forgotten when its window has passed; one that comes again inside does not lengthen it. */
import type { Clock } from '../clock/clock.js'

export class DuplicateWindow {
  /** In the order of remembering, which is the order of forgetting while the window keeps its length. */
  readonly #untilMs = new Map<string, number>()

  constructor(readonly clock: Clock) {}

  has(messageId: string): boolean {
    const untilMs = this.#untilMs.get(messageId)
    return untilMs !== undefined && untilMs > this.clock.nowMs()
  }

  add(messageId: string, untilMs: number): void {
    this.#forget()
    this.#untilMs.delete(messageId)
    this.#untilMs.set(messageId, untilMs)
  }

  *[Symbol.iterator](): Iterator<readonly [string, number]> {
    this.#forget()
    yield* this.#untilMs
  }

  #forget(): void {
    const nowMs = this.clock.nowMs()
    for (const [id, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) return
      this.#untilMs.delete(id)
    }
  }
}
