/** Messages that are not to be delivered yet, on the injected clock. One clock timer, for the earliest, serves them all; at equal times the order of sending holds. */
import type { CancelTimer, Clock } from '@dtfx/core/provider'
import { TimerHeap, type HeapEntry } from '../clock/timer-heap.js'
import type { QueuedMessage } from './queued-message.js'

export class DelayedMessages {
  readonly #heap = new TimerHeap<QueuedMessage>()
  readonly #entries = new Map<QueuedMessage, HeapEntry<QueuedMessage>>()
  #cancelTimer: CancelTimer | undefined
  #armedForMs = Number.POSITIVE_INFINITY

  constructor(
    readonly clock: Clock,
    /** Takes the messages that became due, in order. */
    readonly deliver: (messages: readonly QueuedMessage[]) => void,
  ) {}

  get size(): number {
    return this.#heap.size
  }

  add(message: QueuedMessage, dueMs: number): void {
    this.#entries.set(message, this.#heap.add(dueMs, message))
    if (dueMs < this.#armedForMs) this.#arm()
  }

  /** Takes one out before it is due. */
  remove(message: QueuedMessage): void {
    const entry = this.#entries.get(message)
    if (entry === undefined) return
    this.#entries.delete(message)
    this.#heap.cancel(entry)
    if (this.#armedForMs === entry.dueMs) this.#arm()
  }

  *[Symbol.iterator](): Iterator<{ readonly message: QueuedMessage; readonly dueMs: number }> {
    for (const [message, { dueMs }] of this.#entries) yield { message, dueMs }
  }

  clear(): void {
    this.#heap.clear()
    this.#entries.clear()
    this.#arm()
  }

  #arm(): void {
    const first = this.#heap.peek()
    const dueMs = first?.dueMs ?? Number.POSITIVE_INFINITY
    if (dueMs === this.#armedForMs && this.#cancelTimer !== undefined) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = dueMs
    if (first === undefined) return
    this.#cancelTimer = this.clock.setTimer(Math.max(0, dueMs - this.clock.nowMs()), () => this.#fire())
  }

  #fire(): void {
    this.#cancelTimer = undefined
    this.#armedForMs = Number.POSITIVE_INFINITY
    const nowMs = this.clock.nowMs()
    const due: QueuedMessage[] = []
    for (let entry = this.#heap.takeDue(nowMs); entry !== undefined; entry = this.#heap.takeDue(nowMs)) {
      this.#entries.delete(entry.value)
      due.push(entry.value)
    }
    this.#arm()
    if (due.length > 0) this.deliver(due)
  }
}
