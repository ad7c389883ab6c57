/**
 * What the world knows of a simulated run and no process can forget: every nonce that was ever issued, for what, and how each call of a client ended.
 * Invariants: a nonce is issued once; a call that ended neither acknowledged nor refused may have taken effect or not.
 */
export type Nonce = number

/** One execution of an activity. */
export interface ActivityEntry {
  readonly kind: 'activity'
  readonly nonce: Nonce
  readonly instanceId: string
  readonly executionId: string | undefined
  readonly taskId: number
  readonly name: string
  /** Place in the program, see `placeOf`. */
  readonly at: string
}

/** One event that a client raised. */
export interface EventEntry {
  readonly kind: 'event'
  readonly nonce: Nonce
  readonly instanceId: string
  readonly name: string
  /** Moments in the order of all moments of the ledger. */
  readonly begunAt: number
  /** False: nothing is known of its place among other events. */
  readonly inOrder: boolean
  endedAt: number | undefined
  outcome: CallOutcome
}

export type CallOutcome = 'acknowledged' | 'refused' | 'unknown'

/** One call of a client that is no event. */
export interface CallEntry {
  readonly kind: string
  readonly instanceId: string
  readonly outcome: CallOutcome
  /** Of a start: the execution that it created. */
  readonly executionId?: string | undefined
}

type Place = Omit<ActivityEntry, 'kind' | 'nonce'>

export class Ledger {
  readonly #entries = new Map<Nonce, ActivityEntry | EventEntry>()
  readonly #attempts = new Map<string, Set<string>>()
  readonly #forgiven = new Set<string>()
  readonly #calls: CallEntry[] = []
  #moment = 0

  /** A fresh nonce for an execution of an activity. */
  issue(place: Place): Nonce {
    const nonce = ++this.#moment
    this.#entries.set(nonce, { kind: 'activity', nonce, ...place })
    return nonce
  }

  /** A fresh nonce for an event that is about to be raised. */
  issueEvent(instanceId: string, name: string, inOrder = true): Nonce {
    const nonce = ++this.#moment
    this.#entries.set(nonce, { kind: 'event', nonce, instanceId, name, begunAt: nonce, inOrder, endedAt: undefined, outcome: 'unknown' })
    return nonce
  }

  /** How the call ended that carried the event. */
  endEvent(nonce: Nonce, outcome: CallOutcome): void {
    const entry = this.#entries.get(nonce)
    if (entry?.kind !== 'event') return
    entry.outcome = outcome
    entry.endedAt = ++this.#moment
  }

  /** Number of the attempt, from 1: calls of one place, counted by their task ids, so that a redelivery is the same attempt. */
  attempt({ instanceId, executionId, taskId, at }: Place): number {
    const key = `${instanceId}\n${at}`
    let attempts = this.#attempts.get(key)
    if (attempts === undefined) this.#attempts.set(key, (attempts = new Set()))
    attempts.add(`${executionId}/${taskId}`)
    return [...attempts].indexOf(`${executionId}/${taskId}`) + 1
  }

  find(nonce: Nonce): ActivityEntry | EventEntry | undefined {
    return this.#entries.get(nonce)
  }

  get events(): EventEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'event')
  }

  get activities(): ActivityEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'activity')
  }

  /** From now on the doomed activities of the family succeed. */
  forgive(root: string): void {
    this.#forgiven.add(root)
  }

  isForgiven(root: string): boolean {
    return this.#forgiven.has(root)
  }

  record(call: CallEntry): void {
    this.#calls.push(call)
  }

  /** Calls of one kind to one instance, in the order of their ends. */
  calls(kind: string, instanceId: string): CallEntry[] {
    return this.#calls.filter((call) => call.kind === kind && call.instanceId === instanceId)
  }
}
