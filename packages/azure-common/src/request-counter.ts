/**
 * Counts the requests that this process sends to the account, by operation: the unit of the bill. Every request counts, also one that fails; what is repeated counts again.
 * Names are `<service> <verb> <resource>`: `queue put control`, `table transaction History`, `blob put largemessages`. Resources are named by their role, so that the counts of two hubs can be compared.
 */
export class RequestCounter {
  readonly #counts = new Map<string, number>()

  add(operation: string, by = 1): void {
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + by)
  }

  /** A request that is counted already turned out to be of another kind: a queue that was asked had nothing. */
  reclassify(from: string, to: string): void {
    this.add(from, -1)
    this.add(to)
  }

  /** Counts since the beginning, by operation. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
