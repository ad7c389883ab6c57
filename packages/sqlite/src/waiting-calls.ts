/**
 * Calls of one worker that wait for work, served in the order of their arrival. One listener serves all calls that share a signal.
 * Invariant: a call is resolved, rejected or still in the list: exactly one of them.
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

  get count(): number {
    return this.#calls.length
  }

  add(signal: AbortSignal, accept?: readonly string[]): Promise<Item> {
    if (!this.#listened.has(signal)) {
      this.#listened.add(signal)
      signal.addEventListener('abort', () => this.#reject((call) => call.signal === signal, signal.reason), { once: true })
    }
    return new Promise((resolve, reject) => this.#calls.push({ signal, accept, resolve, reject }))
  }

  /** The longest waiting call that takes `name`; the caller resolves it or gives it back. */
  take(name?: string): WaitingCall<Item> | undefined {
    const index = this.#calls.findIndex(({ accept }) => name === undefined || accept === undefined || accept.includes(name))
    return index < 0 ? undefined : this.#calls.splice(index, 1)[0]
  }

  giveBack(call: WaitingCall<Item>): void {
    if (call.signal.aborted) call.reject(call.signal.reason)
    else this.#calls.unshift(call)
  }

  /** Names that waiting calls take; undefined: one takes any. */
  names(): ReadonlySet<string> | undefined {
    const names = new Set<string>()
    for (const { accept } of this.#calls) {
      if (accept === undefined) return undefined
      for (const name of accept) names.add(name)
    }
    return names
  }

  rejectAll(reason: unknown): void {
    this.#reject(() => true, reason)
  }

  #reject(wanted: (call: WaitingCall<Item>) => boolean, reason: unknown): void {
    const calls = this.#calls
    this.#calls = []
    for (const call of calls) {
      if (wanted(call)) call.reject(reason)
      else this.#calls.push(call)
    }
  }
}
