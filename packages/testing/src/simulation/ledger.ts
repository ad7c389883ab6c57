/**
 * The world outside of the simulated processes: it survives all of them. Every execution of an activity gets a nonce that nobody has had before, and the ledger knows whose it was.
 * So a result that is swapped, doubled or made up is seen, not only one that is missing.
 */

export interface Issued {
  readonly instanceId: string
  readonly name: string
  /** Step of the program. */
  readonly stepId: number
}

export class Ledger {
  readonly issued = new Map<string, Issued>()
  readonly #executions = new Map<number, number>()
  #isMended = false

  issue(to: Issued): string {
    const nonce = `n${this.issued.size}`
    this.issued.set(nonce, to)
    return nonce
  }

  /** How often the step was executed before. */
  executed(stepId: number): number {
    const before = this.#executions.get(stepId) ?? 0
    this.#executions.set(stepId, before + 1)
    return before
  }

  /** From now on nothing is broken: a rewind leads on. */
  mend(): void {
    this.#isMended = true
  }

  get isMended(): boolean {
    return this.#isMended
  }
}
