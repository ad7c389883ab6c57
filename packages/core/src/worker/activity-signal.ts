/**
 * The AbortSignal of an activity attempt and why it aborts: lock lost, instance gone, timeout, worker stopping. Made when somebody first looks at it: most activities never do.
 * Invariant: the first reason stays.
 */
import type { DurableError } from '../errors/durable-error.js'

export class ActivitySignal {
  #controller: AbortController | undefined
  #reason: DurableError | undefined

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  get reason(): DurableError | undefined {
    return this.#reason
  }

  abort(reason: DurableError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}
