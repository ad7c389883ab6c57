/**
 * Calls of one worker that wait for work, in the order of their arrival. One listener serves all calls that share a signal.
 * Invariant: a call is resolved, rejected, or in the list: exactly one of them.
 */
export interface WaitingCall<Item> {
  readonly signal: AbortSignal
  /** Names it takes; undefined: any. */
  readonly accept: readonly string[] | undefined
  resolve(item: Item): void
  reject(reason: unknown): void
}

export class WaitingCalls<Item> {
  #calls: WaitingCall<Item>[] = []
  readonly #listened = new WeakSet<AbortSignal>()
  #closed: Error | undefined

  get length(): number {
    return this.#calls.length
  }

  add(signal: AbortSignal, accept?: readonly string[]): Promise<Item> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (signal.aborted) return Promise.reject(signal.reason)
    if (!this.#listened.has(signal)) {
      this.#listened.add(signal)
      signal.addEventListener('abort', () => this.#rejectIf((call) => call.signal === signal, signal.reason), { once: true })
    }
    return new Promise((resolve, reject) => this.#calls.push({ signal, accept, resolve, reject }))
  }

  /** The longest waiting call that takes `name`; without one, any. The caller resolves it, or gives it back. */
  take(name?: string): WaitingCall<Item> | undefined {
    if (name === undefined) return this.#calls.shift()
    const at = this.#calls.findIndex(({ accept }) => accept === undefined || accept.includes(name))
    return at < 0 ? undefined : this.#calls.splice(at, 1)[0]
  }

  giveBack(call: WaitingCall<Item>): void {
    if (this.#closed !== undefined) return call.reject(this.#closed)
    if (call.signal.aborted) return call.reject(call.signal.reason)
    this.#calls.unshift(call)
  }

  /** Every call rejects, also those to come. */
  close(reason: Error): void {
    this.#closed = reason
    this.#rejectIf(() => true, reason)
  }

  #rejectIf(wanted: (call: WaitingCall<Item>) => boolean, reason: unknown): void {
    const rejected = this.#calls.filter(wanted)
    this.#calls = this.#calls.filter((call) => !wanted(call))
    for (const call of rejected) call.reject(reason)
  }
}
