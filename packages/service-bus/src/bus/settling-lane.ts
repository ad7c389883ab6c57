/**
 * The order in which the messages of one receiver are settled. The SDK's protocol library puts neighbouring settlements into one frame without looking whether they say the same: two of different kinds, sent in one
 * turn of the event loop, would both count as the first. So only completions run side by side; everything else waits for what was sent before, and is waited for by what comes after.
 */
export class SettlingLane {
  readonly #running = new Set<Promise<unknown>>()
  #barrier: Promise<unknown> = Promise.resolve()

  /** Beside others of this kind. */
  complete<T>(send: () => Promise<T>): Promise<T> {
    return this.#track(this.#barrier.then(send))
  }

  /** Alone. */
  alone<T>(send: () => Promise<T>): Promise<T> {
    const run = this.#track(Promise.all([this.#barrier, ...[...this.#running].map((each) => each.catch(() => {}))]).then(send))
    this.#barrier = run.catch(() => {})
    return run
  }

  #track<T>(run: Promise<T>): Promise<T> {
    const done = run.finally(() => this.#running.delete(done))
    this.#running.add(done)
    return done
  }
}
