/**
 * Calls that wait for work, in the order of their arrival. One listener serves all calls that share a signal.
 * Invariant: a call is resolved, rejected or still in the list: exactly one of them.
 */
import { Fifo } from './fifo.js'
import type { Holder } from './held-item.js'

export interface Waiter<Item> {
  readonly holder: Holder
  readonly signal: AbortSignal
  /** Names it takes; undefined: any. */
  readonly accept: readonly string[] | undefined
  resolve(item: Item): void
  reject(reason: unknown): void
}

export class Waiters<Item> {
  readonly #waiting = new Fifo<Waiter<Item>>()
  readonly #listened = new WeakSet<AbortSignal>()

  get length(): number {
    return this.#waiting.length
  }

  add(holder: Holder, signal: AbortSignal, accept: readonly string[] | undefined): Promise<Item> {
    if (!this.#listened.has(signal)) {
      this.#listened.add(signal)
      signal.addEventListener('abort', () => this.#reject((waiter) => waiter.signal === signal, signal.reason), { once: true })
    }
    return new Promise((resolve, reject) => this.#waiting.push({ holder, signal, accept, resolve, reject }))
  }

  /** The longest waiting call. */
  take(): Waiter<Item> | undefined {
    return this.#waiting.shift()
  }

  /** The longest waiting call that takes `name`. */
  takeFor(name: string): Waiter<Item> | undefined {
    return this.#waiting.takeFirst((waiter) => waiter.accept === undefined || waiter.accept.includes(name))
  }

  rejectAllOf(holder: Holder, reason: unknown): void {
    this.#reject((waiter) => waiter.holder === holder, reason)
  }

  #reject(wanted: (waiter: Waiter<Item>) => boolean, reason: unknown): void {
    for (const waiter of this.#waiting.extract(wanted)) waiter.reject(reason)
  }
}
