/** Lets a bounded number of requests pass at once; the others wait in the order of their arrival. A turn that sends ten thousand messages must not open ten thousand connections. */
export class RequestGate {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#free = max
  }

  async pass<T>(request: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await request()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  /** Side by side, and none is under way any more when the first error is thrown. */
  async all<T>(items: readonly T[], request: (item: T) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(items.map((item) => this.pass(() => request(item))))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}
