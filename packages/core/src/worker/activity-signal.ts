/**
 * The AbortSignal of an activity attempt and why it aborts: lock lost, instance gone, timeout, worker stopping. Made when somebody first looks at it: most activities never do.
 * Invariant: the first reason stays.
 */
import type { DurableError } from '../errors/durable-error.js'
import type { ActivityWorkItem } from '../provider/work-items.js'

export class ActivitySignal {
  readonly #item: ActivityWorkItem
  #controller: AbortController | undefined
  #reason: DurableError | undefined

  constructor(item: ActivityWorkItem) {
    this.#item = item
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason === undefined) for (const source of [this.#item.lost, this.#item.instanceGone]) this.#follow(source)
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

  /** The provider's own signals: where it can tell at once, nobody waits for the next renewal. */
  #follow(source: AbortSignal): void {
    if (source.aborted) this.#reason ??= source.reason as DurableError
    else source.addEventListener('abort', () => this.abort(source.reason as DurableError), { once: true })
  }
}
