/** Finds out which calls of a history are further attempts of one that failed before. See timeline-rows.ts for the rule. */

/** A call by its name and which attempt it is. */
export interface Attempt {
  readonly name: string
  readonly number: number
}

interface RetryTimer {
  /** Calls that failed in the turn that set it. The timers of one turn share it. */
  readonly failed: Attempt[]
  readonly row: { retryOf?: string | undefined }
}

export class TimelineRetries {
  readonly #timers = new Map<number, RetryTimer>()
  /** Calls that failed in this turn. */
  #failed: Attempt[] = []
  /** Timers that fired in this turn. */
  #fired: RetryTimer[] = []

  turnBegins(): void {
    this.#failed = []
    this.#fired = []
  }

  callFailed({ name, number }: Attempt): void {
    this.#failed.push({ name, number })
  }

  /** `row`: of the timer; it is marked when a call is tried again after it. */
  timerSet(id: number, row: RetryTimer['row']): void {
    if (this.#failed.length > 0) this.#timers.set(id, { failed: this.#failed, row })
  }

  timerFired(id: number): void {
    const timer = this.#timers.get(id)
    if (timer !== undefined) this.#fired.push(timer)
  }

  /** The number of the attempt that a call of this name is, made now. */
  attemptOf(name: string): number {
    for (const [index, { failed, row }] of this.#fired.entries()) {
      const found = failed.findIndex((each) => each.name === name)
      if (found < 0) continue
      const [attempt] = failed.splice(found, 1)
      this.#fired.splice(index, 1)
      row.retryOf = name
      return (attempt?.number ?? 1) + 1
    }
    return 1
  }
}
