/**
 * Answers deliveries. Neighbours that get the same plain acceptance share a frame; every other outcome has its own, because rhea's own way of joining them confuses outcomes.
 * Invariant: answers leave in the order they were given, before anything that is written in a later tick.
 */
import { accepted } from './delivery-states.js'
import { frames, type RheaSession, type Typed } from './rhea-internals.js'

export class DispositionWriter {
  #first = -1
  #last = -1

  constructor(
    readonly session: RheaSession,
    /** The emulator received the deliveries (true) or sent them (false). */
    readonly role: boolean,
  ) {}

  accept(id: number): void {
    if (this.#first >= 0 && id === this.#last + 1) {
      this.#last = id
      return
    }
    const wasEmpty = this.#first < 0
    this.flush()
    this.#first = this.#last = id
    if (wasEmpty) process.nextTick(() => this.flush())
  }

  answer(id: number, state: Typed, settled = true): void {
    this.flush()
    this.#write({ first: id, last: id, state, settled })
  }

  flush(): void {
    if (this.#first < 0) return
    const [first, last] = [this.#first, this.#last]
    this.#first = -1
    this.#write({ first, last, state: accepted(), settled: true })
  }

  #write(fields: { first: number; last: number; state: Typed; settled: boolean }): void {
    if (this.session.connection.is_open()) this.session.output(frames.disposition({ role: this.role, ...fields }))
  }
}
