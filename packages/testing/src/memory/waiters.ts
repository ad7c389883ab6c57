/**
 * Calls that wait for work: holders (workers) take turns, the calls of one are served in the order of their arrival. So work that one worker gives back soon reaches another.
 * One listener serves all calls that share a signal.
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
  /** In turn: the holder that was served last is the last one here. */
  readonly #byHolder = new Map<Holder, Fifo<Waiter<Item>>>()
  readonly #listened = new WeakSet<AbortSignal>()
  #length = 0

  get length(): number {
    return this.#length
  }

  add(holder: Holder, signal: AbortSignal, accept: readonly string[] | undefined): Promise<Item> {
    if (!this.#listened.has(signal)) {
      this.#listened.add(signal)
      signal.addEventListener('abort', () => this.#reject((waiter) => waiter.signal === signal, signal.reason), { once: true })
    }
    const waiting = this.#listOf(holder)
    this.#length++
    return new Promise((resolve, reject) => waiting.push({ holder, signal, accept, resolve, reject }))
  }

  /** The longest waiting call of the holder whose turn it is. */
  take(): Waiter<Item> | undefined {
    return this.#takeBy((waiting) => waiting.shift())
  }

  /** The same among calls that take `name`. */
  takeFor(name: string): Waiter<Item> | undefined {
    return this.#takeBy((waiting) => waiting.takeFirst((waiter) => takes(waiter, name)))
  }

  /** The longest waiting call of one holder that takes `name`; the caller resolves it or gives it {@link giveBack}. */
  takeOf(holder: Holder, name?: string): Waiter<Item> | undefined {
    const waiter = this.#byHolder.get(holder)?.takeFirst((each) => name === undefined || takes(each, name))
    if (waiter !== undefined) this.#length--
    return waiter
  }

  giveBack(waiter: Waiter<Item>): void {
    if (waiter.signal.aborted || waiter.holder.isStopping) return waiter.reject(waiter.signal.reason ?? new Error('stopped'))
    this.#listOf(waiter.holder).push(waiter)
    this.#length++
  }

  #listOf(holder: Holder): Fifo<Waiter<Item>> {
    let waiting = this.#byHolder.get(holder)
    if (waiting === undefined) this.#byHolder.set(holder, (waiting = new Fifo()))
    return waiting
  }

  rejectAllOf(holder: Holder, reason: unknown): void {
    this.#reject((waiter) => waiter.holder === holder, reason)
    this.#byHolder.delete(holder)
  }

  #takeBy(pick: (waiting: Fifo<Waiter<Item>>) => Waiter<Item> | undefined): Waiter<Item> | undefined {
    for (const [holder, waiting] of this.#byHolder) {
      const waiter = pick(waiting)
      if (waiter === undefined) continue
      this.#length--
      if (this.#byHolder.size > 1) {
        this.#byHolder.delete(holder)
        this.#byHolder.set(holder, waiting)
      }
      return waiter
    }
    return undefined
  }

  #reject(wanted: (waiter: Waiter<Item>) => boolean, reason: unknown): void {
    for (const waiting of this.#byHolder.values()) {
      for (const waiter of waiting.extract(wanted)) {
        this.#length--
        waiter.reject(reason)
      }
    }
  }
}

function takes({ accept }: Waiter<unknown>, name: string): boolean {
  return accept === undefined || accept.includes(name)
}
