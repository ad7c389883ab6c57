/** A partition while this worker owns it, from the moment it listens to it to the moment it lets go. Owned again it is another object: what was known of its instances before is void. */
import { LockLostError } from '@dtfx/core/provider'

export class OwnedPartition {
  readonly #lost = new AbortController()
  #isListening = true

  constructor(
    /** Name of its control queue. */
    readonly name: string,
    /** False as soon as the lease may have run out, by the clock that never goes back. */
    readonly isLeased: () => boolean,
  ) {}

  /** This worker may write: nobody else owns the partition. The sentinel of each instance decides all the same. */
  get isOwned(): boolean {
    return !this.#lost.signal.aborted && this.isLeased()
  }

  /** New turns begin. False while it is drained, when only those that have begun come to their end. */
  get isListening(): boolean {
    return this.#isListening && this.isOwned
  }

  /** It was given away, or will be: it never listens again. Until then a lease that ran out may still be renewed. */
  get isLeaving(): boolean {
    return !this.#isListening
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  drain(): void {
    this.#isListening = false
  }

  end(): void {
    this.#isListening = false
    this.#lost.abort(new LockLostError(`partition '${this.name}'`))
  }
}
