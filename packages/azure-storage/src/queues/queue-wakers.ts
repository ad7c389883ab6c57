/** Pollers of this process by the name of their queue: whoever puts a message into a queue wakes who looks at it, so that between parts of one process nothing waits for a poll. */
export class QueueWakers {
  readonly #byQueue = new Map<string, Set<() => void>>()

  /** Gives the way to take it out again. */
  add(queue: string, wake: () => void): () => void {
    const wakers = this.#byQueue.get(queue) ?? new Set()
    this.#byQueue.set(queue, wakers.add(wake))
    return () => void wakers.delete(wake)
  }

  /** This process looks at it. */
  has(queue: string): boolean {
    return (this.#byQueue.get(queue)?.size ?? 0) > 0
  }

  wake(queue: string): void {
    for (const wake of this.#byQueue.get(queue) ?? []) wake()
  }
}
